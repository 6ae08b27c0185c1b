"""Columns of results: NumPy arrays by name, and a table for every Arrow library."""

from __future__ import annotations

from typing import Any, Iterator, Mapping, Sequence, Union

import numpy as np

from . import _core

Column = Union[np.ndarray, list]

# Arrow's names of the types that columns have.
_FORMATS = {"uint64": "L", "uint8": "C", "float32": "f", "float64": "g"}


class Table(Mapping[str, Column]):
    """Columns of equal length by their names. A column is a NumPy array, or a list of ``str``.

    It is a mapping, and any Arrow library takes it without a copy of its numbers:
    ``pyarrow.table(t)``, ``polars.DataFrame(t)``. Immutable, so safe to share between threads.
    """

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self._columns = dict(columns)
        lengths = {len(column) for column in self._columns.values()}
        if len(lengths) > 1:
            raise ValueError(f"columns of different lengths: {sorted(lengths)}")
        self._rows = lengths.pop() if lengths else 0

    def __getitem__(self, name: str) -> Column:
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    @property
    def rows(self) -> int:
        """The length of every column."""
        return self._rows

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._rows} rows of {', '.join(self._columns)}>"

    def to_pandas(self) -> Any:
        """A ``pandas.DataFrame``; pandas is imported here and nowhere else."""
        import pandas

        return pandas.DataFrame(dict(self._columns))

    def to_arrow(self) -> "ArrowTable":
        """The table for Arrow libraries: what they import through the PyCapsule interface."""
        return ArrowTable(self._columns, self._rows)

    def __arrow_c_schema__(self) -> object:
        return self.to_arrow().__arrow_c_schema__()

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple:
        return self.to_arrow().__arrow_c_array__(requested_schema)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.to_arrow().__arrow_c_stream__(requested_schema)


class ArrowTable:
    """Holds the buffers of a table and hands them out in Arrow's C data interface.

    Missing probabilities (NaN) are nulls. A consumer keeps what it needs alive by itself.
    """

    def __init__(self, columns: Mapping[str, Column], rows: int) -> None:
        self._columns = [_arrow_column(name, column) for name, column in columns.items()]
        self._rows = rows

    # The form is always that of the columns: a consumer that requests another casts by itself, as
    # the interface allows.
    def __arrow_c_schema__(self) -> object:
        return _core.arrow_schema(self._columns)

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple:
        return _core.arrow_array(self._columns, self._rows)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return _core.arrow_stream(self._columns, self._rows)


def _bits(flags: np.ndarray) -> np.ndarray:
    return np.packbits(flags, bitorder="little")


def _arrow_column(name: str, column: Column) -> tuple:
    """(name, format, buffers) for the extension; the first buffer says which values are there."""
    if isinstance(column, list) or column.dtype.kind in "OU":
        texts = [str(text).encode("utf-8") for text in column]
        offsets = np.zeros(len(texts) + 1, dtype=np.int64)
        np.cumsum([len(text) for text in texts], out=offsets[1:])
        return (name, "U", [None, offsets, b"".join(texts)])
    values = np.ascontiguousarray(column)
    if values.dtype == np.bool_:
        return (name, "b", [None, _bits(values)])
    validity = None
    if values.dtype.kind == "f":
        missing = np.isnan(values)
        if missing.any():
            validity = _bits(~missing)
    return (name, _FORMATS[values.dtype.name], [validity, values])


def joined(parts: Sequence[Mapping[str, Column]]) -> dict[str, Column]:
    """The columns of all parts one after the other."""
    if len(parts) == 1:
        return dict(parts[0])
    columns: dict[str, Column] = {}
    for name, first in parts[0].items():
        if isinstance(first, list):
            columns[name] = [text for part in parts for text in part[name]]
        else:
            columns[name] = np.concatenate([part[name] for part in parts])
    return columns
