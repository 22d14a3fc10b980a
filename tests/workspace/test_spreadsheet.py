import datetime as dt
import io
import re
import zipfile
from decimal import Decimal
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.cell import Cell

from recsys_core.errors import LaunchdeskError
from recsys_core.tables.conversion import convert
from recsys_core.tables.workbook import read_grid
from recsys_core.workspace import spreadsheet
from recsys_core.workspace.spreadsheet import MAX_TEXT, safe_xlsx, write_xlsx


def page(frame: pd.DataFrame) -> Any:
    """The sheet as openpyxl reads it, formulas included."""
    return openpyxl.load_workbook(io.BytesIO(safe_xlsx(frame))).active


def cells(frame: pd.DataFrame) -> list[Cell]:
    """The cells below the header of a frame with one column."""
    return [row[0] for row in page(frame).iter_rows(min_row=2)]


def read_back(frame: pd.DataFrame) -> list[list[str]]:
    return [list(row.values()) for row in read_grid(safe_xlsx(frame), "a.xlsx").table.to_pylist()]


@pytest.mark.parametrize(
    "begin", ["=", "+", "-", "@", "\t=", "\r=", "\n=", "＝", "＋", "－", "＠", "#N/A", "#REF!", "'", "1", "TRUE", "{="]
)
def test_no_text_is_a_formula_whatever_it_begins_with(begin: str) -> None:
    text = begin + 'HYPERLINK("http://a")'
    frame = pd.DataFrame({text: [text, begin]})
    data = safe_xlsx(frame)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in xml
    assert "<f " not in xml
    assert xml.count('t="inlineStr"') == 3
    assert [cell.data_type for cell in cells(frame)] == ["s", "s"]
    assert read_back(frame) == [[text], [text], [begin]]


def test_texts_like_formulas_stay_texts_when_a_person_edits_them() -> None:
    assert [cell.quotePrefix for cell in cells(pd.DataFrame({"a": ["=1", "Tent", "＝1"]}))] == [True, False, True]


def test_values_are_of_their_own_types() -> None:
    frame = pd.DataFrame(
        {
            "number": [1, 2],
            "share": [0.25, np.nan],
            "small": np.array([0.1, 2], dtype=np.float32),
            "known": [True, False],
            "day": pd.to_datetime(["2024-03-31", None]),
            "moment": pd.to_datetime(["2024-03-31 14:05:00", "2024-04-01 00:00:00"]),
            "category": pd.Categorical(["Tents", None]),
            "stock": pd.array([3, None], dtype="Int64"),
            "mixed": [Decimal("12.5"), dt.date(2024, 3, 31)],
            "tags": [["a", "b"], np.array(["c"])],
        }
    )
    sheet = page(frame)
    assert [cell.value for cell in sheet[1]] == list(frame)
    assert [cell.value for cell in sheet[2]] == [
        1, 0.25, 0.1, True, dt.datetime(2024, 3, 31), dt.datetime(2024, 3, 31, 14, 5), "Tents", 3, 12.5, "a|b",
    ]  # fmt: skip
    assert [cell.value for cell in sheet[3]] == [
        2, None, 2, False, None, dt.datetime(2024, 4, 1), None, None, dt.datetime(2024, 3, 31), "c",
    ]  # fmt: skip
    assert [sheet[place].number_format for place in ("A2", "E2", "F2", "F3", "G2")] == [
        "General", "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "yyyy-mm-dd hh:mm:ss", "General",
    ]  # fmt: skip


def test_what_excel_has_no_number_or_date_for_is_text() -> None:
    values = [
        np.inf,
        -np.inf,
        4006381333931,
        12345678901234567890,
        dt.datetime(1850, 1, 1),
        dt.date(1899, 12, 31),
        pd.NA,
        b"x",
    ]
    assert [cell.value for cell in cells(pd.DataFrame({"a": pd.Series(values, dtype=object)}))] == [
        "inf", "-inf", 4006381333931, "12345678901234567890", "1850-01-01 00:00:00", "1899-12-31", None, "b'x'",
    ]  # fmt: skip


def test_times_with_a_zone_are_in_utc() -> None:
    frame = pd.DataFrame({"a": pd.to_datetime(["2024-03-31 14:05:00.123"]).tz_localize("Asia/Tokyo")})
    assert read_back(frame)[1] == ["2024-03-31 05:05:00.123"]


def test_times_with_less_than_milliseconds_are_text_and_lose_nothing() -> None:
    told = ["2024-03-31 14:05:00.123456", "2024-03-31 14:05:00.123000", "2024-03-31 14:05:00.000001"]
    frame = pd.DataFrame({"a": pd.to_datetime(told), "b": pd.to_datetime(told).tz_localize("Asia/Tokyo")})
    grid = read_grid(safe_xlsx(frame), "a.xlsx").table.slice(1)
    assert grid.column(0).to_pylist() == [told[0], "2024-03-31 14:05:00.123", told[2]]
    for number, hours in ((0, 0), (1, 9)):
        read = convert(grid.column(number), "time", "a").values.to_pylist()
        assert read == [dt.datetime.fromisoformat(text) - dt.timedelta(hours=hours) for text in told]
    finer = pd.DataFrame({"a": pd.to_datetime(["2024-03-31 14:05:00.123000789"])})
    assert read_back(finer)[1] == ["2024-03-31 14:05:00.123000789"]


