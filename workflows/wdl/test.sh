#!/usr/bin/env bash
# Tests the WDL files: `miniwdl check`, then both tasks and the workflow on the program in build/release, without a container.
#   workflows/wdl/test.sh [PROGRAM_FOLDER]
# Skipped, by name, where Python's venv or the package index is not at hand.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
programs=${1:-$top/build/release/src/cli}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python=${MINIWDL_PYTHON:-}
if [[ -z "$python" ]]; then
  if ! python3 -m venv "$work/venv" >/dev/null 2>&1 || ! "$work/venv/bin/pip" install -q miniwdl >/dev/null 2>&1; then
    echo "SKIPPED wdl: no Python venv with miniwdl can be made here"
    exit 0
  fi
  python=$work/venv/bin/python
fi

"$python" -m WDL check --strict "$here"/*.wdl
export PATH="$programs:$PATH"

# Contigs with SPAdes' names, and reads that are pieces of them with a SAM file that says so.
"$python" - "$work" <<'PY'
import random, sys
work, rng = sys.argv[1], random.Random(1)
codons = [a + b + c for a in "ACGT" for b in "ACGT" for c in "ACGT" if a + b + c not in ("TAA", "TAG", "TGA")]
contigs = {f"NODE_{n}_length_{600 * n}_cov_2.5": "".join(rng.choice(codons) for _ in range(200 * n)) for n in range(1, 6)}
with open(f"{work}/contigs.fa", "w") as fasta, open(f"{work}/reads.sam", "w") as sam:
    sam.write("@HD\tVN:1.6\tSO:unsorted\n")
    for name, bases in contigs.items():
        fasta.write(f">{name}\n{bases}\n")
        sam.write(f"@SQ\tSN:{name}\tLN:{len(bases)}\n")
    for number in range(200):
        name, bases = rng.choice(list(contigs.items()))
        start = rng.randrange(len(bases) - 150)
        sam.write(f"read{number}\t0\t{name}\t{start + 1}\t60\t150M\t*\t0\t0\t{bases[start:start + 150]}\t*\tNM:i:0\n")
PY

"$python" "$here/run_without_container.py" "$here/virnucpro_contigs_and_reads.wdl" "$work/run" \
  contigs="$work/contigs.fa" aligned_reads="$work/reads.sam" use_gpu=false > "$work/outputs.json"
"$python" - "$work" <<'PY'
import csv, gzip, json, sys
outputs = json.load(open(f"{sys.argv[1]}/outputs.json"))["outputs"]
of = lambda name: outputs["virnucpro_contigs_and_reads." + name]
tiers = list(csv.DictReader(open(of("contig_classifications_tsv")), delimiter="\t"))
assert [row["ID"].split("_")[1] for row in tiers] == ["1", "2", "3", "4", "5"], tiers
reads = list(csv.DictReader(gzip.open(of("read_classifications_tsv"), "rt"), delimiter="\t"))
calls = {row["ID"]: row["call"] for row in tiers}
assert len(reads) == 200 and all(row["call"] == calls[row["contig_id"]] and row["mapped_well"] == "true" for row in reads)
chunks = list(csv.DictReader(open(of("highestscore_tsv")), delimiter="\t"))
assert chunks and float(chunks[0]["max_score_0"]) >= 0
assert of("virnucpro_version").startswith("virnucpro ")
PY

"$python" "$here/run_without_container.py" "$here/tasks_virnucpro.wdl" "$work/task" \
  sequences="$work/contigs.fa" use_gpu=false write=all-but-viral --task virnucpro > "$work/task.json"
"$python" - "$work" <<'PY'
import json, sys
outputs = json.load(open(f"{sys.argv[1]}/task.json"))["outputs"]
written = open(outputs["virnucpro.written_records"][0]).read().count(">")
viral = open(outputs["virnucpro.viral_fasta"]).read().count(">")
assert written + viral == 5, (written, viral)
PY
echo "wdl: checked and run"
