#!/usr/bin/env bash
# The tables as other programs read them: bedtools and GenomeTools on regions, the stock sqlite3 and
# DuckDB on run.db and the JSON lines, Python's jsonschema on run.json. Installs what is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."
program=$PWD/build/release/src/cli/virnucpro
work=$PWD/build/test_tables

missing=()
command -v bedtools >/dev/null || missing+=(bedtools)
command -v gt >/dev/null || missing+=(genometools)
command -v sqlite3 >/dev/null || missing+=(sqlite3)
python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
if [[ ${#missing[@]} -gt 0 ]]; then
  if [[ $(id -u) -ne 0 ]] || ! apt-get install -y -q "${missing[@]}" >/dev/null; then
    echo "skipped: ${missing[*]} cannot be installed here"
    exit 0
  fi
fi
# The extension of DuckDB that reads SQLite comes from PyPI, too: DuckDB's own server is not needed.
if [[ ! -x $work/venv/bin/python ]]; then
  mkdir -p "$work"
  python3 -m venv "$work/venv"
  if ! "$work/venv/bin/pip" install -q duckdb==1.4.4 duckdb-ext-sqlite==1.4.4.20260205 jsonschema; then
    rm -r "$work/venv"
    echo "skipped: duckdb, duckdb-ext-sqlite and jsonschema cannot be installed here"
    exit 0
  fi
fi
rm -rf "$work/runs"
mkdir "$work/runs"
"$work/venv/bin/python" tests/tables/check.py "$program" "$work/runs"
