"""Excel workbooks (.xlsx, .xlsm) as text, cell by cell, as a person sees them."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element, fromstring, iterparse
from xml.parsers import expat

import numpy as np
import pyarrow as pa
from openpyxl.packaging.manifest import Manifest
from openpyxl.reader.excel import _find_workbook_part
from openpyxl.reader.workbook import WorkbookParser
from openpyxl.xml.constants import ARC_CONTENT_TYPES, ARC_STYLE, SHARED_STRINGS

from recsys_core.errors import Cancelled, InvalidTable
from recsys_core.run_context import RunContext
from recsys_core.tables.sheet_cells import STRING, SheetReader, damaged, formats_of, text_of
from recsys_core.tables.source import Source

LIMIT_BYTES = 512 << 20
"""How large all parts of a workbook may be together, unpacked."""
PART_BYTES = 16 << 20
"""How large a part may be that is read at one go: the list of sheets, the styles."""
ROW_BYTES = 16 << 20
"""How long one row or one text may be in the file."""
MAX_PARTS = 10_000
MAX_TEXTS = 10_000_000
"""How many different texts the cells of a workbook may have."""

_PROLOG_BYTES = 1 << 20


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
        raise damaged(name) from error


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
    formats = formats_of(archive.read(ARC_STYLE) if ARC_STYLE in archive else None)
    for sheet in candidates:
        reader = SheetReader(name, sheet, strings, formats, book.wb.epoch)
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
            if event == "end" and element.tag == STRING:
                strings.append(text_of(element))
                root.clear()
                metered.since = 0
                if len(strings) > MAX_TEXTS:
                    raise InvalidTable(
                        f"{meter.name} has more than {MAX_TEXTS:,} different texts, the limit for a workbook. Save the sheet as "
                        "CSV, or split it into several files."
                    )
    return strings
