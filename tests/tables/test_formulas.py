"""The ' before a formula is put there and taken away alike, in Python and in Arrow."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_core.tables.formulas import MARKED, is_formula, marked, unmarked

TEXTS = st.text() | st.text("'=+-@\t\r\n＝＋－＠x", max_size=5)


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_what_begins_a_formula_is_marked(sign: str) -> None:
    assert is_formula(f"{sign}1")
    assert marked(f"{sign}1") == f"'{sign}1"
    assert unmarked(f"'{sign}1") == f"{sign}1"


@pytest.mark.parametrize("text", ["", "1=1", " =1", "'", "''", "'s", "O'=", "a\n=1", "#N/A"])
def test_anything_else_stays(text: str) -> None:
    assert not is_formula(text)
    assert marked(text) == unmarked(text) == text


@given(TEXTS)
def test_a_mark_is_taken_away_again_from_any_text(text: str) -> None:
    assert not is_formula(marked(text))
    assert unmarked(marked(text)) == text
    assert pc.replace_substring_regex(pa.array([marked(text)]), MARKED, r"\1").to_pylist() == [text]
