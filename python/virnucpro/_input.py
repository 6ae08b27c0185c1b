"""What users hand in: paths of files, or sequences in one of several forms."""

from __future__ import annotations

import itertools
import os
import re
from typing import Any, Iterable, Iterator, Mapping, Optional, Union

from .errors import ConfigError

# str or bytes, (id, bases), or an object with .id and .seq, as Biopython's SeqRecord.
SequenceLike = Union[str, bytes, tuple, Any]
SequencesLike = Union[str, os.PathLike, Mapping[str, SequenceLike], Iterable[SequenceLike]]

# Letters, gaps and stops: what text without any other character is a sequence, never a path.
_BASES = re.compile(r"[A-Za-z*\-\s]*\Z")


class Source:
    """Either paths or an iterator over pairs (id, bases), and the number of bases if it is known."""

    def __init__(
        self,
        paths: list[str],
        sequences: Optional[Iterator[tuple]],
        most_bases: int,
    ) -> None:
        self.paths = paths
        self.sequences = sequences
        self.most_bases = most_bases


def _is_path(item: object) -> bool:
    return isinstance(item, os.PathLike) or (isinstance(item, str) and not _BASES.match(item))


def _path(item: object) -> str:
    if not _is_path(item):
        raise ConfigError(f"{item!r}: paths and sequences cannot be mixed in one call")
    return os.fspath(item)  # type: ignore[arg-type]


def _pair(number: int, item: SequenceLike) -> tuple:
    if isinstance(item, (str, bytes)):
        if _is_path(item):
            raise ConfigError(f"{item!r}: paths and sequences cannot be mixed in one call")
        return (f"sequence_{number + 1}", item)
    if isinstance(item, tuple) and len(item) == 2:
        name, bases = item
    elif hasattr(item, "id") and hasattr(item, "seq"):
        name, bases = item.id, item.seq
    else:
        raise ConfigError(
            f"{type(item).__name__}: expected a sequence (str or bytes), a pair (id, sequence), an "
            "object with .id and .seq, or the path of a file"
        )
    if not isinstance(bases, (str, bytes)):
        bases = bytes(bases) if isinstance(bases, (bytearray, memoryview)) else str(bases)
    return (name if isinstance(name, (str, bytes)) else str(name), bases)


def _pairs(items: Iterable[SequenceLike]) -> Iterator[tuple]:
    for number, item in enumerate(items):
        yield _pair(number, item)


def source_of(given: SequencesLike) -> Source:
    """Tells paths from sequences. An iterator is read no further than its first item."""
    if isinstance(given, (str, bytes, os.PathLike)):
        given = [given]
    if isinstance(given, Mapping):
        given = list(given.items())
    most_bases = 0
    if isinstance(given, (list, tuple)):
        given = list(given)
        if not (given and _is_path(given[0])):
            pairs = list(_pairs(given))
            # One more, because 0 stands for an unknown number.
            return Source([], iter(pairs), 1 + sum(len(bases) for _, bases in pairs))
    items = iter(given)
    first = list(itertools.islice(items, 1))
    if first and _is_path(first[0]):
        return Source([_path(item) for item in itertools.chain(first, items)], None, most_bases)
    return Source([], _pairs(itertools.chain(first, items)), most_bases)
