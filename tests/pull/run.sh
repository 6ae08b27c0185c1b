#!/usr/bin/env bash
# Tests `virnucpro models pull` against a real nginx with TLS on loopback, whose files have the layouts of the published ones.
#   tests/pull/run.sh [PROGRAM] [--broken N]      the whole takes some three minutes; N broken downloads (200)
# Skipped, by name, where nginx cannot be installed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
program=${1:-$top/build/release/src/cli/virnucpro}
shift || true

# nginx would start a server of its own when it is installed; tests need only the program.
if ! command -v nginx >/dev/null && ! RUNLEVEL=1 "$top/scripts/install_dependencies.sh" nginx-light openssl strace >&2; then
  echo "SKIPPED pull: nginx cannot be installed here"
  exit 0
fi
exec python3 "$here/pull_test.py" "$program" "$@"
