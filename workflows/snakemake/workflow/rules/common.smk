# Settings, samples, and the command lines made of them.
import csv
import os

SHARDS = config["shards"]
# The program's files for MultiQC, virnucpro_<part>_mqc.json.
MULTIQC_PARTS = ["general", "records", "scores"]


def read_samples(path):
    """The rows of the sheet by sample, checked; several rows of a sample are several inputs of it."""
    samples = {}
    with open(path, newline="", encoding="utf-8-sig") as sheet:
        rows = csv.DictReader(sheet, delimiter="\t")
        for number, row in enumerate(rows, start=2):
            row = {key: value for key, value in row.items() if value}
            validate(row, "../schemas/samples.schema.yaml")
            files = [row["file"]] + ([row["file2"]] if "file2" in row else [])
            samples.setdefault(row["sample"], []).extend(files)
    if not samples:
        raise WorkflowError(f"{path}: no sample")
    return samples


SAMPLES = read_samples(config["samples"])


wildcard_constraints:
    sample="[A-Za-z0-9][A-Za-z0-9._-]*",
    shard="[0-9]+",


def inputs_of(wildcards):
    return SAMPLES[wildcards.sample]


def shards_of(wildcards):
    return [
        f"results/{wildcards.sample}/shards/{n}/run.json" for n in range(1, SHARDS + 1)
    ]


def folder_of(path):
    return os.path.dirname(str(path))


def device_options(threads):
    device = "cuda" if config["gpus_per_shard"] > 0 else "cpu"
    return f"--device {device} --threads {threads}"


# Only where GPUs are asked for: the executors turn this resource into their own request.
GPU_RESOURCES = (
    {"gpu": config["gpus_per_shard"]} if config["gpus_per_shard"] > 0 else {}
)
