#!/usr/bin/env bash
# Times what a newcomer waits for: `make predict` on a bare Debian 12 with git and make, made by debootstrap, without a compiler cache.
#   bench/first_build.sh
# Prints the seconds for the packages, for configuring and compiling, and for the run on examples/. Needs root, debootstrap and a Debian
# mirror (MIRROR, by default that of this machine); skipped, by name, where one is missing. Meant for an idle machine.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
what=first_build
. "$top/packaging/bare_debian.sh"
work=$(mktemp -d)
cleanup() {
  disconnect "$work/root"
  rm -rf --one-file-system "$work"
}
trap cleanup EXIT
bare_debian bookworm "$work/root" || { tail -n 3 "$work/root.log"; skip "debootstrap could not make a system from $mirror"; }
connect "$work/root"
in_root() { in_connected "$work/root" env CCACHE_DISABLE=1 sh -c "$1"; }
in_root 'apt-get update -q && apt-get install -q -y --no-install-recommends make git' > "$work/apt.log" 2>&1 || { tail "$work/apt.log"; exit 1; }
mkdir "$work/root/source"
git -C "$top" ls-files -z | tar -C "$top" --null -T - -cf - | tar -C "$work/root/source" -xf -

timed() {
  local name=$1 start=$SECONDS
  shift
  "$@" > "$work/step.log" 2>&1 || { tail -n 20 "$work/step.log"; exit 1; }
  printf '%-12s %5d s\n' "$name" "$((SECONDS - start))"
}
timed packages in_root 'cd /source && make dependencies'
timed build in_root 'cd /source && make configure && cmake --build --preset release --target virnucpro'
timed run in_root 'cd /source && make predict'
