"""Shared by the tests of the package, which run against an installed wheel."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

import virnucpro
from virnucpro import _program

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def open_frame(codons: int, seed: int) -> str:
    """Sense codons: one frame of every chunk is free of stops."""
    draw = random.Random(seed)
    sense = [a + b + c for a in "ACGT" for b in "ACGT" for c in "ACGT"]
    sense = [codon for codon in sense if codon not in ("TAA", "TAG", "TGA")]
    return "".join(draw.choice(sense) for _ in range(codons))


@pytest.fixture(scope="session")
def genomes() -> Path:
    return EXAMPLES / "genomes.fa"


@pytest.fixture(scope="session")
def predictor() -> virnucpro.Predictor:
    return virnucpro.Predictor(device="cpu", threads=2)


@pytest.fixture(scope="session")
def embedder() -> virnucpro.Embedder:
    return virnucpro.Embedder(device="cpu", threads=2)


def run_program(*arguments: object) -> subprocess.CompletedProcess:
    call = [_program.path(), *map(str, arguments)]
    return subprocess.run(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
