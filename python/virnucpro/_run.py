"""Predictor and Embedder: loaded models, and runs with them."""

from __future__ import annotations

import threading
from typing import Any, Callable, Iterator, NamedTuple, Optional

import numpy as np

from . import _core
from ._input import SequencesLike, source_of
from ._table import Column, Table, joined
from .errors import ConfigError

_FRAMES = np.array(["F1", "F2", "F3", "R1", "R2", "R3"])
_STATUS = np.array(["scored", "no_orf", "too_short", "failed"])


class Progress(NamedTuple):
    """Counters since the start of a run; none ever falls."""

    sequences_read: int
    bases_read: int
    frames_found: int
    frames_computed: int
    sequences_finished: int
    seconds: float


ProgressCallback = Callable[[Progress], object]


class Predictions(Table):
    """One row per sequence: the columns of the program's ``contigs.tsv``.

    ``sequence`` (number in the input, from 0), ``id``, ``length``, ``chunks``, ``scored_chunks``,
    ``frames``, ``viral_chunks``, ``mean_p_virus``, ``max_p_virus``, ``p_calibrated``, ``is_virus``,
    ``status`` (scored, no_orf, too_short, failed), ``reason``. What is absent is NaN.

    ``frames_table`` has one row per reading frame: ``sequence``, ``chunk``, ``start``, ``end`` (of
    the chunk), ``frame`` (F1 to R3), ``read_start``, ``read_end`` (what was read), ``is_run``,
    ``p_virus``, ``p_calibrated`` (of the chunk), ``is_virus``.
    """

    def __init__(self, sequences: dict[str, Column], frames: dict[str, Column]) -> None:
        super().__init__({**sequences, "status": _STATUS[sequences["status"]]})
        self.frames_table = Table({**frames, "frame": _FRAMES[frames["frame"]]})


class Embeddings(dict):
    """``dnabert_s`` and ``esm2``: float32 arrays, a row per frame; ``frames``: their places.

    ``frames`` is a Table of ``sequence``, ``chunk``, ``start``, ``end``, ``frame``, ``read_start``,
    ``read_end`` and ``is_run``; ``sequences`` one of ``sequence``, ``id`` and ``length``.
    """

    dnabert_s: np.ndarray
    esm2: np.ndarray
    frames: Table
    sequences: Table

    def __init__(self, block: dict[str, Any]) -> None:
        frames = block["frames"]
        super().__init__(
            dnabert_s=block["dnabert_s"],
            esm2=block["esm2"],
            frames=Table({**frames, "frame": _FRAMES[frames["frame"]]}),
            sequences=Table(block["sequences"]),
        )

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class _Runs:
    """The runs of one model. A run of another thread is waited for; one of this thread, which could
    never end, is refused."""

    def __init__(self, core: Any) -> None:
        self._core = core
        self._open: set[int] = set()

    def blocks(
        self, given: SequencesLike, progress: Optional[ProgressCallback]
    ) -> Iterator[dict[str, Any]]:
        thread = threading.get_ident()
        if thread in self._open:
            raise ConfigError(
                "a stream of the same object is still open in this thread: take all of it, or "
                "close it"
            )
        self._open.add(thread)
        stream = None
        try:
            source = source_of(given)
            call = None if progress is None else lambda *counts: progress(Progress(*counts))
            stream = self._core.run(source.sequences, source.paths, call, source.most_bases)
            while (block := stream.next()) is not None:
                yield block
        finally:
            if stream is not None:
                stream.close()
            self._open.discard(thread)


class _Model:
    _runs: _Runs

    @property
    def warnings(self) -> list[str]:
        """What the user should know of the choice of devices and precision."""
        return list(self._runs._core.warnings())

    @property
    def device(self) -> str:
        """``cpu``, ``cuda:0,1``."""
        return str(self._runs._core.device())

    @property
    def expected_length(self) -> int:
        """Bases of a chunk."""
        return int(self._runs._core.expected_length())


