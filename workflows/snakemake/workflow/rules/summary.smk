# Tables and reports over all samples: small work, not worth a job of a cluster.


localrules:
    table,
    multiqc_content,
    multiqc,


rule table:
    input:
        expand("results/{sample}/run.json", sample=SAMPLES),
    output:
        report(
            "results/samples.tsv",
            caption="../report/samples.rst",
            category="Samples",
        ),
    log:
        "results/logs/samples.log",
    conda:
        "../envs/python.yaml"
    params:
        samples=list(SAMPLES),
    script:
        "../scripts/samples_table.py"


rule multiqc_content:
    input:
        "results/samples.tsv",
    output:
        "results/multiqc/virnucpro_samples_mqc.tsv",
    log:
        "results/logs/multiqc_content.log",
    conda:
        "../envs/python.yaml"
    script:
        "../scripts/multiqc_content.py"


rule multiqc:
    input:
        content="results/multiqc/virnucpro_samples_mqc.tsv",
        runs=expand("results/{sample}/run.json", sample=SAMPLES),
    output:
        report(
            "results/multiqc_report.html",
            caption="../report/multiqc.rst",
            category="Samples",
        ),
    log:
        "results/logs/multiqc.log",
    conda:
        "../envs/multiqc.yaml"
    params:
        folder=lambda wildcards, output: folder_of(output),
    shell:
        "multiqc --force --no-data-dir --ignore shards --title VirNucPro"
        " --outdir {params.folder:q} --filename multiqc_report.html"
        " {params.folder:q} > {log:q} 2>&1"
