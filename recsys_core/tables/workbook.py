"""Excel workbooks (.xlsx, .xlsm) as text, cell by cell, as a person sees them."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element, fromstring, iterparse
from xml.parsers import expat

import numpy as np
import pyarrow as pa
from openpyxl.packaging.manifest import Manifest
from openpyxl.reader.excel import _find_workbook_part
from openpyxl.reader.workbook import WorkbookParser
from openpyxl.styles.numbers import builtin_format_code, is_date_format, is_timedelta_format
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.utils.datetime import from_excel, from_ISO8601
from openpyxl.xml.constants import ARC_CONTENT_TYPES, ARC_STYLE, SHARED_STRINGS, SHEET_MAIN_NS

from recsys_core.errors import Cancelled, InvalidTable
from recsys_core.run_context import RunContext
from recsys_core.tables.columns import MAX_COLUMNS
from recsys_core.tables.source import Source

LIMIT_BYTES = 512 << 20
"""How large all parts of a workbook may be together, unpacked."""
LIMIT_TEXT = 2 << 30
"""How many characters the cells of a sheet may have together; a text that repeats is stored once in the file."""
PART_BYTES = 16 << 20
"""How large a part may be that is read at one go: the list of sheets, the styles."""
ROW_BYTES = 16 << 20
"""How long one row or one text may be in the file."""
MAX_PARTS = 10_000
MAX_TEXTS = 10_000_000
"""How many different texts the cells of a workbook may have."""
MAX_ROWS = 1 << 20
"""The rows of the largest sheet that Excel has."""

_PIECE_ROWS = 10_000
_PIECE_CELLS = 500_000
_PIECE_TEXT = 32 << 20
_PROLOG_BYTES = 1 << 20

_MAIN = f"{{{SHEET_MAIN_NS}}}"
_ROW, _CELL, _DATA = f"{_MAIN}row", f"{_MAIN}c", f"{_MAIN}sheetData"
_VALUE, _FORMULA, _INLINE = f"{_MAIN}v", f"{_MAIN}f", f"{_MAIN}is"
_STRING, _TEXT, _RUN = f"{_MAIN}si", f"{_MAIN}t", f"{_MAIN}r"

_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_SURROGATE = re.compile("[\ud800-\udfff]")
_WHOLE = re.compile("-?[0-9]+")
_IN_FULL = 1e21
"""Whole numbers below this are written with all their digits."""


@dataclass(frozen=True)
class Grid:
    """A sheet's cells as text.

    Rows are counted as the sheet counts them, from 1; rows without text are left out.
    """

    name: str
    table: pa.Table
    """All columns up to the last one with text, named "0", "1", …; text without nulls, "" where a cell is empty."""
    rows: np.ndarray
    """The row number of each row of `table`, (n_rows,) int64."""
    sheets: tuple[str, ...]
    """The sheets that can be asked for; hidden ones come last."""
    sheet: str
    notes: tuple[str, ...]


def read_grid(
    source: Path | bytes | BinaryIO, name: str, sheet: str | None = None, *, run: RunContext = RunContext()
) -> Grid:
    """Reads one sheet of a workbook: the first one with text, hidden ones last, unless `sheet` names one.

    `source` is a path, the bytes, or a binary file, which stays open; `name` is the file's name for messages. Formulas
    give the results that the file holds, dates are written as 2024-03-31 or 2024-03-31 14:05:00, numbers with all their
    digits, and cells with an error are empty. Raises InvalidTable if the file can't be read as a workbook.
    """
    try:
        with Source(source, name).opened() as file:
            _check_kind(file, name, run)
            with _Archive(file, name) as archive:
                return _read(archive, name, sheet, run)
    except (InvalidTable, Cancelled, MemoryError):
        raise
    except Exception as error:
        # A damaged archive or XML comes to light as some twenty types of error, and new ones with each version of Python
        # and openpyxl; whichever it is, the file is at fault.
        raise _damaged(name) from error


def _damaged(name: str, where: str = "") -> InvalidTable:
    return InvalidTable(
        f"{name} is damaged and can't be read as a workbook{where}. Open it in Excel or LibreOffice, save it as an Excel "
        "workbook (.xlsx), and use that."
    )


def _check_kind(file: BinaryIO, name: str, run: RunContext) -> None:
    """Refuses what isn't a zip archive, and one with so many entries that their list alone would fill the memory."""
    magic = file.read(8)
    if not magic:
        raise InvalidTable(f"{name} is empty. Expected an Excel workbook with column names and rows.")
    if magic == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        file.seek(0)
        if "EncryptedPackage".encode("utf-16-le") in file.read(LIMIT_BYTES):
            raise InvalidTable(
                f"{name} is locked with a password. Open it in Excel, remove the password (File, Info, Protect Workbook), "
                "save it, and use that."
            )
        raise InvalidTable(
            f"{name} is a workbook of the old kind (.xls). Open it in Excel or LibreOffice, save it as an Excel workbook "
            "(.xlsx), and use that."
        )
    if not magic.startswith(b"PK"):
        raise InvalidTable(f"{name} isn't an Excel workbook (.xlsx). Save the table as one, or as CSV, and use that.")
    file.seek(0)
    entries, end = 0, b""
    while data := file.read(1 << 20):
        run.check()
        entries += (end + data).count(b"PK\x01\x02")
        end = data[-3:]
    if entries > MAX_PARTS:
        raise InvalidTable(
            f"{name} is made of more than {MAX_PARTS:,} parts, which no table needs. Save it as CSV instead."
        )
    file.seek(0)


