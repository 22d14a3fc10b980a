"""The cells of a sheet of an Excel workbook as text: what a person sees in them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import zip_longest
from typing import Any
from xml.etree.ElementTree import Element, fromstring, iterparse

import pyarrow as pa
from openpyxl.styles.numbers import builtin_format_code, is_date_format, is_timedelta_format
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.utils.datetime import from_excel, from_ISO8601
from openpyxl.xml.constants import SHEET_MAIN_NS

from recsys_core.errors import InvalidTable
from recsys_core.tables.columns import MAX_COLUMNS

LIMIT_TEXT = 2 << 30
"""How many characters the cells of a sheet may have together; a text that repeats is stored once in the file."""
MAX_ROWS = 1 << 20
"""The rows of the largest sheet that Excel has."""

_PIECE_ROWS = 10_000
_PIECE_CELLS = 500_000
_PIECE_TEXT = 32 << 20

_MAIN = f"{{{SHEET_MAIN_NS}}}"
_ROW, _CELL, _DATA = f"{_MAIN}row", f"{_MAIN}c", f"{_MAIN}sheetData"
_VALUE, _FORMULA, _INLINE = f"{_MAIN}v", f"{_MAIN}f", f"{_MAIN}is"
STRING, _TEXT, _RUN = f"{_MAIN}si", f"{_MAIN}t", f"{_MAIN}r"

_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_SURROGATE = re.compile("[\ud800-\udfff]")
_WHOLE = re.compile("-?[0-9]+")
_IN_FULL = 1e21
"""Whole numbers below this are written with all their digits."""


def damaged(name: str, where: str = "") -> InvalidTable:
    return InvalidTable(
        f"{name} is damaged and can't be read as a workbook{where}. Open it in Excel or LibreOffice, save it as an Excel "
        "workbook (.xlsx), and use that."
    )


def text_of(element: Element) -> str:
    """The text of a plain or formatted string, without the pronunciation that Japanese files give."""
    if len(element) == 1 and element[0].tag == _TEXT:
        return _unescaped(element[0].text or "")
    pieces = []
    for child in element:
        if child.tag == _TEXT:
            pieces.append(child.text or "")
        elif child.tag == _RUN:
            pieces += [text.text or "" for text in child.iterfind(_TEXT)]
    return _unescaped("".join(pieces))


def _unescaped(text: str) -> str:
    """“_x000D_” as the character it stands for; half a character (a lone surrogate) as U+FFFD."""
    if "_x" not in text:
        return text
    text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


@dataclass(frozen=True)
class Formats:
    """The styles, by number, that make something else of a number."""

    dates: frozenset[int]
    durations: frozenset[int]
    digits: dict[int, int]
    """How many digits a style of zeros only shows at least: 00000 makes 00123 of 123."""


def formats_of(styles: bytes | None) -> Formats:
    """Only what is needed here: many programs write colours and borders that openpyxl's own reading refuses."""
    if styles is None:
        return Formats(frozenset(), frozenset(), {})
    root = fromstring(styles)
    custom = {
        int(entry.get("numFmtId", "0")): entry.get("formatCode", "")
        for entry in root.iterfind(f"{_MAIN}numFmts/{_MAIN}numFmt")
    }
    numbers = [int(entry.get("numFmtId", "0")) for entry in root.iterfind(f"{_MAIN}cellXfs/{_MAIN}xf")]
    codes = [custom.get(number) or builtin_format_code(number) or "" for number in numbers]
    return Formats(
        frozenset(style for style, code in enumerate(codes) if is_date_format(code)),
        frozenset(style for style, code in enumerate(codes) if is_timedelta_format(code)),
        {style: len(code) for style, code in enumerate(codes) if re.fullmatch("0{2,40}", code)},
    )


@dataclass
class _Counted:
    """Cells of a kind: how many, and the first."""

    count: int = 0
    first: str = ""

    def add(self, row: int, column: int) -> None:
        self.first = self.first or _place(row, column)
        self.count += 1

    def said(self, what: str) -> str:
        """“1 cell with … (B7)” or “3 cells with … (the first is B7)”."""
        if self.count == 1:
            return f"1 cell with {what} ({self.first})"
        return f"{self.count:,} cells with {what} (the first is {self.first})"


