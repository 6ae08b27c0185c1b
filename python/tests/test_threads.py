"""Ctrl-C, threads, the GIL, and memory."""

from __future__ import annotations

import gc
import os
import resource
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import virnucpro
from conftest import open_frame

# CI's machines may be slow; the calls are what is counted.
CALLS = int(os.environ.get("VIRNUCPRO_TEST_CALLS", "10000"))


def test_an_interrupt_ends_a_run_within_a_batch():
    program = """
import itertools, signal, virnucpro
# A shell without a terminal lets what it starts in the background ignore the signal.
signal.signal(signal.SIGINT, signal.default_int_handler)
predictor = virnucpro.Predictor(device="cpu", threads=1)
print("ready", flush=True)
try:
    predictor.predict(itertools.repeat("ATGGCAAAC" * 100))
except KeyboardInterrupt:
    print("interrupted", flush=True)
print(predictor.predict("ATGGCAAAC" * 20).rows, flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "ready\n"
        time.sleep(1.0)
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        assert time.monotonic() - start < 5.0
        assert process.stdout.readline() == "1\n"
        assert process.wait() == 0
    finally:
        process.kill()


def test_other_threads_run_while_it_computes(predictor, genomes):
    ticks = 0
    done = threading.Event()

    def tick():
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    predictor.predict(genomes)
    done.set()
    thread.join()
    assert ticks > 10


def test_threads_share_a_predictor(predictor):
    sequences = [open_frame(120, i) for i in range(8)]
    expected = [predictor.predict(text)["p_calibrated"][0] for text in sequences]
    found: list = [None] * len(sequences)

    def work(i):
        for _ in range(5):
            found[i] = predictor.predict(sequences[i])["p_calibrated"][0]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(sequences))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == expected


def test_a_stream_belongs_to_one_thread_at_a_time(predictor):
    stop = threading.Event()

    def slowly():
        yield open_frame(60, 1)
        stop.wait(30)

    core = predictor._runs._core.run(
        (("a", text) for text in slowly()), [], None, 0
    )
    errors = []

    def take():
        try:
            core.next()
        except RuntimeError as error:
            errors.append(str(error))

    first = threading.Thread(target=take)
    first.start()
    time.sleep(0.3)
    take()
    stop.set()
    first.join()
    core.close()
    assert errors == ["another thread waits for this stream already"]


def test_an_abandoned_stream_ends(predictor):
    stream = predictor.stream(open_frame(60, i) for i in range(100_000))
    next(stream)
    before = threading.active_count()
    del stream
    gc.collect()
    assert threading.active_count() <= before
    assert predictor.predict(open_frame(60, 1)).rows == 1


def resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def test_memory_is_flat_over_many_calls(predictor):
    """Every tenth call gives embeddings, tables for Arrow and an error, too."""
    pyarrow = pytest.importorskip("pyarrow")
    embedder = virnucpro.Embedder(device="cpu", threads=1)
    text = open_frame(40, 1)
    expected = predictor.predict(text)["p_calibrated"][0]

    def calls(count):
        for i in range(count):
            result = predictor.predict([("a", text)])
            assert result["p_calibrated"][0] == expected
            if i % 10 == 0:
                pyarrow.table(result.to_arrow())
                embedder.embed([text])
                with pytest.raises(virnucpro.InputError):
                    predictor.predict("/no.fa")

    calls(CALLS // 10)
    gc.collect()
    before = resident()
    calls(CALLS - CALLS // 10)
    gc.collect()
    growth = resident() - before
    print(f"{CALLS} calls: {before / 1e6:.1f} MB, then {growth / 1e6:+.2f} MB")
    assert growth < 8_000_000


def test_a_stream_takes_bounded_memory(predictor):
    bases = sum(len(part["id"]) for part in predictor.stream(open_frame(60, i) for i in range(2000)))
    assert bases == 2000
    before = resident()
    rows = 0
    for part in predictor.stream((str(i), open_frame(60, i % 997)) for i in range(30_000)):
        rows += part.rows
    assert rows == 30_000
    assert resident() - before < 64_000_000
    assert np.isfinite(part["p_calibrated"]).all()
