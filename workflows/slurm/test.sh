#!/usr/bin/env bash
# Tests the Slurm scripts on a cluster of three nodes on this machine: eight shards, a program killed, a batch script
# killed, a node drained, one lost, a task out of time. The merged result must equal that of an unsharded run, byte by byte.
#   workflows/slurm/test.sh [BUILD_FOLDER]      skipped by name without Slurm or root
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
build=$(cd "${1:-$top/build/release}" && pwd)
work=$(mktemp -d)
status=0
"$here/cluster.sh" start "$work/cluster" 3 2> "$work/why" || status=$?
if [[ $status -ne 0 ]]; then
  cat "$work/why" >&2
  if [[ $status -eq 69 ]]; then echo "SKIPPED slurm: $(cat "$work/why")"; rm -rf "$work"; exit 0; fi
  exit 1
fi
finish() {
  status=$?
  if [[ $status -ne 0 ]]; then
    echo "FAILED slurm; what the tasks said:"
    tail -n 20 "$work"/run/*.log || true
    squeue --array || true
  fi
  "$here/cluster.sh" stop "$work/cluster"
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT
export SLURM_CONF=$work/cluster/slurm.conf

# Waits until a command succeeds; $1 seconds at most.
wait_for() {
  local until=$(( SECONDS + $1 )) what=$2
  shift 2
  while ! "$@" >/dev/null 2>&1; do
    if (( SECONDS >= until )); then echo "not within its time: $what" >&2; return 1; fi
    sleep 0.2
  done
}
state_of() { squeue --noheader --array --states=all --format=%T --jobs="$1" 2>/dev/null; }
is() { [[ $(state_of "$1") == "$2" ]]; }
has_ended() { [[ -z $(squeue --noheader --jobs="$1" --states=PENDING,RUNNING,COMPLETING 2>/dev/null) ]]; }
node_of() { squeue --noheader --array --format=%N --jobs="$1"; }
said() { grep -q -- "$2" "$work/run/virnucpro-${array}_$1.log"; }
# The process of a shard's program.
program_of() { pgrep --full -- "virnucpro_faulty predict .*--shard $1 --output-dir $work/"; }
expect() { if ! "${@:2}"; then echo "expected: $1" >&2; exit 1; fi; }

# Records without a stop codon in one frame, by the real program in one piece.
program=$build/src/cli/virnucpro
awk 'BEGIN { srand(1); split("GCA CTG AAG GAC TTC CGT ACC GGT ATC CAG", codon, " ")
  for (i = 1; i <= 400; ++i) { printf ">record%d\n", i; for (j = 0; j < 166; ++j) printf "%s", codon[1 + int(10 * rand())]; print "" } }' > "$work/reads.fa"
"$program" predict "$work/reads.fa" --device cpu --quiet --no-progress --output-dir "$work/whole"

# Each shard takes some forty seconds, for Slurm looks every thirty whether the time of a task is over: a program that differs only in a pause at each batch.
export VNP_PROGRAM=$build/tests/virnucpro_faulty VIRNUCPRO_TEST_FAULTS="slow=${SLURM_TEST_PAUSE:-700}" VIRNUCPRO_BATCH_TOKENS=512
mkdir -p "$work/run" "$work/scratch"
cd "$work/run"
array=$(sbatch --parsable --array=1-8 --time=20 "$here/virnucpro_array.sh" 8 "$work/out" "$work/reads.fa" -- --quiet --no-progress)
merge=$(sbatch --parsable --dependency="afterok:$array" "$here/virnucpro_merge.sh" 8 "$work/out" -- --quiet)

# The program of a task is killed: the task is requeued, and goes on.
wait_for 60 "a first database of shard 1" test -s "$work/out/shards/1/run.db"
sleep 3
kill -KILL "$(program_of 1/8)"
wait_for 30 "shard 1 is requeued" said 1 "killed by signal 9: requeued"

# A task is out of time: Slurm's signal stops the program, and the task is requeued.
wait_for 60 "shard 2 works" test -s "$work/out/shards/2/run.db"
scontrol update "jobid=${array}_2" timelimit=1
wait_for 90 "shard 2 is out of time" said 2 "its time is over: requeued"
scontrol update "jobid=${array}_2" timelimit=20

# A node is drained while a task works there: that one ends, and no other begins there.
wait_for 120 "shard 4 works" is "${array}_4" RUNNING
drained=$(node_of "${array}_4")
scontrol update "nodename=$drained" state=drain reason=test
begun_there() { cat virnucpro-"${array}"_*.log | grep -c "on $drained," || true; }
before=$(begun_there)

# Another is lost: Slurm requeues its task by itself.
wait_for 120 "shard 5 works" test -s "$work/out/shards/5/run.db"
lost=$(node_of "${array}_5")
expect "two nodes" test "$lost" != "$drained"
scontrol update "nodename=$lost" state=down reason=test
wait_for 60 "shard 5 waits" is "${array}_5" PENDING
scontrol update "nodename=$lost" state=resume

# Requeued tasks begin two minutes later by Slurm's rule; not in a test.
hurry() {
  local task
  for task in $(squeue --noheader --array --states=PENDING --format='%i %r' --jobs="$array" | awk '$2 == "BeginTime" { print $1 }'); do
    scontrol update "jobid=$task" starttime=now || true
  done
  has_ended "$merge"
}
wait_for 400 "the merge" hurry

expect "no task began on the drained node" test "$(begun_there)" -eq "$before"
scontrol update "nodename=$drained" state=resume
# Everything but times, paths and processes.
require_same_files() {
  local file name count=0
  for file in "$work/whole"/*; do
    name=$(basename "$file")
    case $name in run.db* | run.json | *.html | *_mqc.json) continue ;; esac
    expect "$name of $1 as that of the whole run" cmp "$file" "$1/$name"
    count=$(( count + 1 ))
  done
  expect "at least the five tables" test "$count" -ge 5
}
require_same_files "$work/out"

# On the nodes' own disks: the batch script of one task is killed, which fails it; the merge is not started, and the same
# array submitted again goes on. Another task gets the signal that Slurm gives near the end of its time.
export VNP_SCRATCH=$work/scratch
submit() {
  array=$(sbatch --parsable --array=1-2 --time=20 "$here/virnucpro_array.sh" 2 "$work/local" "$work/reads.fa" -- --quiet --no-progress)
  merge=$(sbatch --parsable --dependency="afterok:$array" --kill-on-invalid-dep=yes "$here/virnucpro_merge.sh" 2 "$work/local" -- --quiet)
}
works_locally() { compgen -G "$work/scratch/virnucpro-$array-$1-*/run.db-wal"; }
VIRNUCPRO_TEST_FAULTS=slow=30 submit
wait_for 60 "shard 1 works" works_locally 1
wait_for 60 "shard 2 works" works_locally 2
sleep 1
scancel --signal=USR1 --batch "${array}_1"
# Its batch script, and the program that it leaves behind.
orphan=$(program_of 2/2)
kill -KILL "$(ps -o ppid= -p "$orphan" | tr -d ' ')" "$orphan"
wait_for 30 "shard 1 is requeued" said 1 "its time is over: requeued"
expect "shard 1 is kept" test -s "$work/local/shards/1/run.db"
wait_for 120 "the merge is given up" hurry
expect "no result" test ! -e "$work/local/run.json"
VIRNUCPRO_TEST_FAULTS= submit
wait_for 120 "the second merge" hurry
require_same_files "$work/local"
expect "nothing is left on the nodes" test -z "$(ls "$work/scratch" | grep -v -- "-2-" || true)"
echo "slurm: 8 shards on 3 nodes, a program killed, a task out of time, a node drained, a node lost, a batch script killed, work on"
echo "       the nodes' own disks: each time the files of the whole run"
