#!/usr/bin/env bash
# Runs the tests of a preset and ends with one line: how many passed, failed and were skipped.
#
#   scripts/run_tests.sh PRESET [CTEST_ARGUMENT...]
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:?usage: scripts/run_tests.sh PRESET [CTEST_ARGUMENT...]}
shift

report="$PWD/build/$preset/test_report.xml"
rm -f "$report"
status=0
ctest --preset "$preset" --output-junit "$report" "$@" || status=$?

# The head of the report: <testsuite ... tests="5" failures="1" disabled="0" skipped="2" ...>
count() { sed -n "/<testsuite/,/>/ s/.*\b$1=\"\([0-9]*\)\".*/\1/p" "$report" | head -n 1; }
if [[ ! -f "$report" ]]; then
  echo "The tests did not run." >&2
  exit 1
fi
tests=$(count tests) failed=$(count failures)
skipped=$(($(count skipped) + $(count disabled)))
echo
echo "$((tests - failed - skipped)) passed, $failed failed, $skipped skipped"
if [[ $status -ne 0 ]]; then exit "$status"; fi
if [[ $tests -eq 0 ]]; then
  echo "There are no such tests." >&2
  exit 1
fi
