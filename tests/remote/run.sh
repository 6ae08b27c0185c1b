#!/usr/bin/env bash
# Tests inputs behind addresses: https:// on a server that cuts connections, s3:// on moto, gs:// on a server that asks for a token.
#   tests/remote/run.sh [PROGRAM]      a minute or two. What needs moto (PyPI) is skipped by name where it cannot be installed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
program=${1:-$top/build/release/src/cli/virnucpro}
python=python3
venv=${TEST_REMOTE_VENV:-$top/build/test_remote}
if ! "$venv/bin/python" -c 'import moto, boto3, flask' 2>/dev/null; then
  python3 -m venv "$venv" 2>/dev/null && "$venv/bin/pip" install --quiet 'moto[server]' boto3 >&2 || true
fi
if "$venv/bin/python" -c 'import moto, boto3, flask' 2>/dev/null; then python=$venv/bin/python; fi
exec "$python" "$here/remote_test.py" "$program"
