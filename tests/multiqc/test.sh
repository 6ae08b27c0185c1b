#!/usr/bin/env bash
# Runs the real MultiQC of PyPI over two samples of a sheet, one of them without a viral record: it must find both in
# every section, and warn of nothing. Skipped, by name, where Python or PyPI cannot be had.
#   tests/multiqc/test.sh PROGRAM
set -euo pipefail
program=$(realpath "$1")
top=$(cd "$(dirname "$0")/../.." && pwd)
venv=$top/build/multiqc
version=1.35
skip() { echo "SKIPPED multiqc: $1"; exit 0; }
if ! "$venv/bin/multiqc" --version 2>/dev/null | grep -q "version $version\$"; then
  command -v python3 >/dev/null || skip "there is no python3"
  rm -rf "$venv"
  python3 -m venv "$venv" >/dev/null 2>&1 || skip "python3 makes no virtual environment (Debian: python3-venv)"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "multiqc==$version" >/dev/null 2>&1 ||
    skip "multiqc $version cannot be installed from PyPI"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
printf '>stops\n%s\n' "$(printf 'TAATTAATTAGCTAACTAACTAAC%.0s' {1..20})" > none.fa
printf 'sample\tfile\nlung\t%s\nblank\tnone.fa\n' "$top/examples/genomes.fa" > samples.tsv
"$program" predict --sample-sheet samples.tsv --frames open --quiet -o results
"$program" report results/lung --quiet --threshold 0.9 -o results/lung_strict
"$venv/bin/multiqc" --strict --no-version-check --force --outdir report results > multiqc.txt 2>&1 || { cat multiqc.txt; exit 1; }
if grep -iE 'warning|error|traceback' multiqc.txt report/multiqc_data/multiqc.log | grep -v 'DEBUG\|Strict mode specified'; then
  echo "multiqc: it warns of the files"; exit 1
fi
"$venv/bin/python" - <<'END'
import csv, json

def check(condition, text):
    if not condition:
        raise SystemExit("multiqc: " + text)

samples = {"lung", "blank", "lung_strict"}
report = json.load(open("report/multiqc_data/multiqc_data.json"))
general = report["report_general_stats_data"]["custom_content"]
check(set(general) == samples, f"general statistics have {sorted(general)}")
for sample, row in general.items():
    contigs = list(csv.DictReader(open(f"results/{sample}/contigs.tsv"), delimiter="\t", quoting=csv.QUOTE_NONE))
    viral = [contig for contig in contigs if contig["call"] == "virus"]
    check(row["virnucpro_records"] == len(contigs), f"{sample}: {row} records")
    check(row["virnucpro_viral"] == len(viral), f"{sample}: {row} viral")
    check(row["virnucpro_viral_bases"] == sum(int(contig["length"]) for contig in viral), f"{sample}: {row} bases")
def wanted(sample, section):
    contigs = list(csv.DictReader(open(f"results/{sample}/contigs.tsv"), delimiter="\t", quoting=csv.QUOTE_NONE))
    return len(contigs) if section == "records" else 0 if sample == "blank" else 100

for section in ("records", "scores"):
    dataset = report["report_plot_data"][f"virnucpro_{section}_plot"]["datasets"][0]
    if section == "records":
        sums = {sample: sum(category["data"][i] for category in dataset["cats"])
                for i, sample in enumerate(dataset["samples"])}
    else:
        sums = {line["name"]: sum(y for x, y in line["pairs"]) for line in dataset["lines"]}
    # A sample without a score has 0 % in every bin.
    check(set(sums) == samples, f"{section} has {sorted(sums)}")
    for sample, total in sums.items():
        check(abs(total - wanted(sample, section)) < 1e-6, f"{section}: {sample} sums to {total}")
page = open("report/multiqc_report.html").read()
for section in ("records", "scores"):
    check(f"virnucpro_{section}" in page, f"the page has no section {section}")
print("multiqc: both samples, and the report of one, are in every section")
END