@dataclass
class SheetReader:
    """Reads the rows of one sheet and keeps them as Arrow columns, a piece at a time."""

    name: str
    sheet: str
    strings: list[str]
    formats: Formats
    epoch: dt.datetime
    rows: list[int] = field(default_factory=list)
    errors: _Counted = field(default_factory=_Counted)
    """Cells that hold an error."""
    unsolved: _Counted = field(default_factory=_Counted)
    """Cells with a formula whose result isn't in the file."""
    _pieces: list[list[pa.Array]] = field(default_factory=list)
    _waiting: list[list[str]] = field(default_factory=list)
    _width: int = 0
    _waiting_text: int = 0
    _text: int = 0

    def read(self, part: Any) -> None:
        for row, texts in self._rows(part):
            self.rows.append(row)
            self._waiting.append(texts)
            self._width = max(self._width, len(texts))
            self._waiting_text += sum(map(len, texts))
            if (
                len(self._waiting) >= _PIECE_ROWS
                or len(self._waiting) * self._width >= _PIECE_CELLS
                or self._waiting_text >= _PIECE_TEXT
            ):
                self._close_piece()
        self._close_piece()

    def _rows(self, part: Any) -> Iterator[tuple[int, list[str]]]:
        """The rows that have text, by their numbers, without empty cells at their ends."""
        row = 0
        for _, element in iterparse(part):
            if element.tag == _ROW:
                number = int(float(element.get("r") or row + 1))
                if not row < number <= MAX_ROWS:
                    raise damaged(self.name, f": row {number:,} follows row {row:,} of sheet “{self.sheet}”")
                row = number
                texts = self._texts(element, row)
                element.clear()
                part.since = 0
                if texts:
                    yield row, texts
            elif element.tag == _DATA:
                return

    def _texts(self, element: Element, row: int) -> list[str]:
        texts: list[str] = []
        column = 0
        for cell in element:
            if cell.tag != _CELL:
                continue
            place = cell.get("r")
            column = column_index_from_string(place.rstrip("0123456789")) if place else column + 1
            if not len(cell):
                continue  # only a format
            try:
                text = self._cell(cell, row, column)
            except (ValueError, IndexError, OverflowError):
                where = f": cell {_place(row, column)} of sheet “{self.sheet}” holds what is no value"
                raise damaged(self.name, where) from None
            if not text:
                continue
            if column > MAX_COLUMNS and text.strip():
                raise InvalidTable(
                    f"Sheet “{self.sheet}” of {self.name} has text in column {column:,} (cell {_place(row, column)}); the "
                    f"limit is {MAX_COLUMNS:,} columns. Leave out some columns, or clear that cell."
                )
            if "\0" in text:
                raise InvalidTable(
                    f"Cell {_place(row, column)} of sheet “{self.sheet}” of {self.name} holds a NUL character, which is no "
                    "text. Type its text anew and save the workbook."
                )
            texts.extend([""] * (column - len(texts)))
            texts[column - 1] = text
        while texts and not texts[-1].strip():
            texts.pop()
        return texts

    def _cell(self, cell: Element, row: int, column: int) -> str:
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            inline = cell.find(_INLINE)
            return "" if inline is None else text_of(inline)
        value = cell.findtext(_VALUE)
        if not value:
            if cell.find(_FORMULA) is not None and not (kind == "str" and value is not None):
                self.unsolved.add(row, column)
            return ""
        if kind == "s":
            index = int(value)
            if index < 0:
                raise IndexError
            return self.strings[index]
        if kind == "str":
            return _unescaped(value)
        if kind == "b":
            return "TRUE" if int(value) else "FALSE"
        if kind == "e":
            self.errors.add(row, column)
            return ""
        if kind == "d":
            return _time(from_ISO8601(value))
        return self._number(value, int(cell.get("s") or 0))

    def _number(self, value: str, style: int) -> str:
        text = _plain_number(value)
        if style in self.formats.dates:
            try:
                number = float(value)
                if number < 0:
                    return text
                return _time(from_excel(number, self.epoch, timedelta=style in self.formats.durations))
            except (OverflowError, ValueError):
                return text  # Excel shows #### for it
        digits = self.formats.digits.get(style)
        return text.zfill(digits) if digits and text.isdigit() else text

    def _close_piece(self) -> None:
        if not self._waiting:
            return
        self._text += self._waiting_text
        if self._text > LIMIT_TEXT:
            raise InvalidTable(
                f"Sheet “{self.sheet}” of {self.name} holds more than {LIMIT_TEXT >> 30} GB of text, the limit for one sheet. "
                "Split it into several files."
            )
        self._pieces.append([pa.array(texts, pa.string()) for texts in zip_longest(*self._waiting, fillvalue="")])
        self._waiting, self._width, self._waiting_text = [], 0, 0

    def table(self) -> pa.Table:
        width = max(map(len, self._pieces))
        blanks = [pa.repeat(pa.scalar("", pa.string()), len(piece[0])) for piece in self._pieces]
        columns = [
            pa.chunked_array(
                [
                    piece[number] if number < len(piece) else blank
                    for piece, blank in zip(self._pieces, blanks, strict=True)
                ]
            )
            for number in range(width)
        ]
        return pa.table(columns, names=[str(number) for number in range(width)])

    def notes(self) -> list[str]:
        where = f"Sheet “{self.sheet}” of {self.name} has"
        notes = []
        if self.errors.count:
            notes.append(f"{where} {self.errors.said('an error such as #N/A')}; read as empty.")
        if self.unsolved.count:
            notes.append(
                f"{where} {self.unsolved.said('a formula whose result isn’t in the file')}; read as empty. To have the "
                "results, open the workbook in Excel, save it, and use that."
            )
        return notes


def _place(row: int, column: int) -> str:
    return f"{get_column_letter(column)}{row}" if column <= 18_278 else f"column {column:,} of row {row}"


def _plain_number(value: str) -> str:
    """A number with all its digits and no “.0” or “E+12” where it is whole, else as Python writes it."""
    if _WHOLE.fullmatch(value):
        return str(int(value))
    number = float(value)
    return str(int(Decimal(repr(number)))) if number.is_integer() and abs(number) < _IN_FULL else repr(number)


def _time(value: dt.datetime | dt.date | dt.time | dt.timedelta) -> str:
    """2024-03-31, 2024-03-31 14:05:00, 14:05:00, or a duration such as 26:30:00; thousandths where there are any."""
    if isinstance(value, dt.timedelta):
        seconds, rest = divmod(value, dt.timedelta(seconds=1))
        text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        return text + (f".{rest.microseconds // 1000:03}" if rest else "")
    if isinstance(value, dt.datetime):
        if value.time() == dt.time():
            return value.date().isoformat()
        return value.isoformat(" ", "milliseconds" if value.microsecond else "seconds")
    if isinstance(value, dt.time):
        return value.isoformat("milliseconds" if value.microsecond else "seconds")
    return value.isoformat()
