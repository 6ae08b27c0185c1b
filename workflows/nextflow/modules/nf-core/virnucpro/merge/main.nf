process VIRNUCPRO_MERGE {
    tag "$meta.id"
    label 'process_single'

    conda "${moduleDir}/environment.yml"
    container "${ workflow.containerEngine in ['singularity', 'apptainer'] && !task.ext.singularity_pull_docker_container ?
        'https://depot.galaxyproject.org/singularity/virnucpro:0.2.0--0':
        'quay.io/biocontainers/virnucpro:0.2.0--0' }"

    input:
    tuple val(meta), path(shards, stageAs: "shards/?/*")

    output:
    tuple val(meta), path("${prefix}")                , emit: run
    tuple val(meta), path("${prefix}/predictions.tsv"), emit: predictions
    tuple val(meta), path("${prefix}/contigs.tsv")    , emit: contigs
    tuple val(meta), path("${prefix}/viral.fasta")    , emit: viral
    tuple val(meta), path("${prefix}/run.json")       , emit: json
    tuple val("${task.process}"), val('virnucpro'), eval("virnucpro --version | cut -d ' ' -f 2"), topic: versions, emit: versions_virnucpro

    when:
    task.ext.when == null || task.ext.when

    script:
    def args   = task.ext.args ?: ''
    prefix     = task.ext.prefix ?: "${meta.id}"
    """
    virnucpro merge \\
        $args \\
        --output-dir $prefix \\
        -- $shards
    """

    stub:
    prefix     = task.ext.prefix ?: "${meta.id}"
    """
    mkdir $prefix
    touch $prefix/run.db
    touch $prefix/predictions.tsv
    touch $prefix/contigs.tsv
    touch $prefix/viral.fasta
    echo '{}' > $prefix/run.json
    """
}
