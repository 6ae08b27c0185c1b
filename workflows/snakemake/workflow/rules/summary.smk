# Tables and reports over all samples: small work, not worth a job of a cluster.


localrules:
    table,
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


rule multiqc:
    input:
        expand(
            "results/{sample}/virnucpro_{part}_mqc.json",
            sample=SAMPLES,
            part=MULTIQC_PARTS,
        ),
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
