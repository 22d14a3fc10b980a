from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_core.tables import conversion
from recsys_core.tables.columns import Type
from recsys_core.tables.conversion import Converted, convert
from recsys_core.tables.dates import A_TIME, NOT_IN_FUTURE

NOW = dt.datetime(2026, 6, 1, 12)
NUMBERS: tuple[Type, ...] = ("number", "price")
DATES: tuple[Type, ...] = ("time", "planned")


def converted(cells: list[str], type_: Type) -> Converted:
    return convert(pa.chunked_array([cells], pa.string()), type_, "column", now=NOW)


def values(cells: list[str], type_: Type) -> list[Any]:
    found: list[Any] = converted(cells, type_).values.to_pylist()
    return found


def bad(cells: list[str], type_: Type) -> dict[str, str]:
    """The cells that can't be converted, and what was expected."""
    return {
        cells[at]: expected for mask, expected in converted(cells, type_).problems for at in mask.nonzero()[0].tolist()
    }


def test_ids_are_kept_literally() -> None:
    cells = ["007", "1E5", "NA", " A 1 ", "nan", "茶"]
    assert values(cells, "id") == ["007", "1E5", "NA", "A 1", "nan", "茶"]
    assert converted(cells, "id").notes == ()
    assert bad(["a", "", "\u00a0 "], "id") == {"": conversion.AN_ID, "\u00a0 ": conversion.AN_ID}


def test_ids_that_a_spreadsheet_has_shortened_are_told() -> None:
    result = converted(["1.23E+12", "4,56E+09", "1E5"], "id")
    assert result.values.to_pylist() == ["1.23E+12", "4,56E+09", "1E5"]
    assert result.notes[0].startswith("2 values of column may be numbers that a spreadsheet has shortened")


def test_text_is_kept_literally_and_empty_is_missing() -> None:
    assert values(["NA", "null", " x ", "", "  ", "=1+1"], "text") == ["NA", "null", " x ", None, None, "=1+1"]


def test_categories_are_written_one_way() -> None:
    cells = ["Kitchen>Mugs", "Kitchen  >\tMugs & cups", " > Kitchen > ", "Kitchen > > Mugs", "Kitchen", "", " > "]
    assert values(cells, "category") == [
        "Kitchen > Mugs",
        "Kitchen > Mugs & cups",
        "Kitchen",
        "Kitchen > Mugs",
        "Kitchen",
        None,
        None,
    ]


def test_tags_are_split() -> None:
    assert values(["red| blue |red||", "", "one"], "tags") == [["red", "blue"], [], ["one"]]


def test_prices_are_not_negative() -> None:
    cells = ["0", "-0.01", "12.50", "", "abc"]
    assert values(cells, "price") == [0, None, 12.5, None, None]
    assert bad(cells, "price") == {"-0.01": conversion.A_PRICE, "abc": conversion.A_PRICE}


def test_numbers_and_prices_are_read_as_shops_write_them() -> None:
    for type_ in NUMBERS:
        result = converted(["1.299,00 €", "12,50 €", "-"], type_)
        assert result.values.to_pylist() == [1299, 12.5, None]
        assert result.read_as.startswith("decimal comma and points between thousands, as in “1.299,00 €”")
        assert len(result.notes) == 1
    assert bad(["x"], "number") == {"x": conversion.A_NUMBER}
    negative = converted(["(3,50)", "2,50"], "price")
    assert negative.values.to_pylist() == [None, 2.5]
    assert negative.read_as.startswith("decimal comma, as in “(3,50)”")


def test_a_chosen_decimal_mark_and_order_hold() -> None:
    column = pa.chunked_array([["1.299", "1.299"]], pa.string())
    for type_ in NUMBERS:
        assert convert(column, type_, "column", decimal=",").values.to_pylist() == [1299, 1299]
        assert convert(column, type_, "column", decimal=".").values.to_pylist() == [1.299, 1.299]
    column = pa.chunked_array([["03/04/2024"]], pa.string())
    for type_ in DATES:
        assert convert(column, type_, "column", now=NOW, dates="mdy").values.to_pylist() == [dt.datetime(2024, 3, 4)]
        assert convert(column, type_, "column", now=NOW, dates="dmy").values.to_pylist() == [dt.datetime(2024, 4, 3)]


def test_times_in_the_future_are_problems_with_a_day_of_grace() -> None:
    cells = ["2026-06-01", "2026-06-02 11:59", "2026-06-02 12:01", "2099-01-01", "x"]
    assert bad(cells, "time") == {"2026-06-02 12:01": NOT_IN_FUTURE, "2099-01-01": NOT_IN_FUTURE, "x": A_TIME}
    assert values(cells, "time")[2:] == [None, None, None]


def test_a_launch_may_be_planned_for_the_future() -> None:
    assert bad(["2999-01-01", "soon"], "planned") == {"soon": A_TIME}


TEXTS: tuple[Type, ...] = ("id", "text", "category", "tags")
# What our exports put one ' before, and what they must leave as it is.
MARKED = ["=1+1", "+49", "-5", "@x", "\tx", "\rx", "\nx", "＝1", "＋1", "－1", "＠x"]


@pytest.mark.parametrize("type_", TEXTS)
def test_the_mark_of_text_before_a_formula_sign_goes_once(type_: Type) -> None:
    for text in MARKED:
        for before in ("", "'", "''"):
            kept = converted([f"'{before}{text}"], type_).values.to_pylist()[0]
            plain = before + text if type_ == "text" else (before + text).strip()
            assert kept == ([plain] if type_ == "tags" else plain)
    for text in ("'tis", "''", "'", "' =1", "O'=1", "'1", "x'=1"):
        assert values([text, "'=1"], type_)[0] == ([text] if type_ == "tags" else text)


@given(st.lists(st.text() | st.text("'=+-@\t\r\n＝＋－＠x", max_size=5)))
def test_texts_marked_by_an_export_read_back_equal(texts: list[str]) -> None:
    texts = [text for text in texts if text.strip()]
    cells = [re.sub(r"^(?='*[=+\-@\t\r\n＝＋－＠])", "'", text) for text in texts]
    assert values(cells, "text") == texts


@pytest.mark.parametrize("type_", ["id", "text", "category", "number", "price", "time", "planned", "tags"])
def test_columns_in_pieces_and_without_rows(type_: Type) -> None:
    pieces: list[list[list[str]]] = [[], [[]], [["1"], [], ["2"]]]
    for chunks in pieces:
        column = pa.chunked_array(chunks, pa.string())
        assert len(convert(column, type_, "column", now=NOW).values) == len(column)


def test_a_mark_of_text_before_a_number_or_a_date() -> None:
    for type_, cells, values in (
        ("price", ["'2,50", "3,75"], [2.5, 3.75]),
        ("number", ["'-2.5", "'+3"], [-2.5, 3]),
        ("time", ["'2024-03-31", "2024-04-01"], [dt.datetime(2024, 3, 31), dt.datetime(2024, 4, 1)]),
    ):
        converted = convert(pa.chunked_array([cells]), type_, "x", now=dt.datetime(2026, 1, 1))
        assert (converted.values.to_pylist(), converted.problems) == (values, ())
