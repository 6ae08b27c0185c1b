#!/usr/bin/env bash
# One shard of a run: a task of a Slurm job array. Submit it once for all shards, and virnucpro_merge.sh behind it:
#
#   array=$(sbatch --parsable --array=1-64 virnucpro_array.sh 64 OUT INPUT... [-- OPTIONS OF PREDICT])
#   sbatch --dependency=afterok:$array --kill-on-invalid-dep=yes virnucpro_merge.sh 64 OUT
#
# `virnucpro shards plan` proposes the number and prints both lines. The task whose number is I computes --shard I/64
# into OUT/shards/I. Inputs and OUT are on a file system that all nodes see; relative paths start where sbatch was called.
# On GPUs: sbatch --gpus-per-task=1 --ntasks=1 ... ; with --cpus-per-task=8 and no GPU it computes on the eight cores.
#
# A task goes on where it was, on any node, when
#   - its time is nearly over: Slurm sends SIGUSR1 (--signal below), the program stops with exit code 75, the task is requeued;
#   - its node fails, or it is preempted: Slurm requeues it itself (--requeue below);
#   - the program is killed or finds no working device or too little memory: the task is requeued;
#   - its batch script is killed, or it is cancelled: submit the same array again; finished shards end at once.
# Any other end (an input or option that cannot be used, a full disk) fails the task, and the merge is not started.
#
# Variables:
#   VNP_PROGRAM       the program [virnucpro]
#   VNP_SCRATCH       a folder on the node's own disk to work in; the shard is copied back when the task ends. For network
#                     file systems on which SQLite is slow or cannot lock. What a node that dies had computed since
#                     the task began there is computed again.
#   VNP_MAX_RESTARTS  requeues of a task, at most [20]
#SBATCH --job-name=virnucpro
#SBATCH --output=virnucpro-%A_%a.log
#SBATCH --open-mode=append
#SBATCH --requeue
#SBATCH --signal=B:USR1@120
set -euo pipefail

usage() {
  sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
  exit 64
}
[[ $# -ge 3 && $1 =~ ^[1-9][0-9]*$ ]] || usage
shards=$1 out=$2
shift 2
inputs=()
while [[ $# -gt 0 && $1 != -- ]]; do inputs+=("$1"); shift; done
[[ ${#inputs[@]} -gt 0 ]] || usage
[[ $# -gt 0 ]] && shift  # the two dashes; the rest are options of predict

if [[ -z ${SLURM_ARRAY_TASK_ID:-} ]]; then
  echo "This script is a task of a job array; submit it with sbatch --array=1-$shards." >&2
  exit 64
fi
shard=$SLURM_ARRAY_TASK_ID
if (( shard < 1 || shard > shards )); then
  echo "Task $shard of $shards shards: the array must be within 1-$shards." >&2
  exit 64
fi

program=${VNP_PROGRAM:-virnucpro}
kept=$out/shards/$shard
folder=$kept
mkdir -p "$out/shards"
echo "shard $shard/$shards on ${SLURMD_NODENAME:-$(hostname)}, start $(( ${SLURM_RESTART_COUNT:-0} + 1 )), $(date -u +%FT%TZ)"

# A node that died between the two renames has left the old folder under its second name.
if [[ ! -d $kept && -d $kept.old ]]; then mv -T "$kept.old" "$kept"; fi
# Work in the node's own folder, from what earlier starts have kept.
if [[ -n ${VNP_SCRATCH:-} ]]; then
  folder=$(mktemp -d "$VNP_SCRATCH/virnucpro-$SLURM_ARRAY_JOB_ID-$shard-XXXXXX")
  if [[ -d $kept ]]; then cp -a "$kept/." "$folder/"; fi
fi

# The kept folder is the old one or the new one, whole, whenever the node dies.
keep() {
  [[ $folder != "$kept" ]] || return 0
  local fresh=$kept.partial old=$kept.old
  rm -rf "$fresh" "$old"
  cp -a "$folder" "$fresh"
  sync "$fresh"/* 2>/dev/null || true
  if [[ -d $kept ]]; then mv -T "$kept" "$old"; fi
  mv -T "$fresh" "$kept"
  rm -rf "$old" "$folder"
}

device=(--device cpu --threads "${SLURM_CPUS_PER_TASK:-1}")
if [[ -n ${SLURM_JOB_GPUS:-${SLURM_STEP_GPUS:-${SLURM_GPUS_ON_NODE:-}}} ]]; then
  device=(--device cuda --threads "${SLURM_CPUS_PER_TASK:-1}")
fi

# The program gets the signal that the script gets; bash itself only looks at it between two waits.
time_is_over= child=
trap 'time_is_over=yes; kill -USR1 $child 2>/dev/null || true' USR1
trap 'kill -TERM $child 2>/dev/null || true' TERM INT
"$program" predict "${device[@]}" "$@" --shard "$shard/$shards" --output-dir "$folder" -- "${inputs[@]}" &
child=$!
# A signal ends a wait early; the last one, when the program has ended, gives its status.
while kill -0 "$child" 2>/dev/null; do wait "$child" || true; done
status=0
wait "$child" || status=$?

keep
case $status in
  0) exit 0 ;;
  75) reason="stopped${time_is_over:+, its time is over}" ;;
  4) reason="found no working device, or too little memory" ;;
  129 | 13[0-9] | 14[0-9] | 15[0-9]) reason="killed by signal $((status - 128))" ;;
  *) exit "$status" ;;
esac
# A task that was stopped by anything but its time (scancel, a preemption) is not ours to put back: Slurm does, or nobody should.
if [[ $status == 75 && -z $time_is_over ]]; then exit 75; fi
if (( ${SLURM_RESTART_COUNT:-0} >= ${VNP_MAX_RESTARTS:-20} )); then
  echo "shard $shard/$shards $reason, and was requeued ${SLURM_RESTART_COUNT} times before: given up" >&2
  exit "$status"
fi
echo "shard $shard/$shards $reason: requeued"
# By its array and number: the job id of one task is that of the whole array.
scontrol requeue "${SLURM_ARRAY_JOB_ID}_$shard"
