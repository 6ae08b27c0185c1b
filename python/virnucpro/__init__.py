"""VirNucPro: finds viral sequences in reads and contigs, and gives their embeddings.

>>> import virnucpro
>>> calls = virnucpro.predict("contigs.fa")
>>> calls["p_calibrated"], calls["is_virus"]
>>> virnucpro.Embedder().embed(["ATGGCT..."])["esm2"]
"""

from __future__ import annotations

from . import _program, errors, models
from ._core import version as __version__
from ._run import Embedder, Embeddings, Predictions, Predictor, Progress, predict
from ._table import ArrowTable, Table
from .errors import *  # noqa: F403
from .errors import __all__ as _error_names

_program.use_cuda_plugin()

__all__ = [
    "ArrowTable",
    "Embedder",
    "Embeddings",
    "Predictions",
    "Predictor",
    "Progress",
    "Table",
    "errors",
    "models",
    "predict",
    *_error_names,
]
