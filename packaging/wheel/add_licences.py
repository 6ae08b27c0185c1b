"""Copies the licences of the libraries inside an unpacked wheel to its .dist-info.

    python add_licences.py UNPACKED_WHEEL

Every library comes from a Debian package, whose copyright file is what is copied.
"""

import pathlib
import re
import shutil
import subprocess
import sys


def original_name(file: pathlib.Path) -> str:
    """libhts-1a2b3c4d.so.3 of auditwheel is libhts.so.3 of the system, liblber-2-1a2b3c4d.5.so liblber-2.5.so."""
    return re.sub(r"-[0-9a-f]{8}(?=\.)", "", file.name)


def package_of(name: str) -> str:
    found = subprocess.run(
        ["dpkg-query", "--search", f"*/{name}*"], stdout=subprocess.PIPE, text=True, check=True
    ).stdout.splitlines()
    # "libhts3:amd64: /usr/lib/x86_64-linux-gnu/libhts.so.3"
    for line in found:
        package, path = line.rsplit(": ", 1)
        if re.fullmatch(rf"/(usr/)?lib/.*/{re.escape(name)}[0-9.]*", path):
            return package.split(":")[0].split(",")[0]
    raise SystemExit(f"{name}: no Debian package holds it")


def main() -> None:
    root = pathlib.Path(sys.argv[1])
    (info,) = root.glob("*.dist-info")
    target = info / "licenses" / "libraries"
    target.mkdir(parents=True, exist_ok=True)
    libraries = sorted(file for folder in root.glob("virnucpro*.libs") for file in folder.iterdir())
    for library in libraries:
        package = package_of(original_name(library))
        shutil.copy(f"/usr/share/doc/{package}/copyright", target / f"{package}.txt")
    print(f"{len(libraries)} libraries, {len(list(target.iterdir()))} licences")


if __name__ == "__main__":
    main()