def test_the_header_is_bold_and_stays_in_sight_and_columns_are_wide_enough() -> None:
    sheet = page(pd.DataFrame({"id": ["a"], "title": ["A tent for two people"], "description": ["word " * 100]}))
    assert [cell.font.bold for cell in sheet[1]] == [True, True, True]
    assert not any(cell.font.bold for cell in sheet[2])
    assert sheet.freeze_panes == "A2"
    assert [sheet.column_dimensions[letter].width for letter in "ABC"] == [8, 23, 50]


def test_characters_that_xml_cannot_hold_come_back() -> None:
    text = "a\x01\x0b\x1f\r\n\tb\ufffe\uffff_x000D_ _x005F_ _x000d_ _x12_ 😀"
    assert read_back(pd.DataFrame({text: [text, "_", "x_", "__x0041__"]})) == [
        [text],
        [text],
        ["_"],
        ["x_"],
        ["__x0041__"],
    ]
    half = pd.Series(["\ud83d half"], dtype=object)
    assert read_back(pd.DataFrame({"a": half})) == [["a"], ["\ufffd half"]]


@pytest.mark.parametrize("piece", ["a", "é", "😀", "\x01", "_x000D_", "=", "ab_x"])
def test_texts_are_cut_where_excel_would_refuse_them(piece: str) -> None:
    longest = piece * (40_000 // len(piece))
    (cell,) = cells(pd.DataFrame({"a": [longest]}))
    assert len(cell.value.encode("utf-16-le")) // 2 <= MAX_TEXT
    back = read_back(pd.DataFrame({"a": [longest]}))[1][0]
    assert back[-1] == "…"
    assert longest.startswith(back[:-1])
    assert len(back) > 3_000


def test_a_text_that_just_fits_is_whole() -> None:
    assert read_back(pd.DataFrame({"a": ["x" * MAX_TEXT]}))[1] == ["x" * MAX_TEXT]


@pytest.mark.parametrize(
    ("sheet", "title"), [("A/B: [x]*?", "A B   x"), ("'x'", "x"), ("", "Sheet1"), ("é" * 40, "é" * 31)]
)
def test_a_sheet_name_is_one_that_excel_takes(sheet: str, title: str) -> None:
    assert openpyxl.load_workbook(io.BytesIO(safe_xlsx(pd.DataFrame({"a": [1]}), sheet))).sheetnames == [title]


def test_what_is_larger_than_a_sheet_goes_as_csv(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = pd.DataFrame(np.zeros((1, 16_385)))
    with pytest.raises(LaunchdeskError, match=r"1 rows and 16,385 columns; .* Take it as CSV"):
        safe_xlsx(wide)
    with pytest.raises(
        LaunchdeskError, match=r"1,048,576 rows and 1 columns; an Excel sheet holds at most 1,048,575 rows"
    ):
        safe_xlsx(pd.DataFrame({"a": np.zeros(1_048_576)}))
    monkeypatch.setattr(spreadsheet, "MAX_ROWS", 3)
    assert len(read_back(pd.DataFrame({"a": [1, 2, 3]}))) == 4


def test_columns_of_one_name_and_a_frame_without_rows_are_written() -> None:
    frame = pd.DataFrame([["a", "b"]], columns=["x", "x"])
    assert read_back(frame) == [["x", "x"], ["a", "b"]]
    assert read_back(frame.iloc[:0]) == [["x", "x"]]


def test_a_file_is_written_in_place() -> None:
    frame = pd.DataFrame({"a": [1]})
    file = io.BytesIO()
    write_xlsx(frame, file, "Audience")
    assert read_grid(file, "a.xlsx").sheet == "Audience"


# NUL is no text to any reader here, and half a character comes back as U+FFFD.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=30)
LIKE_ESCAPES = st.text(st.sampled_from("_x0D5F=\r\n"), max_size=20)


@settings(max_examples=200, deadline=None)
@given(st.lists(TEXTS | LIKE_ESCAPES, min_size=1, max_size=8), TEXTS)
def test_any_texts_come_back(values: list[str], name: str) -> None:
    # A column that is filled keeps each row, so that blank texts are there to compare.
    rows = read_back(pd.DataFrame({name: values, "filled": "x"}))
    name, *values = (f"'{text}" if re.match("'+[=+\\-@\t\r\n＝＋－＠]", text) else text for text in (name, *values))
    assert rows == [[name, "filled"], *([value, "x"] for value in values)]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**20), 10**20) | st.none(),
        min_size=1,
        max_size=8,
    )
)
def test_any_numbers_come_back(values: list[float | int | None]) -> None:
    rows = read_back(pd.DataFrame({"a": pd.Series(values, dtype=object), "filled": "x"}))
    for (text, _), value in zip(rows[1:], values, strict=True):
        if isinstance(value, float):
            assert float(text) == value
        else:
            assert text == ("" if value is None else str(value))


MOMENTS = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(9999, 12, 31))
MOMENTS |= MOMENTS.map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000))


@settings(max_examples=200, deadline=None)
@given(st.lists(MOMENTS, min_size=1, max_size=8))
def test_any_times_come_back(values: list[dt.datetime]) -> None:
    rows = read_back(pd.DataFrame({"a": pd.Series(values, dtype=object), "b": [value.date() for value in values]}))
    for (moment, day), value in zip(rows[1:], values, strict=True):
        assert dt.datetime.fromisoformat(moment) == value
        assert day == value.date().isoformat()
