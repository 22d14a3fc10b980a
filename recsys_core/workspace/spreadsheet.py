"""Excel workbooks that people take away: every text is a text to Excel, never a formula."""

from __future__ import annotations

import datetime as dt
import io
import math
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, BinaryIO
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import to_excel

from recsys_core.errors import LaunchdeskError
from recsys_core.tables.columns import TAG_SEPARATOR
from recsys_core.tables.formulas import is_formula, marked

MAX_ROWS = (1 << 20) - 1
"""Rows that fit below the header."""
MAX_COLUMNS = 1 << 14
MAX_TEXT = 32_767
"""UTF-16 units that Excel keeps in a cell."""

_PIECE_ROWS = 10_000
_WIDTH_ROWS = 200
_NARROWEST, _WIDEST = 8, 50
_FIRST_YEAR = 1900
_EXACT = 10**15
"""Excel keeps 15 digits of a number; whole numbers from here on are written as text."""

_SHEET_PART = "xl/worksheets/sheet1.xml"
_NO_ROWS = re.compile("<sheetData ?/>|<sheetData></sheetData>")
_EXTENT = re.compile('(?<=<dimension )ref="[^"]*"')
# What XML can't hold or changes on reading (a carriage return), and what reads like such a character's written form.
_TO_ESCAPE = re.compile("[\\x00-\\x08\\x0b-\\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_CUT_ESCAPE = re.compile("_(x[0-9A-Fa-f]{0,4})?$")
_NOT_IN_SHEET_NAMES = re.compile("[\\[\\]:*?/\\\\\\x00-\\x1f\\x7f\ud800-\udfff\ufffe\uffff]")


def safe_xlsx(frame: pd.DataFrame, sheet: str = "Sheet1") -> bytes:
    """The frame as an Excel workbook with one sheet; raises LaunchdeskError where it is larger than a sheet can be."""
    file = io.BytesIO()
    write_xlsx(frame, file, sheet)
    return file.getvalue()


def write_xlsx(frame: pd.DataFrame, to: BinaryIO, sheet: str = "Sheet1") -> None:
    """Writes the frame as an Excel workbook with one sheet, its header bold and fixed.

    Numbers and times become Excel's (a time with less than milliseconds stays text); times with a zone are in UTC; lists are joined by "|"; every other value is a text
    as it stands (but ' before a formula is doubled), cut where it is longer than a cell holds. Raises LaunchdeskError where
    the frame is larger than a sheet.
    """
    if len(frame) > MAX_ROWS or frame.shape[1] > MAX_COLUMNS:
        raise LaunchdeskError(
            f"This table has {len(frame):,} rows and {frame.shape[1]:,} columns; an Excel sheet holds at most {MAX_ROWS:,} "
            f"rows below its header and {MAX_COLUMNS:,} columns. Take it as CSV."
        )
    # openpyxl makes all but the rows: it would take a minute for half a million of them, and has text that begins
    # with "=" become a formula.
    empty, styles = _without_rows(frame, sheet)
    with zipfile.ZipFile(empty) as made, zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as book:
        for part in made.namelist():
            if part != _SHEET_PART:
                book.writestr(part, made.read(part))
        head, tail = _NO_ROWS.split(made.read(_SHEET_PART).decode())
        head = _EXTENT.sub(f'ref="A1:{get_column_letter(max(frame.shape[1], 1))}{len(frame) + 1}"', head, count=1)
        with book.open(_SHEET_PART, "w", force_zip64=True) as file:
            file.write(f"{head}<sheetData>".encode())
            for rows in _rows(frame, styles):
                file.write(rows.encode())
            file.write(f"</sheetData>{tail}".encode())


@dataclass(frozen=True)
class _Styles:
    """Numbers of the formats of cells."""

    header: int
    quoted: int
    """Of a text that looks like a formula, so that it stays a text when a person edits it."""
    day: int
    moment: int


def _without_rows(frame: pd.DataFrame, sheet: str) -> tuple[io.BytesIO, _Styles]:
    """A workbook whose sheet has the right name, widths and formats, but no cells."""
    book = Workbook()
    page = book.active
    page.title = _NOT_IN_SHEET_NAMES.sub(" ", sheet).strip(" '")[:31].strip(" '") or "Sheet1"
    page.freeze_panes = "A2"
    for number, name in enumerate(frame.columns):
        shown = [name, *frame.iloc[:_WIDTH_ROWS, number]]
        longest = max(len(line) for value in shown for line in str(value).splitlines() or [""])
        page.column_dimensions[get_column_letter(number + 1)].width = min(max(longest + 2, _NARROWEST), _WIDEST)

    bold, quoted, day, moment = (page.cell(1, column) for column in range(1, 5))
    bold.font = Font(bold=True)
    quoted.quotePrefix = True
    day.number_format = "yyyy-mm-dd"
    moment.number_format = "yyyy-mm-dd hh:mm:ss"
    styles = _Styles(*(cell.style_id for cell in (bold, quoted, day, moment)))
    page.delete_rows(1)
    file = io.BytesIO()
    book.save(file)
    return file, styles


def _rows(frame: pd.DataFrame, styles: _Styles) -> Iterator[str]:
    """The header and the rows as XML, some thousand at a time."""
    columns = [frame.iloc[:, number] for number in range(frame.shape[1])]
    letters = [get_column_letter(number + 1) for number in range(frame.shape[1])]
    timed = [styles.moment if _has_times(column) else styles.day for column in columns]
    yield _row(1, letters, [_string(str(name), styles.header) for name in frame.columns])
    for start in range(0, len(frame), _PIECE_ROWS):
        pieces = [
            _cells(column.iloc[start : start + _PIECE_ROWS], style, styles)
            for column, style in zip(columns, timed, strict=True)
        ]
        yield "".join(_row(row, letters, cells) for row, cells in enumerate(zip(*pieces, strict=True), start=start + 2))


def _row(row: int, letters: list[str], cells: Iterable[str]) -> str:
    inside = "".join(f'<c r="{letter}{row}"{cell}</c>' for letter, cell in zip(letters, cells, strict=True) if cell)
    return f'<row r="{row}">{inside}</row>'


def _has_times(column: pd.Series) -> bool:
    """Whether its times are more than days."""
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        return True
    return bool((column.dt.normalize() != column)[column.notna()].any())


def _cells(column: pd.Series, timed: int, styles: _Styles) -> list[str]:
    """Each value as a cell's XML behind its place, "" for none."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    values: list[Any] = column.tolist()
    if isinstance(column.dtype, np.dtype) and column.dtype == np.float32:
        values = [float(str(value)) for value in column.to_numpy()]  # 0.1, not 0.10000000149011612
    known: dict[str, str] = {}  # a list's values repeat (ids, titles): each distinct one is looked at once
    cells = []
    for value in values:
        if isinstance(value, str):
            cell = known.get(value)
            if cell is None:
                cell = known[value] = _string(value, styles.quoted if is_formula(value) else 0)
        else:
            cell = _cell(value, timed, styles)
        cells.append(cell)
    return cells


def _string(text: str, style: int) -> str:
    if not text:
        return ""
    # Reading takes one ' from it, as our CSV files mark formulas with one.
    text = marked(text) if text.startswith("'") else text
    return f' s="{style}" t="inlineStr"><is><t xml:space="preserve">{escape(_cut(text))}</t></is>'


def _cell(value: Any, timed: int, styles: _Styles) -> str:
    """The cell of a value that isn't text itself."""
    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return f' t="b"><v>{int(value)}</v>'
    if isinstance(value, (int, np.integer)) and abs(int(value)) < _EXACT:
        return f"><v>{int(value)}</v>"
    if isinstance(value, (float, np.floating, Decimal)):
        number = float(value)
        if math.isnan(number):
            return ""
        if math.isfinite(number):
            return f"><v>{number!r}</v>"
    if isinstance(value, dt.datetime):
        value = _in_utc(value)
        if value.year >= _FIRST_YEAR and _is_kept(value):
            moment = value.to_pydatetime() if isinstance(value, pd.Timestamp) else value
            return f' s="{timed}"><v>{to_excel(moment)!r}</v>'
    elif isinstance(value, dt.date) and value.year >= _FIRST_YEAR:
        return f' s="{styles.day}"><v>{to_excel(value)!r}</v>'
    if isinstance(value, (list, tuple, set, frozenset, np.ndarray)):
        value = TAG_SEPARATOR.join(str(item) for item in value)
    text = str(value)
    return _string(text, styles.quoted if is_formula(text) else 0)


def _in_utc(value: dt.datetime) -> dt.datetime:
    """A time without its zone."""
    return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value


def _is_kept(moment: dt.datetime) -> bool:
    """Whether Excel, which tells milliseconds apart but no less, keeps all of it."""
    return moment.microsecond % 1000 == 0 and getattr(moment, "nanosecond", 0) == 0


def _cut(text: str) -> str:
    """A text as the file format writes it, cut to what a cell holds."""
    text = _TO_ESCAPE.sub(lambda match: f"_x{ord(match[0]):04X}_", text)
    if len(text) <= MAX_TEXT // 2 or len(text.encode("utf-16-le")) <= 2 * MAX_TEXT:
        return text
    kept = text.encode("utf-16-le")[: 2 * (MAX_TEXT - 1)].decode("utf-16-le", "ignore")
    return _CUT_ESCAPE.sub("", kept) + "…"
