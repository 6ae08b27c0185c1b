"""Calls are those of the program, in whatever form the input comes."""

from __future__ import annotations

import csv
import pathlib

import numpy as np
import pytest

import virnucpro
from conftest import EXAMPLES, open_frame, run_program


def table(path: pathlib.Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def float32s(rows: list[dict[str, str]], name: str) -> np.ndarray:
    return np.array(
        [np.float32("nan") if row[name] == "NA" else np.float32(row[name]) for row in rows],
        dtype=np.float32,
    )


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("program") / "out"
    paths = (EXAMPLES / "genomes.fa", EXAMPLES / "reads.fq.gz")
    assert run_program("predict", *paths, "-o", folder).returncode == 0
    return folder


def test_calls_of_files_are_those_of_the_program(predictor, results):
    calls = predictor.predict([EXAMPLES / "genomes.fa", str(EXAMPLES / "reads.fq.gz")])
    rows = table(results / "contigs.tsv")
    assert calls["id"] == [row["id"] for row in rows]
    for name in ("length", "chunks", "scored_chunks", "frames", "viral_chunks"):
        assert calls[name].tolist() == [int(row[name]) for row in rows]
    for name in ("mean_p_virus", "max_p_virus", "p_calibrated"):
        np.testing.assert_array_equal(calls[name].astype(np.float32), float32s(rows, name))
    assert calls["status"].tolist() == [row["status"] for row in rows]
    called = [row["call"] == "virus" for row in rows]
    assert calls["is_virus"].tolist() == called
    assert any(called) and not all(called)

    frames = calls.frames_table
    rows = table(results / "predictions.tsv")
    assert frames["frame"].tolist() == [row["frame"] for row in rows]
    assert (frames["sequence"] + 1).tolist() == [int(row["record"]) for row in rows]
    assert (frames["chunk"] + 1).tolist() == [int(row["chunk"]) for row in rows]
    assert frames["read_start"].tolist() == [int(row["start"]) for row in rows]
    np.testing.assert_array_equal(frames["p_virus"], float32s(rows, "p_virus"))
    np.testing.assert_array_equal(
        frames["p_calibrated"].astype(np.float32), float32s(rows, "p_calibrated")
    )
    assert frames["is_virus"].tolist() == [row["call"] == "virus" for row in rows]
    assert frames["is_run"].tolist() == [row["read"] == "run" for row in rows]


def test_the_function_takes_the_choices_of_the_program(tmp_path):
    fasta = tmp_path / "a.fa"
    fasta.write_text("".join(f">r{i}\n{open_frame(150, i)}\n" for i in range(20)))
    arguments = ("--precision", "bf16", "--expected-length", "300", "--relaxed")
    assert run_program("predict", fasta, "-o", tmp_path / "out", *arguments).returncode == 0
    calls = virnucpro.predict(
        fasta, expected_length=300, device="cpu", precision="bf16", threads=1, calls="relaxed"
    )
    rows = table(tmp_path / "out" / "contigs.tsv")
    np.testing.assert_array_equal(
        calls["p_calibrated"].astype(np.float32), float32s(rows, "p_calibrated")
    )
    assert calls["is_virus"].tolist() == [row["call"] == "virus" for row in rows]


class Record:
    def __init__(self, name: str, bases: str) -> None:
        self.id, self.seq = name, bases


def test_every_form_of_the_input_gives_the_same(predictor, tmp_path):
    bases = [open_frame(100, i) for i in range(3)]
    names = ["a", "b", "c"]
    fasta = tmp_path / "plain"
    fasta.write_text("".join(f">{n}\n{b}\n" for n, b in zip(names, bases)))
    expected = predictor.predict(fasta)
    assert expected["id"] == names
    forms = [
        [str(fasta)],
        dict(zip(names, bases)),
        list(zip(names, bases)),
        iter(list(zip(names, bases))),
        ((name, text.encode()) for name, text in zip(names, bases)),
        [Record(name, text) for name, text in zip(names, bases)],
    ]
    for form in forms:
        found = predictor.predict(form)
        assert found["id"] == names
        np.testing.assert_array_equal(found["p_calibrated"], expected["p_calibrated"])
    one = predictor.predict(bases[0])
    assert one["id"] == ["sequence_1"]
    assert one["p_calibrated"][0] == expected["p_calibrated"][0]


def test_sequences_without_an_answer_have_rows(predictor):
    calls = predictor.predict({"empty": "", "short": "TA", "open": open_frame(100, 1)})
    assert calls["status"].tolist() == ["too_short", "too_short", "scored"]
    assert np.isnan(calls["p_calibrated"][:2]).all()
    nothing = predictor.predict([])
    assert nothing.rows == 0 and nothing.frames_table.rows == 0
    assert nothing["p_calibrated"].dtype == np.float64


def test_a_stream_gives_the_same_in_parts_while_it_reads(predictor):
    given = 0

    def sequences():
        nonlocal given
        for given in range(12000):
            yield (f"r{given}", open_frame(60, given % 499))

    parts = []
    read_when_first_came = None
    for part in predictor.stream(sequences()):
        read_when_first_came = read_when_first_came or given
        parts.append(part)
    assert len(parts) > 2
    assert read_when_first_came < 11999
    ids = [name for part in parts for name in part["id"]]
    assert ids == [f"r{i}" for i in range(12000)]
    whole = predictor.predict((f"r{i}", open_frame(60, i % 499)) for i in range(12000))
    streamed = np.concatenate([part["p_calibrated"] for part in parts])
    np.testing.assert_array_equal(streamed, whole["p_calibrated"])


def test_progress_comes_in_the_callers_thread(predictor, genomes):
    import threading

    seen = []
    predictor.predict(genomes, progress=lambda p: seen.append((threading.get_ident(), p)))
    assert seen
    assert {thread for thread, _ in seen} == {threading.get_ident()}
    assert isinstance(seen[0][1], virnucpro.Progress)


def test_of_the_model(predictor):
    assert predictor.device == "cpu"
    assert predictor.expected_length == 500
    assert isinstance(predictor.warnings, list)
    assert virnucpro.__version__.count(".") == 2
