"""Copies into an unpacked wheel what auditwheel takes for a part of every system, but bare ones lack: libraries of X11, which
cairo is linked with.

    python add_libraries.py UNPACKED_WHEEL
"""

import pathlib
import re
import shutil
import subprocess
import sys

# Of the C library, the compiler and Python itself: every Linux with a Python on it has them, and an older copy of the
# latter two, loaded first, could break what Python loads afterwards.
SYSTEM = re.compile(
    r"(ld-linux-x86-64|libc|libm|libdl|librt|libpthread|libresolv|libutil|libgcc_s|libstdc\+\+|libz|libexpat)\.so\.\d+"
)


def output_of(*call: str) -> str:
    return subprocess.run(call, stdout=subprocess.PIPE, text=True, check=True).stdout


def is_program(file: pathlib.Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(4) == b"\x7fELF"


def main() -> None:
    root = pathlib.Path(sys.argv[1])
    (libraries,) = root.glob("virnucpro*.libs")
    paths = dict(re.findall(r"^\s+(\S+) \(.*x86-64.*\) => (\S+)$", output_of("/sbin/ldconfig", "-p"), re.M))
    left = [file for file in root.rglob("*") if file.is_file() and is_program(file)]
    added = []
    while left:
        file = left.pop()
        needed = output_of("patchelf", "--print-needed", str(file)).split()
        for name in needed:
            if SYSTEM.fullmatch(name) or (libraries / name).exists() or any(root.rglob(name)):
                continue
            shutil.copy(paths[name], libraries / name)
            left.append(libraries / name)
            added.append(name)
        if file.parent == libraries and not output_of("patchelf", "--print-rpath", str(file)).strip():
            subprocess.run(["patchelf", "--force-rpath", "--set-rpath", "$ORIGIN", file], check=True)
    print(f"added {', '.join(sorted(added)) or 'nothing'}")


if __name__ == "__main__":
    main()
