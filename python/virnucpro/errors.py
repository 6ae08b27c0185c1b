"""The errors of VirNucPro: the same names, texts and kinds as in the library and the program.

``str(error)`` says where, what was expected and found, and what to do. ``exit_code`` is what the
program would end with.
"""

from __future__ import annotations

__all__ = [
    "Error",
    "ConfigError",
    "InputError",
    "ChangedInput",
    "ModelError",
    "DeviceError",
    "ResourceError",
    "OutOfDeviceMemory",
    "PrecisionError",
    "NonfiniteError",
    "OutputError",
    "Interrupted",
    "ContractError",
]


class Error(RuntimeError):
    """Root of every error that is raised on purpose."""

    exit_code: int = 70


class ConfigError(Error):
    """An argument that cannot be used."""

    exit_code = 2


class InputError(Error):
    """Damaged or unusable input; names file, record and line."""

    exit_code = 2


class ChangedInput(InputError):
    """An input has changed since the work on it began."""


class ModelError(Error):
    """Weights, tokenizers or bundles that are damaged, incomplete or do not fit together."""

    exit_code = 3


class DeviceError(Error):
    """A device that cannot be used or failed while in use."""

    exit_code = 4


class ResourceError(Error):
    """The system gives no more threads or memory."""

    exit_code = 4


class OutOfDeviceMemory(DeviceError):
    """The device is out of memory."""


class PrecisionError(Error):
    """A precision that does not suit, or models that give NaN or infinity only."""

    exit_code = 5


class NonfiniteError(PrecisionError):
    """NaN or infinity in the embeddings of a batch."""


class OutputError(Error):
    """Results could not be written."""

    exit_code = 74


class Interrupted(Error):
    """A run was stopped on request."""

    exit_code = 75


class ContractError(Error):
    """A broken promise inside the library: please report it."""

    exit_code = 70


def error_of(exit_code: int, text: str) -> Error:
    """The error that an exit code of the program stands for."""
    for kind in (ConfigError, ModelError, DeviceError, PrecisionError, OutputError, Interrupted):
        if kind.exit_code == exit_code:
            return kind(text)
    return ContractError(text)
