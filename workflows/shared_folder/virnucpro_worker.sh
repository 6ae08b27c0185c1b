#!/usr/bin/env bash
# Computes shards of a run, one after another, until none is left that no other worker has. Start it on as many machines as
# there are, fast or slow, all of which see the folder OUT; a machine may join later, or leave:
#
#   virnucpro_worker.sh N OUT INPUT... [-- OPTIONS OF PREDICT]      N shards, as many as 20 for each worker, or more
#   virnucpro merge OUT/shards/* -o OUT/results                     when all workers have ended
#
# A worker holds a lock (flock) on OUT/locks/I while it computes shard I into OUT/shards/I. The system drops the lock when the
# worker ends, however it ends: another worker, or the next one that is started, then goes on with that shard. Network file
# systems must pass locks on to other machines: NFS 4, Lustre (mounted with flock), CephFS, BeeGFS and GPFS do.
#
# Ends with 0 when every shard is finished, 3 when some are still with other workers, and else with the code of `predict`.
# Variables: VNP_PROGRAM, the program [virnucpro].
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

program=${VNP_PROGRAM:-virnucpro}
mkdir -p "$out/locks" "$out/shards"

# Goes on until the program has stopped, which then says 75.
child= stopped=
trap 'stopped=yes; kill -TERM $child 2>/dev/null || true' TERM INT

# Shards of others that were not finished when they were looked at, in $elsewhere.
elsewhere=0
pass() {
  elsewhere=0
  local shard status begin
  for (( shard = 1; shard <= shards; ++shard )); do
    [[ ! -e $out/locks/$shard.done ]] || continue
    exec 9>> "$out/locks/$shard"
    if ! flock --nonblock 9; then (( elsewhere += 1 )); continue; fi
    [[ ! -e $out/locks/$shard.done ]] || continue  # by a worker that has just given up the lock
    begin=$SECONDS
    # The lock is not the child's: it ends with this worker.
    "$program" predict "$@" --shard "$shard/$shards" --output-dir "$out/shards/$shard" -- "${inputs[@]}" 9>&- &
    child=$!
    # A signal ends a wait early; the last one, when the program has ended, gives its status.
    while kill -0 "$child" 2>/dev/null; do wait "$child" || true; done
    status=0
    wait "$child" || status=$?
    if [[ $status -ne 0 || -n $stopped ]]; then
      echo "shard $shard/$shards on $(hostname) ended with $status; the same command goes on with it" >&2
      exit "$(( status != 0 ? status : 75 ))"
    fi
    touch "$out/locks/$shard.done"
    echo "shard $shard/$shards on $(hostname): $(( SECONDS - begin )) seconds"
  done
}

# Once more while shards were with others: one of them may have ended without finishing its own.
pass "$@"
if (( elsewhere > 0 )); then pass "$@"; fi
if (( elsewhere > 0 )); then echo "$elsewhere of $shards shards are with other workers"; exit 3; fi
