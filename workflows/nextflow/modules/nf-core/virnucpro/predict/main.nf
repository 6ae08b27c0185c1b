process VIRNUCPRO_PREDICT {
    tag "$meta.id"
    label 'process_high'
    label 'process_gpu'

    conda "${moduleDir}/environment.yml"
    container "${ workflow.containerEngine in ['singularity', 'apptainer'] && !task.ext.singularity_pull_docker_container ?
        'https://depot.galaxyproject.org/singularity/virnucpro:0.2.0--0':
        'quay.io/biocontainers/virnucpro:0.2.0--0' }"

    input:
    tuple val(meta), path(sequences)
    path(bundle)
    val(shard)

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
    def models = bundle ? "--bundle ${bundle}" : ''
    def part   = shard ? "--shard ${shard}" : ''
    def device = task.accelerator ? 'cuda' : 'cpu'
    """
    virnucpro predict \\
        $args \\
        $models \\
        $part \\
        --device $device \\
        --threads $task.cpus \\
        --no-progress \\
        --output-dir $prefix \\
        -- $sequences
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
