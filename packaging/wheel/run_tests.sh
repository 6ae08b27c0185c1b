#!/usr/bin/env bash
# Runs the package's tests with the Python of an environment that has the package, in an empty folder, so that nothing of the tree is
# imported. What the tests need beside it is installed first.
#
#   packaging/wheel/run_tests.sh ENVIRONMENT [PYTEST-ARGUMENT...]
#
# TEST_PRELOAD names libraries that are loaded before Python's own.
set -euo pipefail
tree=$(cd "$(dirname "$0")/../.." && pwd)
environment=$1
shift
"$environment/bin/pip" install --quiet numpy pytest pytest-timeout h5py pyarrow pandas
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
LD_PRELOAD=${TEST_PRELOAD:-} "$environment/bin/python" -m pytest -c "$tree/pyproject.toml" --rootdir "$tree/python/tests" \
  -p no:cacheprovider --timeout 1800 "$tree/python/tests" "$@"
