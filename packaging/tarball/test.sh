#!/usr/bin/env bash
# Unpacks the tarball in bare systems made by debootstrap, Debian 11 to 13, and runs the example there, as a user without
# rights, from a folder with a space in its name, through a link; the tables must be those that the program here writes.
#   packaging/tarball/test.sh TARBALL PROGRAM
# Needs root, debootstrap and a Debian mirror (MIRROR, by default that of this machine); skipped, by name, where one is
# missing. SUITES: which systems, by default "bullseye bookworm trixie".
set -euo pipefail
tarball=$(readlink -f "$1")
program=$(readlink -f "$2")
top=$(cd "$(dirname "$0")/../.." && pwd)
what=tarball
. "$top/packaging/bare_debian.sh"

work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
"$program" predict "$top/examples/genomes.fa" -o "$work/expected" -q --threads 1

ran=0
for suite in ${SUITES:-bullseye bookworm trixie}; do
  root=$work/$suite
  if ! bare_debian "$suite" "$root"; then
    echo "SKIPPED tarball on $suite: debootstrap could not make it from $mirror: $(tail -n 1 "$root.log")"
    continue
  fi
  mkdir -p "$root/opt/a folder" "$root/data"
  tar -C "$root/opt/a folder" -xzf "$tarball"
  folder=$(cd "$root/opt/a folder" && echo virnucpro-*)
  ln -s "/opt/a folder/$folder/bin/virnucpro" "$root/usr/local/bin/virnucpro"
  chmod 777 "$root/data"
  as_user() { env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/bin HOME=/data chroot --userspec=1000:1000 "$root" sh -c "cd /data && $1"; }
  as_user "virnucpro predict '/opt/a folder/$folder/examples/genomes.fa' -o out -q --threads 1"
  for table in predictions.tsv contigs.tsv viral.fasta prediction_results.txt; do
    cmp "$root/data/out/$table" "$work/expected/$table"
  done
  "$program" --version | cmp - <(as_user "virnucpro --version")
  as_user "'/opt/a folder/$folder/libexec/virnucpro/virnucpro_cli.py' --version" | grep -Eq '^[0-9]+\.[0-9]+\.[0-9]+$'
  echo "tarball: runs on $suite, glibc $(chroot "$root" ldd --version | awk 'NR == 1 { print $NF }'), with the same tables"
  ran=$((ran + 1))
done
[[ $ran -gt 0 ]] || skip "no system could be made"
