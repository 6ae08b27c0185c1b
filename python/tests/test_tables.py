"""Tables for pandas and for Arrow libraries."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from conftest import open_frame


@pytest.fixture(scope="module")
def calls(predictor):
    return predictor.predict({"ä\t": open_frame(100, 1), "short": "TA", "z": open_frame(300, 2)})


def test_pandas_has_the_columns(calls):
    pandas = pytest.importorskip("pandas")
    frame = calls.to_pandas()
    assert list(frame.columns) == list(calls)
    assert frame["id"].tolist() == ["ä\t", "short", "z"]
    assert isinstance(calls.frames_table.to_pandas(), pandas.DataFrame)


def test_arrow_takes_columns_with_nulls_flags_and_text(calls):
    pyarrow = pytest.importorskip("pyarrow")
    for given in (calls, calls.to_arrow()):
        table = pyarrow.table(given)
        table.validate(full=True)
        assert table.column_names == list(calls)
        assert table["id"].to_pylist() == ["ä\t", "short", "z"]
        assert table["status"].to_pylist() == ["scored", "too_short", "scored"]
        assert table["is_virus"].to_pylist() == calls["is_virus"].tolist()
        assert table["p_calibrated"].null_count == 1
        assert table["p_calibrated"].to_pylist()[1] is None
        np.testing.assert_array_equal(table["length"].to_numpy(), calls["length"])
    batch = pyarrow.record_batch(calls.frames_table)
    batch.validate(full=True)
    assert batch.num_rows == calls.frames_table.rows
    assert pyarrow.schema(calls.to_arrow()).names == list(calls)


def test_arrow_outlives_the_result(predictor):
    pyarrow = pytest.importorskip("pyarrow")
    result = predictor.predict([open_frame(100, i) for i in range(20)])
    expected = result["p_calibrated"].tolist()
    table = pyarrow.table(result)
    column = table["p_calibrated"]
    del result, table
    assert column.to_pylist() == expected


def test_arrow_of_nothing(predictor):
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table(predictor.predict([]))
    table.validate(full=True)
    assert table.num_rows == 0


def test_neither_pandas_nor_pyarrow_is_imported():
    program = (
        "import sys, virnucpro; virnucpro.predict('ATGGCAAAC' * 20, device='cpu').to_arrow()"
        ".__arrow_c_stream__(); print([m for m in ('pandas', 'pyarrow') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert result.stdout == "[]\n"
