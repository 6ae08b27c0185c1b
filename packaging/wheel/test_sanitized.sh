#!/usr/bin/env bash
# The package's tests with the extension, the library and the program built by the preset asan-ubsan: an access out of
# bounds, a use after free or undefined behaviour ends them. Leaks are looked for by the test of many calls in flat memory,
# because an interpreter leaves much behind that is not ours. What was freed is kept aside, to catch its use, up to 16 MB
# only: tests say how much memory a stream may take.
#
#   packaging/wheel/test_sanitized.sh PYTHON [PYTEST-ARGUMENT...]
#
# VIRNUCPRO_TEST_CALLS sets the number of those calls (300 here). Needs the Debian packages of scripts/install_dependencies.sh, and PyPI.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=$1
shift
work=$(mktemp -d)
# The folder is that of `make sanitize`, which knows nothing of Python.
cleanup() {
  rm -rf "$work"
  cmake --preset asan-ubsan --log-level=WARNING -DVIRNUCPRO_PYTHON=OFF > /dev/null
}
trap cleanup EXIT
"$python" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet nanobind
cmake --preset asan-ubsan --log-level=WARNING -DVIRNUCPRO_PYTHON=ON -DPython_EXECUTABLE="$work/venv/bin/python" \
  -Dnanobind_DIR="$("$work/venv/bin/python" -m nanobind --cmake_dir)"
cmake --build --preset asan-ubsan --target virnucpro_python virnucpro_api virnucpro
site=$("$work/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
cmake --install build/asan-ubsan --component python --prefix "$site" > /dev/null
cp -r python/virnucpro/. "$site/virnucpro/"
ln -s "$site/virnucpro/bin/virnucpro" "$work/venv/bin/virnucpro"
TEST_PRELOAD=$(gcc -print-file-name=libasan.so):$(gcc -print-file-name=libubsan.so) ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=16 \
  VIRNUCPRO_TEST_CALLS=${VIRNUCPRO_TEST_CALLS:-300} packaging/wheel/run_tests.sh "$work/venv" "$@"
