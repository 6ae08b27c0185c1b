"""Errors keep the names, texts and codes of the program; nothing is left running after one."""

from __future__ import annotations

import pytest

import virnucpro
from conftest import open_frame, run_program


def test_names_and_codes_are_those_of_the_program(predictor, tmp_path):
    damaged = tmp_path / "a.fa"
    damaged.write_bytes(b"\x1f\x8b\x08\x00damaged")
    cases = [
        (virnucpro.InputError, ("/no.fa",), lambda: predictor.predict("/no.fa")),
        (virnucpro.InputError, (damaged,), lambda: predictor.predict(damaged)),
        (
            virnucpro.ModelError,
            (damaged, "--bundle", "/nowhere"),
            lambda: virnucpro.Predictor("/nowhere", device="cpu"),
        ),
        (
            virnucpro.DeviceError,
            (damaged, "--device", "tpu"),
            lambda: virnucpro.Predictor(device="tpu"),
        ),
        (
            virnucpro.PrecisionError,
            (damaged, "--device", "cpu", "--precision", "fp8"),
            lambda: virnucpro.Predictor(device="cpu", precision="fp8"),
        ),
    ]
    for kind, arguments, call in cases:
        with pytest.raises(kind) as raised:
            call()
        result = run_program("predict", *arguments, "-o", tmp_path / "out")
        assert result.returncode == raised.value.exit_code
        assert str(raised.value) in result.stderr
        assert isinstance(raised.value, virnucpro.Error)


def test_arguments_that_cannot_be_used(predictor):
    for options in (
        {"expected_length": 400},
        {"precision": "fp17"},
        {"frames": "all"},
        {"calls": "mine"},
        {"prevalence": 1.0},
        {"genetic_code": 7},
    ):
        with pytest.raises(virnucpro.ConfigError):
            virnucpro.Predictor(device="cpu", **options)
    for given in ([1], [open_frame(9, 1), "a.fa"], ["a.fa", b"ACGT"]):
        with pytest.raises(virnucpro.ConfigError):
            predictor.predict(given)
    with pytest.raises(TypeError):
        predictor.predict(None)


def test_errors_of_callbacks_come_out_and_end_the_run(predictor, genomes):
    def broken():
        yield open_frame(100, 1)
        raise LookupError("of the iterator")

    with pytest.raises(LookupError, match="of the iterator"):
        predictor.predict(broken())

    def refuse(_):
        raise ArithmeticError("of the callback")

    with pytest.raises(ArithmeticError, match="of the callback"):
        predictor.predict(genomes, progress=refuse)
    assert predictor.predict(open_frame(100, 1)).rows == 1


def test_the_library_is_not_entered_twice_by_one_thread(predictor):
    stream = predictor.stream(open_frame(60, i % 499) for i in range(12000))
    next(stream)
    with pytest.raises(virnucpro.ConfigError, match="still open in this thread"):
        predictor.predict(open_frame(60, 1))
    stream.close()
    assert predictor.predict(open_frame(60, 1)).rows == 1
