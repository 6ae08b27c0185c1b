# One row for each sample: what was read, what is viral, how long it took.
import json
import sys

COLUMNS = ["sample", "records", "bases", "scored_records", "viral_records", "viral_chunks", "threshold",
           "expected_false_discoveries", "seconds"]


def row_of(sample, path):
    with open(path, encoding="utf-8") as file:
        run = json.load(file)
    counts, calls = run["counts"], run.get("calls", {})
    return [sample, counts["records"]["total"], counts["bases"], counts["records"]["scored"], counts["viral_records"],
            counts["viral_chunks"], calls.get("threshold", "NA"), calls.get("expected_false_discoveries", "NA"),
            round(run["performance"]["seconds"], 1)]


def main():
    with open(snakemake.log[0], "w", encoding="utf-8") as log:
        sys.stderr = log
        with open(snakemake.output[0], "w", encoding="utf-8") as table:
            print(*COLUMNS, sep="\t", file=table)
            for sample, path in zip(snakemake.params.samples, snakemake.input, strict=True):
                print(*row_of(sample, path), sep="\t", file=table)


main()
