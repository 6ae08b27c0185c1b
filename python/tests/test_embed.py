"""Embeddings are the program's, byte for byte."""

from __future__ import annotations

import h5py
import numpy as np

from conftest import open_frame, run_program


def test_embeddings_are_those_of_the_program(embedder, genomes, tmp_path):
    path = tmp_path / "f.h5"
    assert run_program("embed", genomes, "-o", path).returncode == 0
    result = embedder.embed(genomes)
    with h5py.File(path) as file:
        assert result["dnabert_s"].dtype == file["dnabert_s"].dtype == np.float32
        assert result["dnabert_s"].tobytes() == file["dnabert_s"][:].tobytes()
        assert result["esm2"].tobytes() == file["esm2"][:].tobytes()
        np.testing.assert_array_equal(result["frames"]["sequence"] + 1, file["record"][:])
        np.testing.assert_array_equal(result["frames"]["chunk"] + 1, file["chunk"][:])
        ids = [text.decode() for text in file["ids"][:]]
    frames = result["frames"]
    names = result["sequences"]["id"]
    assert len(ids) == frames.rows
    for i in (0, frames.rows // 2, frames.rows - 1):
        name = f"{names[frames['sequence'][i]]}_chunk_{frames['chunk'][i] + 1}{frames['frame'][i]}"
        assert ids[i] == name
    assert result["dnabert_s"].shape == (frames.rows, embedder.dnabert_s_width)
    assert result["esm2"].shape == (frames.rows, embedder.esm2_width)


def test_a_stream_has_the_same_rows(embedder):
    def sequences():
        return (open_frame(60, i % 499) for i in range(8000))

    whole = embedder.embed(sequences())
    parts = list(embedder.stream(sequences()))
    assert len(parts) > 1
    for name in ("dnabert_s", "esm2"):
        joined = np.concatenate([part[name] for part in parts])
        assert joined.tobytes() == whole[name].tobytes()


def test_nothing_gives_empty_arrays(embedder):
    result = embedder.embed([])
    assert result["frames"].rows == 0
    assert len(result["dnabert_s"]) == 0