class _Archive(zipfile.ZipFile):
    """The parts of a workbook, none of which is larger than it may be or declares entities."""

    def __init__(self, file: BinaryIO, name: str):
        super().__init__(file)
        self._shown = name
        if sum(info.file_size for info in self.infolist()) > LIMIT_BYTES:
            raise InvalidTable(
                f"{name} holds more than {LIMIT_BYTES >> 20:,} MB once it is unpacked, the limit for a workbook. Save the "
                "sheet as CSV, or split it into several files."
            )
        # Some programs write the names in another case than they call them, or with Windows' separator.
        self._names = {_plain(info.filename): info for info in self.infolist()}

    def getinfo(self, name: str) -> zipfile.ZipInfo:
        return self._names[_plain(name)]

    def __contains__(self, name: str) -> bool:
        return _plain(name) in self._names

    def read(self, name: str | zipfile.ZipInfo, pwd: bytes | None = None) -> bytes:
        info = name if isinstance(name, zipfile.ZipInfo) else self.getinfo(name)
        if info.file_size > PART_BYTES:
            raise InvalidTable(
                f"{self._shown} has a list of sheets or styles of more than {PART_BYTES >> 20} MB. Copy the table into a "
                "new workbook, or save it as CSV."
            )
        return super().read(info, pwd)

    def open(self, name: str | zipfile.ZipInfo, *args: Any, **kwargs: Any) -> Any:
        with super().open(name, *args, **kwargs) as part:
            if _declares_entities(part):
                raise InvalidTable(
                    f"{self._shown} holds declarations (a DOCTYPE) that Excel never writes and that can harm a computer. "
                    "It wasn't read; copy the table into a new workbook."
                )
        return super().open(name, *args, **kwargs)


def _plain(part: str) -> str:
    return part.replace("\\", "/").lower()


class _Decided(Exception):
    """What was looked for at the beginning of an XML text is known."""


def _declares_entities(part: Any) -> bool:
    """Whether an XML text has a DOCTYPE, with which a few bytes can be made to stand for gigabytes."""
    found = False

    def doctype(*_: object) -> None:
        nonlocal found
        found = True
        raise _Decided

    def first_element(*_: object) -> None:
        raise _Decided

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = first_element
    try:
        for _ in range(0, _PROLOG_BYTES, 1 << 16):
            parser.Parse(part.read(1 << 16), False)
    except _Decided:
        return found
    except expat.ExpatError:
        return False  # the parser proper will say so
    return part.read(1) != b""


@dataclass
class _Meter:
    """How much of the parts that make up a sheet was read."""

    name: str
    run: RunContext
    total: int
    """Bytes, unpacked."""
    done: int = 0

    def add(self, read: int) -> None:
        # Reported once a megabyte, which takes a tenth of a second or so.
        if self.done >> 20 != (self.done + read) >> 20:
            self.run.progress(f"Reading {self.name}", self.done, self.total)
        self.done += read


class _Metered:
    """A part as a file that ends in an error where it goes on for too long without a row or text being complete."""

    def __init__(self, part: BinaryIO, meter: _Meter):
        self._part = part
        self._meter = meter
        self.since = 0

    def read(self, size: int = -1) -> bytes:
        data = self._part.read(size)
        self._meter.add(len(data))
        self.since += len(data)
        if self.since > ROW_BYTES:
            raise InvalidTable(
                f"{self._meter.name} has a row or a cell of more than {ROW_BYTES >> 20} MB, the limit for one. Shorten its longest "
                "text, or clear the unused columns."
            )
        return data