class Predictor(_Model):
    """Loaded models that make calls.

    Thread-safe: several threads may use one predictor, and take turns. Calls do not hold the GIL
    while they compute; Ctrl-C ends them within parts of a batch.

    :param bundle: name of an embedded or pulled bundle, or the path of a bundle's folder
    :param expected_length: chunk length in bases, 300 or 500; None: the only one of the bundle
    :param device: ``auto``, ``cpu``, ``cuda``, ``cuda:0,1`` ...
    :param precision: ``fp16``, ``bf16``, ``int8``, ``fp8``, ``fp32``; None: fp16
    :param threads: of the CPU; 0: every processor that the process may use
    :param frames: ``open``, ``longest``, ``longest-two``; None: as the bundle says
    :param genetic_code: NCBI's number
    :param batch_tokens: tokens of a batch; 0: by the free memory. Results do not depend on it.
    :param calls: ``bundle``, ``published``, ``conservative``, ``relaxed``
    :param prevalence: the share of viruses that ``p_calibrated`` assumes
    :raises Error: one of :mod:`virnucpro.errors`
    """

    def __init__(
        self,
        bundle: str = "mini",
        expected_length: Optional[int] = 500,
        device: str = "auto",
        precision: Optional[str] = None,
        threads: int = 0,
        *,
        frames: Optional[str] = None,
        genetic_code: int = 1,
        batch_tokens: int = 0,
        calls: str = "bundle",
        prevalence: float = 0.5,
    ) -> None:
        self._runs = _Runs(
            _core.Predictor(
                str(bundle),
                expected_length or 0,
                device,
                threads,
                precision or "",
                frames or "",
                genetic_code,
                batch_tokens,
                calls,
                prevalence,
            )
        )

    def predict(
        self, paths_or_sequences: SequencesLike, *, progress: Optional[ProgressCallback] = None
    ) -> Predictions:
        """All calls at once. See :func:`virnucpro.predict` for what may be given."""
        blocks = list(self._runs.blocks(paths_or_sequences, progress))
        return Predictions(
            joined([block["sequences"] for block in blocks]),
            joined([block["frames"] for block in blocks]),
        )

    def stream(
        self, paths_or_sequences: SequencesLike, *, progress: Optional[ProgressCallback] = None
    ) -> Iterator[Predictions]:
        """The same in parts of some thousand rows, in bounded memory.

        The frames of a sequence may come in earlier parts than its own row. Closing the generator
        stops the run.
        """
        for block in self._runs.blocks(paths_or_sequences, progress):
            yield Predictions(block["sequences"], block["frames"])


class Embedder(_Model):
    """Loaded encoders. Parameters and threads: as :class:`Predictor`."""

    def __init__(
        self,
        bundle: str = "mini",
        expected_length: Optional[int] = 500,
        device: str = "auto",
        precision: Optional[str] = None,
        threads: int = 0,
        *,
        frames: Optional[str] = None,
        genetic_code: int = 1,
        batch_tokens: int = 0,
    ) -> None:
        self._runs = _Runs(
            _core.Embedder(
                str(bundle),
                expected_length or 0,
                device,
                threads,
                precision or "",
                frames or "",
                genetic_code,
                batch_tokens,
            )
        )

    @property
    def dnabert_s_width(self) -> int:
        return int(self._runs._core.dnabert_s_width())

    @property
    def esm2_width(self) -> int:
        return int(self._runs._core.esm2_width())

    def embed(
        self, paths_or_sequences: SequencesLike, *, progress: Optional[ProgressCallback] = None
    ) -> Embeddings:
        """The embeddings of all frames, those that ``virnucpro embed`` writes.

        An iterator is read as it is needed; the result alone grows with it.
        """
        blocks = list(self._runs.blocks(paths_or_sequences, progress))
        return Embeddings(
            {
                "dnabert_s": np.concatenate([block["dnabert_s"] for block in blocks]),
                "esm2": np.concatenate([block["esm2"] for block in blocks]),
                "frames": joined([block["frames"] for block in blocks]),
                "sequences": joined([block["sequences"] for block in blocks]),
            }
        )

    def stream(
        self, paths_or_sequences: SequencesLike, *, progress: Optional[ProgressCallback] = None
    ) -> Iterator[Embeddings]:
        """The same in parts of some thousand frames, in bounded memory.

        ``sequences`` of a part are those that begin in it, or in an earlier one without frames.
        """
        for block in self._runs.blocks(paths_or_sequences, progress):
            yield Embeddings(block)


def predict(
    paths_or_sequences: SequencesLike,
    bundle: str = "mini",
    expected_length: Optional[int] = 500,
    device: str = "auto",
    precision: Optional[str] = None,
    threads: int = 0,
    *,
    progress: Optional[ProgressCallback] = None,
    **options: Any,
) -> Predictions:
    """Calls the sequences of files or from memory with models that are loaded for this call.

    ``paths_or_sequences``: the path of a file that the program reads (FASTA, FASTQ, SAM, BAM,
    CRAM, compressed or not), a sequence, a mapping from ids to sequences, or an iterable of paths or
    of sequences. A sequence is a ``str`` or ``bytes``, a pair ``(id, sequence)``, or an object with
    ``.id`` and ``.seq``. A ``str`` of nothing but letters, ``*``, ``-`` and white space is a
    sequence; any other is a path, and so is every :class:`os.PathLike`.

    ``progress`` is called with a :class:`Progress`, at most five times a second, in this thread.
    Other parameters: as :class:`Predictor`, which is better for many calls.
    """
    predictor = Predictor(bundle, expected_length, device, precision, threads, **options)
    return predictor.predict(paths_or_sequences, progress=progress)
