"""Bundles of models: which there are, and whether they are whole."""

from __future__ import annotations

import builtins
import os
import subprocess
import warnings
from typing import NamedTuple

from . import _core, _program
from .errors import ConfigError, ModelError, error_of

__all__ = ["Bundle", "info", "list", "pull", "verify"]

_CARD = "bundle.json"


class Bundle(NamedTuple):
    """What the card of a bundle says, and by what name or path it is used."""

    bundle: str
    name: str
    version: str
    description: str
    license: str
    expected_lengths: tuple[int, ...]


def info(bundle: str = "mini") -> Bundle:
    """The card of an embedded or pulled bundle, by its name, or of one in a folder."""
    return Bundle(str(bundle), **_core.describe_bundle(str(bundle)))


def list(*folders: str) -> "builtins.list[Bundle]":  # the name of the program's command
    """The embedded and the pulled bundles, and those in ``folders``, which are bundles or hold some.

    A pulled one that is damaged is left out, with a warning: it must not hide the rest.
    """
    found = [info(name) for name in _core.embedded_bundles()]
    for name in _core.pulled_bundles():
        try:
            found.append(info(name))
        except ModelError as error:
            warnings.warn(str(error), stacklevel=2)
    for folder in folders:
        found += [info(path) for path in _bundles_in(os.fspath(folder))]
    return found


def _bundles_in(folder: str) -> "builtins.list[str]":
    if os.path.isfile(os.path.join(folder, _CARD)):
        return [folder]
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise ConfigError(f"{folder}: the folder cannot be read: {error.strerror}") from None
    paths = [os.path.join(folder, name) for name in names]
    return [path for path in paths if os.path.isfile(os.path.join(path, _CARD))]


def verify(bundle: str = "mini") -> None:
    """Recomputes every hash of a bundle and reads every part; ModelError with all problems."""
    problems = _core.bundle_problems(str(bundle))
    if problems:
        raise ModelError(f"{bundle}: " + "; ".join(problems))


def pull(name: str, *arguments: str) -> str:
    """Fetches a bundle as ``virnucpro models pull NAME`` does, which takes ``arguments``, too.

    Returns what the program prints. Raises the error that its exit code stands for.
    """
    call = [_program.path(), "models", "pull", name, *arguments]
    result = subprocess.run(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if result.returncode != 0:
        message = result.stderr.strip().removeprefix("virnucpro: error: ")
        raise error_of(result.returncode, message)
    return result.stdout
