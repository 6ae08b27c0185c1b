#!/usr/bin/env bash
# Installs the wheel for CPython 3.11 into an empty environment of a bare Debian 12, where there is no compiler, and
# compares ids, calls and embeddings with those of the program inside the wheel.
#
#   packaging/wheel/test_bare.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
what="the wheel in a bare Debian"
. packaging/bare_debian.sh
wheel=$(ls build/wheels/virnucpro-*-cp311-*.whl 2>/dev/null | tail -n 1) || true
[[ -n "$wheel" ]] || skip "there is no wheel for CPython 3.11 in build/wheels"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/bookworm
DEBOOTSTRAP_OPTIONS='--include=python3-venv' bare_debian bookworm "$root" || { tail -n 5 "$root.log"; exit 1; }
# What the package index has is fetched outside: the bare system may reach nothing.
mkdir "$root/wheels"
cp "$wheel" "$root/wheels/"
python3 -m pip download --quiet --only-binary=:all: --python-version 3.11 --implementation cp \
  --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 \
  --no-deps --dest "$root/wheels" 'numpy>=2,<2.3' 'h5py>=3.12,<3.14'
cp examples/genomes.fa "$root/"
cat > "$root/check.py" <<'END'
import csv, subprocess
import h5py, virnucpro
calls = virnucpro.predict("genomes.fa", device="cpu")
found = virnucpro.Embedder(device="cpu").embed("genomes.fa")
subprocess.run(["/venv/bin/virnucpro", "predict", "genomes.fa", "-o", "out", "-q"], check=True)
subprocess.run(["/venv/bin/virnucpro", "embed", "genomes.fa", "-o", "f.h5", "-q"], check=True)
rows = list(csv.DictReader(open("out/contigs.tsv"), delimiter="\t"))
assert calls["id"] == [row["id"] for row in rows]
assert calls["is_virus"].tolist() == [row["call"] == "virus" for row in rows]
with h5py.File("f.h5") as file:
    for name in ("dnabert_s", "esm2"):
        assert found[name].tobytes() == file[name][:].tobytes()
print(f"bare Debian 12: {len(rows)} records, {found['frames'].rows} frames, the same as the program's")
END
mount -t proc proc "$root/proc"
trap 'umount "$root/proc"; rm -rf "$work"' EXIT
chroot "$root" /bin/bash -c '
  for tool in cc g++ cmake; do if command -v "$tool"; then echo "not bare: $tool"; exit 1; fi; done
  python3 -m venv /venv && /venv/bin/pip install --quiet --no-index --find-links /wheels virnucpro h5py && cd / && /venv/bin/python check.py'
