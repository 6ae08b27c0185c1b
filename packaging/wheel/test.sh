#!/usr/bin/env bash
# Installs a wheel of build/wheels into a fresh environment and runs the package's tests there, in an
# empty folder, so that nothing of the tree is imported.
#
#   packaging/wheel/test.sh PYTHON [PYTEST-ARGUMENT...]
#
# VIRNUCPRO_TEST_CALLS sets the number of calls whose memory must stay flat (10000).
set -euo pipefail
cd "$(dirname "$0")/../.."
python=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-index --find-links build/wheels --no-deps virnucpro
packaging/wheel/run_tests.sh "$work/venv" "$@"
