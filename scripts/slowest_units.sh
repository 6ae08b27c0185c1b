#!/usr/bin/env bash
# Lists what took longest in the last build of a preset: seconds, and the file that was made. What ccache
# had already takes no time, so clear or turn off the cache first (CCACHE_DISABLE=1), on an idle machine.
#
#   scripts/slowest_units.sh PRESET [COUNT]
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:?usage: scripts/slowest_units.sh PRESET [COUNT]}
log=build/$preset/.ninja_log
[[ -f $log ]] || { echo "$log: there is none; build first: cmake --build --preset $preset" >&2; exit 1; }
# Columns: start and end in milliseconds, the file's time, its name, a hash. The last line of a file counts.
awk -F'\t' '!/^#/ && $4 ~ /\.o$/ { took[$4] = ($2 - $1) / 1000 }
            END { for (file in took) printf "%8.1f  %s\n", took[file], file }' "$log" | sort -rn | head -n "${2:-10}"
