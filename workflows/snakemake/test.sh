#!/usr/bin/env bash
# Tests the Snakemake workflow: linted, formatted, and three samples from an empty folder: on this machine, killed in the
# middle and run again; and on the Slurm of workflows/slurm/cluster.sh, where there is one. The files of each sample must
# equal those of `virnucpro predict`.
#   workflows/snakemake/test.sh [BUILD_FOLDER]      skipped by name without Python's venv or the package index
# SNAKEMAKE_VENV names a venv that has the packages already.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
build=$(cd "${1:-$top/build/release}" && pwd)
work=$(mktemp -d)
cluster= linked=
finish() {
  local status=$?
  if [[ -n $linked ]]; then rm -f /etc/slurm/slurm.conf; fi
  if [[ -n $cluster ]]; then "$here/../slurm/cluster.sh" stop "$cluster"; fi
  if [[ $status -ne 0 ]]; then echo "FAILED snakemake"; tail -n 30 "$work"/*.log 2>/dev/null || true; fi
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT

venv=${SNAKEMAKE_VENV:-$work/venv}
if [[ ! -x $venv/bin/snakemake ]]; then
  if ! python3 -m venv "$venv" >/dev/null 2>&1 ||
    ! "$venv/bin/pip" install -q snakemake snakemake-executor-plugin-slurm snakefmt multiqc >/dev/null 2>&1; then
    echo "SKIPPED snakemake: no Python venv with snakemake, its plugin for Slurm, snakefmt and multiqc can be made here"
    exit 0
  fi
fi
export PATH=$venv/bin:$PATH
expect() { if ! "${@:2}"; then echo "expected: $1" >&2; exit 1; fi; }

snakefmt --check "$here/workflow"
cp -r "$here/config" "$work/config"
( cd "$work" && snakemake --snakefile "$here/workflow/Snakefile" --lint )

# Three samples of records with an open frame; one of two files.
python3 - "$work" <<'PY'
import random, sys
codons = [a + b + c for a in "ACGT" for b in "ACGT" for c in "ACGT" if a + b + c not in ("TAA", "TAG", "TGA")]
for name, seed in (("a_1", 1), ("a_2", 2), ("b_1", 3), ("c_1", 4)):
    rng = random.Random(seed)
    with open(f"{sys.argv[1]}/{name}.fa", "w") as fasta:
        for number in range(30 + seed):
            print(f">{name}_{number}", "".join(rng.choice(codons) for _ in range(166)), sep="\n", file=fasta)
PY
printf 'sample\tfile\tfile2\na\t%s/a_1.fa\t%s/a_2.fa\nb\t%s/b_1.fa\t\nc\t%s/c_1.fa\t\n' "$work" "$work" "$work" "$work" > "$work/samples.tsv"
program=$build/src/cli/virnucpro
for sample in "a a_1.fa a_2.fa" "b b_1.fa" "c c_1.fa"; do
  read -r name files <<< "$sample"
  ( cd "$work" && "$program" predict $files --device cpu --quiet --no-progress --output-dir "$work/whole/$name" )
done

# Starts the workflow in the folder $1 with the profile $2 and the program $3; further words are options.
start() {
  local folder=$1 profile=$2 program=$3
  shift 3
  mkdir -p "$work/$folder"
  cd "$work/$folder"
  # Not `exec` in a subshell: the caller may want the id of the process.
  exec snakemake --snakefile "$here/workflow/Snakefile" --configfile "$here/config/config.yaml" --profile "$here/profiles/$profile" "$@" \
    --config samples="$work/samples.tsv" shards=3 threads_per_shard=1 mem_mb_per_shard=1000 minutes_per_shard=10 program="$program"
}
require_same_files() {
  local sample file name count=0
  for sample in a b c; do
    for file in "$work/whole/$sample"/*; do
      name=$(basename "$file")
      case $name in run.db* | run.json | *.html | *_mqc.json) continue ;; esac
      expect "$sample/$name of $1 as by predict" cmp "$file" "$work/$1/results/$sample/$name"
      count=$(( count + 1 ))
    done
  done
  expect "at least the five tables of three samples" test "$count" -ge 15
  expect "a table of three samples" test "$(wc -l < "$work/$1/results/samples.tsv")" -eq 4
  for sample in a b c; do expect "report.html of $sample" test -s "$work/$1/results/$sample/report.html"; done
  expect "a MultiQC report with them" grep -q virnucpro_scores "$work/$1/results/multiqc_report.html"
}

# Killed while shards work, with all its processes, and started again.
export VIRNUCPRO_TEST_FAULTS=slow=400 VIRNUCPRO_BATCH_TOKENS=512
setsid bash -c "$(declare -f start); here=$here work=$work; start local local $build/tests/virnucpro_faulty" > "$work/killed.log" 2>&1 &
group=$!
for (( tenth = 0; tenth < 600; ++tenth )); do
  [[ $(compgen -G "$work/local/results/*/shards/*/run.db" | wc -l) -lt 2 ]] || break
  sleep 0.1
done
sleep 5  # until rows are committed
kill -KILL -- "-$group"
wait "$group" 2>/dev/null || true
expect "a shard that was cut off" test "$(ls "$work"/local/results/*/shards/*/run.db | wc -l)" -gt "$(ls "$work"/local/results/*/shards/*/run.json 2>/dev/null | wc -l)"
export VIRNUCPRO_TEST_FAULTS=
( start local local "$program" --unlock ) > "$work/unlock.log" 2>&1
( start local local "$program" ) > "$work/again.log" 2>&1
require_same_files local
expect "a shard that went on" grep -q "going on after\|everything is computed" "$work"/local/results/logs/*.log
echo "snakemake: linted, formatted; three samples on this machine, killed and run again: the files of predict"

status=0
"$here/../slurm/cluster.sh" start "$work/cluster" 3 2> "$work/why" || status=$?
if [[ $status -eq 69 ]]; then
  echo "SKIPPED snakemake on Slurm: $(cat "$work/why")"
  exit 0
fi
expect "a cluster" test "$status" -eq 0
cluster=$work/cluster
# The plugin takes SLURM_CONF out of the environment of its jobs, so that only the system's own place is left.
if [[ -e /etc/slurm/slurm.conf ]]; then
  echo "SKIPPED snakemake on Slurm: this machine has a Slurm of its own"
  exit 0
fi
mkdir -p /etc/slurm
ln -s "$cluster/slurm.conf" /etc/slurm/slurm.conf
linked=yes
( start slurm slurm "$program" --slurm-init-seconds-before-status-checks 5 --slurm-no-account --slurm-status-command squeue --latency-wait 10 ) > "$work/slurm.log" 2>&1
require_same_files slurm
expect "shards that ran as jobs of Slurm" test "$(grep -c "JobState=COMPLETED" "$work/cluster/jobs.txt")" -ge 9
echo "snakemake: three samples on a Slurm of three nodes: the files of predict"