def _read(archive: _Archive, name: str, wanted: str | None, run: RunContext) -> Grid:
    _check_contents(archive, name)
    manifest = Manifest.from_tree(fromstring(archive.read(ARC_CONTENT_TYPES)))
    book_part = _find_workbook_part(manifest).PartName[1:]
    if b"purl.oclc.org/ooxml" in archive.read(book_part):
        raise InvalidTable(
            f"{name} was saved as “Strict Open XML Spreadsheet”. Save it as “Excel Workbook (.xlsx)” and use that."
        )
    book = WorkbookParser(archive, book_part, keep_links=False)
    book.parse()
    parts = {
        entry.name: relation.target
        for entry, relation in sorted(book.find_sheets(), key=lambda pair: pair[0].state != "visible")
        if relation.Type.endswith("/worksheet") and relation.target in archive
    }
    if not parts:
        raise InvalidTable(f"{name} has no sheet with cells. Expected a sheet with column names and rows.")
    sheets = tuple(parts)
    if wanted is not None and wanted not in parts:
        raise InvalidTable(f"{name} has no sheet “{wanted}”. It has: {', '.join(f'“{sheet}”' for sheet in sheets)}.")

    candidates = sheets if wanted is None else (wanted,)
    meter = _Meter(name, run, archive.getinfo(parts[candidates[0]]).file_size)
    strings_part = manifest.find(SHARED_STRINGS)
    strings = [] if strings_part is None else _shared_strings(archive, strings_part.PartName[1:], meter)
    formats = _formats(archive)
    for sheet in candidates:
        reader = _SheetReader(name, sheet, strings, formats, book.wb.epoch)
        # Usually the first one has text, so the bar reaches its end once.
        meter.total = meter.done + archive.getinfo(parts[sheet]).file_size
        with archive.open(parts[sheet]) as part:
            reader.read(_Metered(part, meter))
        if reader.rows:
            run.progress(f"Reading {name}", meter.total, meter.total)
            rows = np.array(reader.rows, dtype=np.int64)
            return Grid(name, reader.table(), rows, sheets, sheet, tuple(reader.notes()))
    where = f"Sheet “{wanted}” of {name}" if wanted is not None else name
    raise InvalidTable(f"{where} is empty: it has no cell with text. Expected column names, and rows below them.")


def _check_contents(archive: _Archive, name: str) -> None:
    """Refuses archives that are surely no workbook, by what they are."""
    parts = {_plain(part) for part in archive.namelist()}
    what = "a zip archive"
    if "xl/workbook.bin" in parts:
        what = "a binary workbook (.xlsb)"
    elif any(part.startswith("word/") for part in parts):
        what = "a Word document"
    elif any(part.startswith("ppt/") for part in parts):
        what = "a PowerPoint presentation"
    elif any(part.endswith(".iwa") for part in parts) or "index.zip" in parts:
        what = "a document of Apple Numbers, Pages or Keynote"
    elif "mimetype" in parts and "content.xml" in parts:
        what = "an OpenDocument file (.ods or .odt)"
    elif _plain(ARC_CONTENT_TYPES) in parts and any(part.endswith("workbook.xml") for part in parts):
        return
    raise InvalidTable(
        f"{name} is {what}, not an Excel workbook (.xlsx). Save the table as one, or as CSV, and use that."
    )


def _shared_strings(archive: _Archive, part: str, meter: _Meter) -> list[str]:
    """The texts that cells refer to by number.

    openpyxl's own reading of them takes “_x005F_” for nothing, so that a line break and its written form are one.
    """
    if part not in archive:
        return []
    strings = []
    meter.total += archive.getinfo(part).file_size
    with archive.open(part) as file:
        metered = _Metered(file, meter)
        root: Element | None = None
        for event, element in iterparse(metered, events=("start", "end")):
            if root is None:
                root = element
            if event == "end" and element.tag == _STRING:
                strings.append(_string(element))
                root.clear()
                metered.since = 0
                if len(strings) > MAX_TEXTS:
                    raise InvalidTable(
                        f"{meter.name} has more than {MAX_TEXTS:,} different texts, the limit for a workbook. Save the sheet as "
                        "CSV, or split it into several files."
                    )
    return strings


def _string(element: Element) -> str:
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
class _Formats:
    """The styles, by number, that make something else of a number."""

    dates: frozenset[int]
    durations: frozenset[int]
    digits: dict[int, int]
    """How many digits a style of zeros only shows at least: 00000 makes 00123 of 123."""


def _formats(archive: _Archive) -> _Formats:
    """Only what is needed here: many programs write colours and borders that openpyxl's own reading refuses."""
    if ARC_STYLE not in archive:
        return _Formats(frozenset(), frozenset(), {})
    root = fromstring(archive.read(ARC_STYLE))
    custom = {
        int(entry.get("numFmtId", "0")): entry.get("formatCode", "")
        for entry in root.iterfind(f"{_MAIN}numFmts/{_MAIN}numFmt")
    }
    numbers = [int(entry.get("numFmtId", "0")) for entry in root.iterfind(f"{_MAIN}cellXfs/{_MAIN}xf")]
    codes = [custom.get(number) or builtin_format_code(number) or "" for number in numbers]
    return _Formats(
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
class _SheetReader:
    """Reads the rows of one sheet and keeps them as Arrow columns, a piece at a time."""

    name: str
    sheet: str
    strings: list[str]
    formats: _Formats
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

    def read(self, part: _Metered) -> None:
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

    def _rows(self, part: _Metered) -> Iterator[tuple[int, list[str]]]:
        """The rows that have text, by their numbers, without empty cells at their ends."""
        row = 0
        for _, element in iterparse(part):
            if element.tag == _ROW:
                number = int(float(element.get("r") or row + 1))
                if not row < number <= MAX_ROWS:
                    raise _damaged(self.name, f": row {number:,} follows row {row:,} of sheet “{self.sheet}”")
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
                raise _damaged(self.name, where) from None
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
            return "" if inline is None else _string(inline)
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
