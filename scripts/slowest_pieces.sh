#!/usr/bin/env bash
# The slowest pieces of .ci/run as a Markdown table: units that were compiled and tests that ran, of
# all of its presets, by what their build folders have recorded last. A unit that the compiler cache
# had takes no time there, so figures worth keeping come from an empty cache (ccache --clear) and an
# idle machine.
#
#   scripts/slowest_pieces.sh [COUNT]
set -euo pipefail
cd "$(dirname "$0")/.."
count=${1:-10}

pieces() {
  local preset report
  for preset in release tsan asan-ubsan; do
    if [[ -f build/$preset/.ninja_log ]]; then
      scripts/slowest_units.sh "$preset" "$count" |
        sed -E 's#^ *([0-9.]+) +#\1\t'"$preset"'\tunit\t#; s#CMakeFiles/[^/]*\.dir/##; s#\.o$##'
    fi
    report=build/$preset/test_report.xml
    if [[ -f $report ]]; then
      sed -n 's/.*<testcase name="\([^"]*\)".* time="\([0-9.e-]*\)".*/\2\t'"$preset"'\ttest\t\1/p' "$report" |
        sed 's/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g'
    fi
  done
}

found=$(pieces | sort --general-numeric-sort --reverse)
[[ -n $found ]] || { echo "nothing is built yet; run .ci/run first" >&2; exit 1; }
echo "| seconds | preset | what | piece |"
echo "|---|---|---|---|"
awk -F'\t' -v count="$count" 'NR <= count { printf "| %.0f | %s | %s | `%s` |\n", $1, $2, $3, $4 }' <<<"$found"
