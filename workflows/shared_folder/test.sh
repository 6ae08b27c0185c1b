#!/usr/bin/env bash
# Tests the worker: 64 shards over three workers of unequal speed, which must be busy for 95 % of the time together; then a worker
# that is killed, whose shard another one finishes. Merged results must equal those of an unsharded run, byte by byte.
#   workflows/shared_folder/test.sh [BUILD_FOLDER]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:-$here/../../build/release}" && pwd)
program=$build/src/cli/virnucpro
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
worker=$here/virnucpro_worker.sh

# Records without a stop codon in one frame.
awk 'BEGIN { srand(1); split("GCA CTG AAG GAC TTC CGT ACC GGT ATC CAG", codon, " ")
  for (i = 1; i <= 640; ++i) { printf ">record%d\n", i; for (j = 0; j < 166; ++j) printf "%s", codon[1 + int(10 * rand())]; print "" } }' > reads.fa
options=(--device cpu --threads 1 --quiet --no-progress)
"$program" predict reads.fa "${options[@]}" --output-dir whole

same_results() {
  "$program" merge "$1"/shards/* --output-dir "$1/results" --quiet
  for file in predictions.tsv contigs.tsv contig_tiers.tsv viral.fasta prediction_results.txt; do
    cmp "whole/$file" "$1/results/$file"
  done
}

# The program differs from the real one only in a pause at each batch, which is longer for slower machines.
export VNP_PROGRAM=$build/tests/virnucpro_faulty VIRNUCPRO_BATCH_TOKENS=512
slowed() { VIRNUCPRO_TEST_FAULTS="slow=$1" exec "$worker" "${@:2}" -- "${options[@]}"; }
now() { date +%s.%N; }
begin=$(now)
for pause in 200 300 440; do
  ( status=0; ( slowed "$pause" 64 uneven reads.fa ) > "log.$pause" || status=$?
    [[ $status -eq 0 || $status -eq 3 ]] || exit "$status"
    echo "$pause $begin $(now) $(grep -c 'seconds$' "log.$pause")" >> times ) &
  workers+=($!)
done
for each in "${workers[@]}"; do wait "$each"; done
awk '{ worked += $3 - $2; if ($3 > end) end = $3; begin = $2; shards += $4; done = done " " $4 }
  END { busy = 100 * worked / (NR * (end - begin))
        printf "64 shards over three workers of unequal speed:%s; busy for %.1f %% of %.0f seconds\n", done, busy, end - begin
        exit !(NR == 3 && shards == 64 && busy >= 95) }' times
same_results uneven

# A worker and its program are killed at once, as with a machine.
export VIRNUCPRO_TEST_FAULTS=slow=400
setsid "$worker" 4 lost reads.fa -- "${options[@]}" > log.killed 2>&1 &
killed=$!
for (( i = 0; i < 300; ++i )); do [[ ! -s lost/shards/1/run.db ]] || break; sleep 0.1; done
sleep 2
# Of one shard, so that there is no other to compute.
status=0
timeout 60 "$worker" 1 lost reads.fa -- "${options[@]}" > log.other || status=$?
[[ $status -eq 3 ]] || { echo "a shard was computed by two workers ($status)" >&2; exit 1; }
kill -KILL -- "-$killed"
wait "$killed" 2>/dev/null || true
unset VIRNUCPRO_TEST_FAULTS
"$worker" 4 lost reads.fa -- "${options[@]}" > log.next
[[ $(grep -c 'seconds$' log.next) -eq 4 ]]
same_results lost
echo "a worker that was killed: the next one went on"
