#!/usr/bin/env bash
# Runs the steps of Containerfile in a bare Debian made by debootstrap, since no container engine is needed for that:
# builds the program there, installs it to a second bare system, and starts the published container's command as its user.
#   packaging/container/test.sh
# Needs root, debootstrap and a Debian mirror (MIRROR, by default that of this machine); skipped, by name, where one is missing.
# PROGRAM=FOLDER takes a program that is built already (the prefix of `cmake --install`) instead of building it once more.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
what=container
. "$top/packaging/bare_debian.sh"

work=$(mktemp -d)
cleanup() {
  for root in "$work"/*; do disconnect "$root"; done
  rm -rf --one-file-system "$work"
}
trap cleanup EXIT

# bare NAME: the first layer, `FROM debian:12-slim`.
bare() {
  bare_debian bookworm "$work/$1" ||
    { tail -n 3 "$work/$1.log"; skip "debootstrap could not make a system from $mirror"; }
  connect "$work/$1"
  mkdir -p "$work/$1/packaging"
  cp "$top"/packaging/container/*.sh "$work/$1/packaging/"
}
in_root() { local root=$1; shift; in_connected "$work/$root" env VIRNUCPRO_PATH=mini "$@"; }

if [[ -n "${PROGRAM:-}" ]]; then
  installed=$PROGRAM
else
  bare build
  in_root build /packaging/install_packages.sh build
  mkdir "$work/build/source"
  git -C "$top" ls-files -z | tar -C "$top" --null -T - -cf - | tar -C "$work/build/source" -xf -
  in_root build sh -c 'cd /source && packaging/container/build_program.sh /usr/local'
  installed=$work/build/usr/local
fi

bare run
in_root run /packaging/install_packages.sh run
cp -a "$installed/." "$work/run/usr/local/"
in_root run ldconfig
in_root run /packaging/link_command.sh /usr/local
in_root run useradd --create-home --uid 1000 virnucpro
mkdir "$work/run/data" && cp "$top/examples/genomes.fa" "$work/run/data/" && chown -R 1000 "$work/run/data"
as_user() { in_root run setpriv --reuid=1000 --regid=1000 --clear-groups sh -c "cd /data && $1"; }

[[ "$(as_user 'id -u')" == 1000 ]]
as_user '/opt/virnucpro_cli.py --version' | grep -Eq '^[0-9]+\.[0-9]+\.[0-9]+$'
as_user '/opt/virnucpro_cli.py genomes.fa out.tsv --expected-length 500 --no-gpu --threads 2'
as_user 'head -n 1 out.tsv' | grep -q "^Sequence_ID"
as_user 'head -n 1 out_highestscore.csv' | grep -q "max_score_1"
if as_user '/opt/virnucpro_cli.py genomes.fa no.tsv --use-gpu' >/dev/null; then echo "--use-gpu must fail here"; exit 1; fi
as_user 'samtools --version > /dev/null && minimap2 --version > /dev/null && python3 -c "import csv"'
echo "container: its steps were run in a bare system"
