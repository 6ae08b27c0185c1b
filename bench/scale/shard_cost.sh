#!/usr/bin/env bash
# What splitting a run costs beside its computing: one run over a gzip file of many reads, the plan, all shards by it, one after another, and
# the merge, each with its processor seconds. No read has an open frame, so that nothing is computed: all that is left is what shards add to.
#   bench/scale/shard_cost.sh PROGRAM [READS [SHARDS]]      10,000,000 reads and 100 shards take a quarter of an hour of one core
# Variables: WORK, a folder that is kept [a temporary one; 10,000,000 reads need 25 GB].
set -euo pipefail
program=$(realpath "$1") reads=${2:-10000000} shards=${3:-100}
work=${WORK:-$(mktemp -d)}
[[ -n ${WORK:-} ]] || trap 'rm -rf "$work"' EXIT
mkdir -p "$work"
cd "$work"
[[ -s reads.fq.gz ]] || python3 - "$reads" <<'E2' | gzip -4 > reads.fq.gz
import random
import sys

rng = random.Random(5)
bases = bytes(b"ACGT"[i % 4] for i in range(256))
qualities = bytes(b"FFFFFFFF:,#"[i % 11] for i in range(256))
for number in range(int(sys.argv[1])):
    read = rng.randbytes(138).translate(bases)
    read = read[:69] + b"TTAATTAATTAA" + read[69:]  # a stop in each of six frames
    sys.stdout.buffer.write(b"@read%09d\n%s\n+\n%s\n" % (number, read, rng.randbytes(150).translate(qualities)))
E2
options=(--frames open --device cpu --threads 1 --quiet --no-progress --force)
TIMEFORMAT=$'%U\t%S\t%R'
measured() { printf '%s\t' "$1"; shift; time "$@" > out.txt; }
all_shards() {
  for (( i = 1; i <= shards; ++i )); do
    "$program" predict reads.fq.gz --shard "$i/$shards" --shard-plan plan.json -o "shards/$i" "${options[@]}"
  done
}
{
  printf 'part\tuser\tsystem\treal\n'
  measured "one run of $reads reads" "$program" predict reads.fq.gz -o whole "${options[@]}"
  measured "plan" "$program" shards plan reads.fq.gz --shards "$shards" -o plan.json --quiet
  measured "$shards shards" all_shards
  measured "merge" "$program" merge shards/* -o merged --force --quiet
} 2>&1
for file in predictions.tsv contigs.tsv contig_tiers.tsv prediction_results.txt viral.fasta; do cmp "whole/$file" "merged/$file"; done
printf 'bytes\t%s input\t%s plan\t%s databases of the shards\n' "$(stat -c %s reads.fq.gz)" "$(stat -c %s plan.json)" "$(cat shards/*/run.db | wc -c)"
