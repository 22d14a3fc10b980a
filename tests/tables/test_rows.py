"""Equal rows are found as pandas finds them, whatever is in them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.pandas import column, data_frames, range_indexes

from recsys_core.tables.difference import arrow
from recsys_core.tables.rows import is_in, repeated, row_codes

ROWS = data_frames(
    [
        column("text", elements=st.sampled_from(["a", "b", "", None, "A "]), dtype=object),
        column("number", elements=st.sampled_from([0.0, -0.0, 1.5, -1.0, np.nan, 1e300]), dtype=float),
        column("count", elements=st.integers(-2, 2), dtype=np.int32),
        column("time", elements=st.sampled_from([0, 1, 10**15]), dtype=np.int64),
    ],
    index=range_indexes(min_size=1, max_size=30),
)


@given(ROWS)
def test_equal_rows(frame: pd.DataFrame) -> None:
    frame = frame.assign(text=frame["text"].astype("str"), time=pd.to_datetime(frame["time"], unit="us"))
    columns = arrow(frame).columns
    expected = frame.duplicated().to_numpy()
    assert repeated(columns).tolist() == expected.tolist()
    assert pd.Series(row_codes(columns)).duplicated().tolist() == expected.tolist()


def test_rows_that_only_have_the_same_mark_are_no_repeats(monkeypatch) -> None:
    monkeypatch.setattr("recsys_core.tables.rows._mark", lambda column: np.zeros(len(column), dtype=np.uint64))
    columns = arrow(pd.DataFrame({"a": ["x", "y", "x"]})).columns
    assert repeated(columns).tolist() == [False, False, True]


def test_known_ids() -> None:
    ids = pd.Series(["a", None, "c", "1"], dtype="str")
    assert is_in(ids, pd.Series(["c", "a", 1])).tolist() == [True, False, True, True]
