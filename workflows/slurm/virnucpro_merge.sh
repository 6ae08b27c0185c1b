#!/usr/bin/env bash
# Joins the shards of virnucpro_array.sh into OUT; waits for them by --dependency:
#
#   sbatch --dependency=afterok:ARRAY_JOB --kill-on-invalid-dep=yes virnucpro_merge.sh SHARDS OUT [-- OPTIONS OF MERGE]
#
# The folders OUT/shards/I stay; they may be removed once OUT/run.json is there. VNP_PROGRAM: the program [virnucpro].
#SBATCH --job-name=virnucpro-merge
#SBATCH --output=virnucpro-merge-%j.log
#SBATCH --open-mode=append
#SBATCH --requeue
set -euo pipefail

if [[ $# -lt 2 || ! $1 =~ ^[1-9][0-9]*$ || ( $# -gt 2 && $3 != -- ) ]]; then
  sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
  exit 64
fi
shards=$1 out=$2
shift 2
[[ $# -gt 0 ]] && shift
folders=()
for (( shard = 1; shard <= shards; ++shard )); do folders+=("$out/shards/$shard"); done
exec "${VNP_PROGRAM:-virnucpro}" merge "$@" --output-dir "$out" -- "${folders[@]}"
