from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pyarrow as pa
import pytest

from recsys_core.tables import conversion
from recsys_core.tables.columns import Type
from recsys_core.tables.conversion import Converted, convert

NOW = dt.datetime(2026, 6, 1, 12)


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


def test_numbers() -> None:
    cells = ["1", " 2.5 ", "-3", "+4", ".5", "6.", "1e3", ""]
    assert values(cells, "number") == [1, 2.5, -3, 4, 0.5, 6, 1000, None]
    assert bad(cells, "number") == {}


@pytest.mark.parametrize(
    "cell",
    ["inf", "-inf", "nan", "NaN", "1e400", "x", "1,5 2", "0x10", "1_000", "¥ 99", "12 EUR", "１２", "1.2.3", "NA"],
)
def test_what_is_no_number_is_a_problem(cell: str) -> None:
    for others in ([], ["1", ""], ["2.5", "-"]):
        problems = bad([cell, *others], "number")
        assert problems.pop(cell) == conversion.A_NUMBER
        assert values([cell, *others], "number")[0] is None
        assert set(problems) <= {"-"}
    assert bad([cell], "price") == {cell: conversion.A_PRICE}


def test_prices_are_not_negative() -> None:
    cells = ["0", "-0.01", "12.50", "", "abc"]
    assert values(cells, "price") == [0, None, 12.5, None, None]
    assert bad(cells, "price") == {"-0.01": conversion.A_PRICE, "abc": conversion.A_PRICE}


def test_decimal_commas_where_the_column_is_sure() -> None:
    result = converted(["3,50", "1.299,00", "1,299", "7", "-2,5", "", "x"], "number")
    assert result.values.to_pylist() == [3.5, 1299, 1.299, 7, -2.5, None, None]
    assert result.notes == ('The numbers of column have a decimal comma ("3,50") and were read so.',)
    assert values(["3,50", "4,50", "1.299"], "number") == [3.5, 4.5, 1299]
    assert values(["3,50", "-.5", "1.5e3"], "number") == [3.5, -0.5, 1500]


def test_commas_between_thousands_where_the_column_is_sure() -> None:
    result = converted(["1,299.00", "1,299", "12", "0.5", "1,234,567.5"], "number")
    assert result.values.to_pylist() == [1299, 1299, 12, 0.5, 1234567.5]
    assert "commas between thousands" in result.notes[0]


@pytest.mark.parametrize(
    "cells",
    [
        ["1,299", "2,500"],  # a thousand, or one and a bit
        ["3,50", "4.50"],  # two ways in one column
        ["3,50", "1.299", "2.500"],  # most have a decimal point, or one is a slip
        ["1,299.00", "3,50"],
    ],
)
def test_commas_of_unsure_meaning_are_problems(cells: list[str]) -> None:
    result = converted(cells, "number")
    assert result.notes == ()
    assert set(bad(cells, "number")) == {cell for cell in cells if "," in cell}


def test_times() -> None:
    cells = ["2024-03-31", "2024-03-31 14:05", "2024-03-31T14:05:06", " 2024-03-31 14:05:06.25 ", ""]
    assert values(cells, "time") == [
        dt.datetime(2024, 3, 31),
        dt.datetime(2024, 3, 31, 14, 5),
        dt.datetime(2024, 3, 31, 14, 5, 6),
        dt.datetime(2024, 3, 31, 14, 5, 6, 250000),
        None,
    ]


@pytest.mark.parametrize("others", [[], ["2024-03-31"], ["2024-03-31", "x"]])
def test_times_with_a_zone_become_utc(others: list[str]) -> None:
    cells = ["2024-03-31T14:05:00Z", "2024-03-31T14:05:00+02:00", "2024-03-31 00:30:00-0800"]
    expected = [dt.datetime(2024, 3, 31, hour, minute) for hour, minute in ((14, 5), (12, 5), (8, 30))]
    result = converted(cells + others, "time").values
    assert result.to_pylist()[:3] == expected
    assert result.type == pa.timestamp("us")


@pytest.mark.parametrize(
    "cell",
    [
        "0000-00-00",
        "0000-00-00 00:00:00",
        "2024-02-30",
        "2024-13-01",
        "44927",
        "31.12.2023",
        "03/04/2023",
        "2024",
        "now",
    ],
)
def test_what_is_no_time_is_a_problem(cell: str) -> None:
    for others in ([], ["2024-03-31", ""], ["2024-03-31T14:05:00Z"]):
        assert bad([cell, *others], "time") == {cell: conversion.A_TIME}
        assert [value is None for value in values([cell, *others], "time")] == [True] + [not other for other in others]


def test_times_in_the_future_are_problems_with_a_day_of_grace() -> None:
    cells = ["2026-06-01", "2026-06-02 11:59", "2026-06-02 12:01", "2099-01-01", "x"]
    assert bad(cells, "time") == {
        "2026-06-02 12:01": conversion.NOT_IN_FUTURE,
        "2099-01-01": conversion.NOT_IN_FUTURE,
        "x": conversion.A_TIME,
    }
    assert values(cells, "time")[2:] == [None, None, None]


@pytest.mark.parametrize("type_", ["id", "text", "category", "number", "price", "time", "tags"])
def test_columns_in_pieces_and_without_rows(type_: Type) -> None:
    pieces: list[list[list[str]]] = [[], [[]], [["1"], [], ["2"]]]
    for chunks in pieces:
        column = pa.chunked_array(chunks, pa.string())
        assert len(convert(column, type_, "column", now=NOW).values) == len(column)


def test_no_value_is_infinite() -> None:
    cells = ["1e308", "1e309", "-1e309", "179769313486231570000" + "0" * 300]
    assert all(value is None or math.isfinite(value) for value in values(cells, "number"))
    assert set(bad(cells, "number")) == set(cells[1:])


def test_a_launch_may_be_planned_for_the_future() -> None:
    assert bad(["2999-01-01", "soon"], "planned") == {"soon": conversion.A_TIME}
