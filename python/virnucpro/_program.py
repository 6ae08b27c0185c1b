"""The program ``virnucpro`` that lies inside the package."""

from __future__ import annotations

import os
import sys


def path() -> str:
    """Where the program is."""
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "virnucpro")


def use_cuda_plugin() -> None:
    """Names the plug-in of the wheel virnucpro-cuda to the library, which looks for one beside the
    running program only, and that is Python. A name in the environment already is the user's."""
    plugin = os.path.join(os.path.dirname(path()), "libvirnucpro_cuda.so")
    if os.path.exists(plugin):
        os.environ.setdefault("VIRNUCPRO_CUDA_PLUGIN", plugin)


def main() -> None:
    """Becomes the program: its signals, exit code and streams are its own."""
    program = path()
    os.execv(program, [program, *sys.argv[1:]])
