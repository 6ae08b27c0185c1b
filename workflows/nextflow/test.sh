#!/usr/bin/env bash
# Tests the Nextflow modules as far as that goes without Nextflow, which no package index offers: nf-core's own checks, and
# the command of each module taken out of main.nf and run with its variables filled in. The merged result must equal that of
# `virnucpro predict`, and every output that a module names must be there.
#   workflows/nextflow/test.sh [BUILD_FOLDER]      the checks are skipped by name without Python's venv or the package index
# NF_CORE_VENV names a venv that has nf-core already.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
build=$(cd "${1:-$top/build/release}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

venv=${NF_CORE_VENV:-$work/venv}
if [[ -x $venv/bin/nf-core ]] ||
  { python3 -m venv "$venv" && "$venv/bin/pip" install -q nf-core; } >/dev/null 2>&1; then
  "$venv/bin/python" "$here/lint_modules.py" "$here" virnucpro/predict virnucpro/merge
else
  echo "SKIPPED nf-core's checks: no Python venv with nf-core can be made here"
fi

# Writes the command of the block $2 of the module $1, with the variables NAME=VALUE that follow filled in.
command_of() {
  python3 - "$here/modules/nf-core/virnucpro/$1/main.nf" "${@:2}" <<'PY'
import re, sys
text = open(sys.argv[1]).read()
block = text[text.index(f"\n    {sys.argv[2]}:"):]
command = block.split('"""')[1].replace("\\\\\n", "\\\n")
for pair in sys.argv[3:]:
    name, value = pair.split("=", 1)
    command = re.sub(r"\$\{?" + re.escape(name) + r"(?![A-Za-z0-9_.])\}?", lambda _: value, command)
left = re.findall(r"\$\{?[a-z.]+\}?", command)
assert not left, f"variables without a value: {left}"
print(command)
PY
}
# The files that the module $1 names as outputs, for the prefix $2.
outputs_of() {
  sed -n 's/.*path("\${prefix}\(\/*[^"]*\)").*/\1/p' "$here/modules/nf-core/virnucpro/$1/main.nf" | sed "s|^|$2|"
}
require_outputs() {
  local name
  for name in $(outputs_of "$1" "$2"); do
    if [[ ! -e $name ]]; then echo "$1 names $name, which is not there" >&2; exit 1; fi
  done
}

export PATH=$build/src/cli:$PATH
cd "$work"
virnucpro predict "$top/examples/genomes.fa" --device cpu --quiet --no-progress --output-dir whole
for part in 1 2; do
  mkdir "part$part"
  cd "part$part"
  cp "$top/examples/genomes.fa" .
  command_of predict script args= models= "part=--shard $part/2" device=cpu task.cpus=1 prefix=sample sequences=genomes.fa > command.sh
  bash -euo pipefail command.sh 2> log
  require_outputs predict sample
  cd ..
done
mkdir merge
cd merge
command_of merge script args= prefix=sample "shards=../part1/sample ../part2/sample" > command.sh
bash -euo pipefail command.sh 2> log
require_outputs merge sample
for file in ../whole/*; do
  name=$(basename "$file")
  case $name in run.db* | run.json | *.html | *_mqc.json) continue ;; esac
  cmp "$file" "sample/$name"
done
for module in predict merge; do
  mkdir "$work/stub_$module"
  cd "$work/stub_$module"
  command_of "$module" stub prefix=sample > command.sh
  bash -euo pipefail command.sh
  require_outputs "$module" sample
done
version=$(bash -c "$(sed -n 's/.*eval("\(.*\)"), topic.*/\1/p' "$here/modules/nf-core/virnucpro/predict/main.nf")")
[[ $version =~ ^[0-9]+\.[0-9]+ ]] || { echo "no version: '$version'" >&2; exit 1; }
echo "nextflow: nf-core's checks where they could be had; both commands run by hand, their files those of predict; Nextflow itself did not run"
