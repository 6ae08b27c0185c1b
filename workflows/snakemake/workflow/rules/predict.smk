# The shards of each sample, and their merge.


# run.json is written last. What an interrupted shard has computed stays in run.db, which is no output of the rule, so
# that Snakemake does not remove it: the shard goes on where it was.
rule shard:
    input:
        inputs_of,
    output:
        "results/{sample}/shards/{shard}/run.json",
    log:
        "results/logs/{sample}.{shard}.log",
    container:
        config["container"]
    threads: config["threads_per_shard"]
    resources:
        **GPU_RESOURCES,
        mem_mb=config["mem_mb_per_shard"],
        runtime=config["minutes_per_shard"],
    params:
        program=config["program"],
        folder=lambda wildcards, output: folder_of(output),
        shards=SHARDS,
        device=lambda wildcards, threads: device_options(threads),
        options=config["options"],
    shell:
        "{params.program} predict {params.device} {params.options} --no-progress"
        " --shard {wildcards.shard}/{params.shards} --output-dir {params.folder:q}"
        " -- {input:q} > {log:q} 2>&1"


rule merge:
    input:
        shards_of,
    output:
        run=report(
            "results/{sample}/run.json",
            caption="../report/run.rst",
            category="Runs",
            labels={"sample": "{sample}", "file": "run.json"},
        ),
        contigs=report(
            "results/{sample}/contigs.tsv",
            caption="../report/contigs.rst",
            category="Calls",
            labels={"sample": "{sample}", "file": "contigs.tsv"},
        ),
        page=report(
            "results/{sample}/report.html",
            caption="../report/page.rst",
            category="Calls",
            labels={"sample": "{sample}", "file": "report.html"},
        ),
        multiqc=expand(
            "results/{{sample}}/virnucpro_{part}_mqc.json", part=MULTIQC_PARTS
        ),
        predictions="results/{sample}/predictions.tsv",
        viral="results/{sample}/viral.fasta",
    log:
        "results/logs/{sample}.merge.log",
    container:
        config["container"]
    resources:
        mem_mb=config["mem_mb_per_merge"],
        runtime=config["minutes_per_merge"],
    params:
        program=config["program"],
        shards=lambda wildcards, input: [folder_of(shard) for shard in input],
        folder=lambda wildcards, output: folder_of(output.run),
    shell:
        "{params.program} merge --force --output-dir {params.folder:q}"
        " -- {params.shards:q} > {log:q} 2>&1"
