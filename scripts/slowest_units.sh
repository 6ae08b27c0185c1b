#!/usr/bin/env bash
# Lists what took longest to compile in a preset's build folder: seconds, and the object that was made. What
# ccache had takes no time, so build with CCACHE_DISABLE=1, and on an idle machine.
#
#   scripts/slowest_units.sh PRESET [COUNT]
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:?usage: scripts/slowest_units.sh PRESET [COUNT]}
log=build/$preset/.ninja_log
[[ -f $log ]] || { echo "$log: there is none; build first: cmake --build --preset $preset" >&2; exit 1; }
# Columns: start and end in milliseconds, the file's time, its name, a hash. The last line of a file counts,
# and files of units that are gone stay in the log.
awk -F'\t' '!/^#/ && $4 ~ /\.o$/ { took[$4] = ($2 - $1) / 1000 }
            END { for (file in took) printf "%.1f\t%s\n", took[file], file }' "$log" | sort -rn |
  while IFS=$'\t' read -r seconds file; do
    if [[ -f build/$preset/$file ]]; then printf '%8s  %s\n' "$seconds" "$file"; fi
  done | awk -v count="${2:-10}" 'NR <= count'
