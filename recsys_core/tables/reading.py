"""Reads a file into columns of text, strictly: what doesn't fit the header is set apart with its row number."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from recsys_core.errors import InvalidTable
from recsys_core.run_context import RunContext
from recsys_core.tables.columns import plain_name
from recsys_core.tables.header_row import SEARCHED as HEADER_SEARCHED
from recsys_core.tables.header_row import find_header
from recsys_core.tables.mapping import Mapping
from recsys_core.tables.parquet import read_parquet_text
from recsys_core.tables.source import (
    ENCODING_NAMES,
    HEAD_BYTES,
    NulByte,
    Source,
    Utf8Stream,
    chosen_encoding,
    guess_encoding,
    other_encoding,
)
from recsys_core.tables.workbook import read_grid

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
ROW_BYTES = 1 << 24
"""The longest row that can be read; also how much is read at a time."""

MAX_MISFITS = 100_000
MAX_MISFIT_VALUES = 10_000_000

_SAMPLE_ROWS = 100
_EVEN = 0.8
"""Share of the rows that have as many values as the first where no title stands above the table."""
_WORKBOOK, _PARQUET = b"PK\x03\x04", b"PAR1"
# A last row of our own. Where it doesn't come back as a row, an open quotation mark has swallowed it.
_ENDING = "\x1fend of the file\x1f"


@dataclass(frozen=True)
class Misfit:
    """A row whose number of values isn't that of the header."""

    row: int
    values: tuple[str, ...]


@dataclass(frozen=True)
class TextTable:
    """A file's rows as text, exactly as they stand in it.

    Rows are counted as in a spreadsheet: the first one of the file is row 1, which is usually the header, and a row with
    line breaks inside quotation marks is one row.
    """

    name: str
    table: pa.Table
    """The rows that fit the header, all columns text, named as in the header without surrounding spaces."""
    rows: np.ndarray
    """The row number of each row of `table`, (n_rows,) int64."""
    misfits: tuple[Misfit, ...]
    width: int
    """How many values the header has."""
    encoding: str
    """Python's name of the encoding that was used; "" where the file isn't text."""
    delimiter: str
    """"" where the file isn't text."""
    notes: tuple[str, ...]
    header_row: int = 1
    sheet: str | None = None
    """The sheet that was read, and all that there are; None and () where the file is no workbook."""
    sheets: tuple[str, ...] = ()

    def reading(self) -> dict[str, object]:
        """How the file was read, under the names of `Mapping`."""
        return {
            "encoding": self.encoding or None,
            "delimiter": self.delimiter or None,
            "sheet": self.sheet,
            "header_row": self.header_row,
        }


def read_text(
    source: Path | bytes | BinaryIO, *, name: str, mapping: Mapping = Mapping(), run: RunContext = RunContext()
) -> TextTable:
    """Reads a file as text: CSV (also packed as .gz), an Excel workbook or Parquet, told apart by their content.

    `source` is a path, the bytes, or a binary file, which stays open. `name` is the file's name for messages.
    Encoding (UTF-8, UTF-16, Windows-1252, GB18030), delimiter (comma, semicolon, tab, vertical bar), sheet and the row of
    the column names are found out unless the mapping has them. Raises InvalidTable if the file as a whole can't be read.
    """
    origin = Source(source, name, run)
    start = origin.start()
    if start.startswith(_WORKBOOK):
        with origin.opened() as file:
            return _from_workbook(file, name, mapping, run)
    if start.startswith(_PARQUET):
        with origin.opened() as file:
            table, parquet_notes = read_parquet_text(file, name, run=run)
        return _from_parquet(table, parquet_notes, name)
    head = origin.head()
    chosen = guess_encoding(head) if mapping.encoding is None else chosen_encoding(mapping.encoding, head)
    try:
        return _read(origin, chosen, mapping)
    except UnicodeError:
        if chosen == "utf-8" and mapping.encoding is None:
            chosen = other_encoding(origin)
            if chosen != "utf-8":
                return _read(origin, chosen, mapping)
    shown = ENCODING_NAMES.get(chosen, chosen)
    try:
        row = _first_undecodable_row(origin, chosen)
    except UnicodeError:
        raise InvalidTable(f"{name} isn't text in {shown}. Choose another encoding, or have it guessed.") from None
    raise InvalidTable(
        f"{name} is text in {shown}, but row {row} holds bytes that are no letters in it. Save the file as CSV UTF-8 again."
    )


def _from_workbook(source: BinaryIO, name: str, mapping: Mapping, run: RunContext) -> TextTable:
    grid = read_grid(source, name, mapping.sheet, run=run)
    where = f"{name} (sheet “{grid.sheet}”)"
    head = zip(grid.rows.tolist(), grid.table.slice(0, HEADER_SEARCHED).to_pylist(), strict=False)
    header_row, header = find_header([(row, list(cells.values())) for row, cells in head], mapping.header_row, where)
    below = grid.rows > header_row
    table, rows = _keep(grid.table, below), grid.rows[below]
    if not table.num_rows:
        raise _only_names(where, header)
    table, notes = _named(table, header, where)
    notes = [*grid.notes, *_left_above(where, header_row, grid.rows), *notes]
    return TextTable(name, table, rows, (), len(header), "", "", tuple(notes), header_row, grid.sheet, grid.sheets)


def _from_parquet(table: pa.Table, notes: tuple[str, ...], name: str) -> TextTable:
    header = [column.strip() for column in table.column_names]
    if not table.num_rows:
        raise _only_names(name, header)
    filled = ~_blank(table)
    named, more = _named(_keep(table, filled), header, name)
    rows = np.arange(2, table.num_rows + 2)[filled]
    return TextTable(name, named, rows, (), len(header), "", "", (*notes, *more))


def _only_names(name: str, header: list[str]) -> InvalidTable:
    return InvalidTable(
        f"{name} has column names ({quoted(header)}) but no rows below them. Expected one row for each entry."
    )


def _left_above(name: str, header_row: int, filled: np.ndarray) -> list[str]:
    """A note on rows with text above the column names."""
    above = int((filled < header_row).sum())
    if not above:
        return []
    rows = "1 row above them was" if above == 1 else f"{above:,} rows above them were"
    return [f"The column names of {name} are in row {header_row}; {rows} left out."]


def _read(origin: Source, encoding: str, mapping: Mapping) -> TextTable:
    head = _head_text(origin, encoding)
    delimiter = mapping.delimiter or guess_delimiter(head)
    records = list(itertools.islice(_records(head, delimiter), max(HEADER_SEARCHED, mapping.header_row or 0)))
    if not any(any(map(str.strip, record)) for record in records) and '"' in head:
        raise _unclosed(origin.name, 1)
    if not records and head.strip():
        raise InvalidTable(
            f"The first row of {origin.name} has a value of more than {csv.field_size_limit():,} letters, so it doesn't hold "
            "column names. Check that this is the right file, or put a row with the names above it."
        )
    header_row, header = find_header(list(enumerate(records, start=1)), mapping.header_row, origin.name)
    header += [""] * (_trailing(records[header_row:], len(header)))
    stream, table, misfits = _parse(origin, encoding, delimiter, len(header))
    total = table.num_rows + len(misfits)
    if not _ends_with_our_row(table):
        raise _unclosed(origin.name, total)
    if misfits and any(_ENDING in value for value in misfits[-1].values):
        raise _unclosed(origin.name, misfits[-1].row)
    if stream.quotes and _looks_swallowed(table, misfits):
        row = _first_open_quote(origin, encoding, delimiter)
        if row is not None:
            raise _unclosed(origin.name, row)

    rows = np.arange(1, total + 1)
    rows = np.delete(rows, [misfit.row - 1 for misfit in misfits])
    filled = ~_blank(table) & (rows > header_row)
    filled[-1] = False
    table, rows = _keep(table, filled), rows[filled]
    misfits = [misfit for misfit in misfits if misfit.row > header_row]
    if not table.num_rows and not misfits:
        raise _only_names(origin.name, header)
    table, notes = _named(table, header, origin.name)
    above = np.asarray([row for row, record in enumerate(records, start=1) if any(map(str.strip, record))])
    notes = [*_left_above(origin.name, header_row, above), *notes]
    return TextTable(
        origin.name, table, rows, tuple(misfits), len(header), encoding, delimiter, tuple(notes), header_row
    )


def _trailing(records: list[list[str]], width: int) -> int:
    """How many delimiters stand behind the values of most rows, with nothing between them."""
    filled = [record for record in records if any(map(str.strip, record))]
    if not filled or any(any(map(str.strip, record[width:])) for record in filled):
        return 0
    return max(Counter(map(len, filled)).most_common(1)[0][0] - width, 0)


def _head_text(origin: Source, encoding: str) -> str:
    try:
        with origin.text(encoding) as text:
            return text.read(HEAD_BYTES)
    except UnicodeDecodeError:
        # The stray byte may be anywhere up to here; the strict pass over the whole file comes later and tells.
        with origin.text(encoding, errors="replace") as text:
            return text.read(HEAD_BYTES)


def guess_delimiter(head: str) -> str:
    """The delimiter that divides the first rows most evenly into most values; a comma where none does.

    All rows should have as many values as the first one; only where that isn't so for any delimiter, a title may stand above
    the table.
    """
    widths = {delimiter: rows for delimiter in DELIMITERS if (rows := _widths(head, delimiter))}
    like_first = {delimiter: (rows[0] - 1) * rows.count(rows[0]) / len(rows) for delimiter, rows in widths.items()}
    even = {delimiter: score for delimiter, score in like_first.items() if score >= _EVEN * (widths[delimiter][0] - 1)}
    best = max(even, key=even.__getitem__, default=",")
    if even.get(best, 0.0) > 0:
        return best
    usual = {delimiter: Counter(rows).most_common(1)[0] for delimiter, rows in widths.items()}
    scores = {delimiter: (width - 1) * count / len(widths[delimiter]) for delimiter, (width, count) in usual.items()}
    return max(scores, key=scores.__getitem__, default=",")


def _widths(head: str, delimiter: str) -> list[int]:
    """How many values each of the first rows has, but for blank ones."""
    widths = [len(record) for _, record in zip(range(_SAMPLE_ROWS), _records(head, delimiter), strict=False) if record]
    # The last record of a head may be cut off.
    return widths[:-1] if len(head) >= HEAD_BYTES and 1 < len(widths) < _SAMPLE_ROWS else widths


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    """The records of `text`, a blank line as an empty list; ends early where Python's reader gives up."""
    with contextlib.suppress(csv.Error):
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _parse(origin: Source, encoding: str, delimiter: str, width: int) -> tuple[Utf8Stream, pa.Table, list[Misfit]]:
    """All records of the file, its header and our last row included, and those of another width."""
    misfits: list[Misfit] = []
    widths: Counter[int] = Counter()
    room = MAX_MISFIT_VALUES

    def set_apart(record: pa.csv.InvalidRow) -> str:
        nonlocal room
        widths[record.actual_columns] += 1
        room -= record.actual_columns
        if len(misfits) >= MAX_MISFITS or room < 0:
            return "error"
        try:
            values = next(csv.reader(io.StringIO(record.text, newline=""), delimiter=delimiter), [])
        except csv.Error:  # a value that is longer than Python's reader takes
            values = record.text.split(delimiter)
        misfits.append(Misfit(record.number, tuple(values)))
        return "skip"

    names = [str(number) for number in range(width)]
    ending = delimiter.join([_ENDING] + [""] * (width - 1))
    stream = Utf8Stream(origin, encoding, delimiter, ending, ROW_BYTES)
    try:
        table = pa.csv.read_csv(
            stream,
            # In one thread, because otherwise Arrow doesn't number the rows that it hands to `set_apart`.
            read_options=pa.csv.ReadOptions(column_names=names, use_threads=False, block_size=ROW_BYTES),
            parse_options=pa.csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=set_apart
            ),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
            ),
        )
    except NulByte:
        row = _first_row_with(origin, encoding, delimiter, "\0")
        raise InvalidTable(
            f"Row {row} of {origin.name} holds a NUL byte, which is no text: the file is damaged or isn't a CSV file. "
            "Export it again as CSV."
        ) from None
    except pa.ArrowInvalid as error:
        if widths.total() > len(misfits):
            raise _mostly_misfits(origin.name, delimiter, width, widths) from None
        if "straddling" not in str(error):
            raise InvalidTable(f"{origin.name} can't be read as CSV: {error}. Export it again as CSV.") from error
        open_quote = _first_open_quote(origin, encoding, delimiter)
        if open_quote is not None:
            raise _unclosed(origin.name, open_quote) from None
        raise InvalidTable(
            f"{origin.name} has a row of more than {ROW_BYTES >> 20} MB, the limit for one row. Shorten its longest value."
        ) from None
    finally:
        stream.close()
    return stream, table, misfits


def _mostly_misfits(name: str, delimiter: str, width: int, widths: Counter[int]) -> InvalidTable:
    usual = widths.most_common(1)[0][0]
    before = widths.total() - 1
    return InvalidTable(
        f"{f'More than {before:,} rows' if before else 'A row'} of {name} {'have' if before else 'has'} another number of values than its first row: {width} there, but "
        f"mostly {usual:,} below (read with a {DELIMITERS.get(delimiter, delimiter)} between values). "
        "Check that the first row holds the column names."
    )


def _ends_with_our_row(table: pa.Table) -> bool:
    return bool(table.num_rows and table.column(0)[-1].as_py() == _ENDING)


def _looks_swallowed(table: pa.Table, misfits: list[Misfit]) -> bool:
    """Whether a row holds both a line break and a quotation mark.

    A quotation mark that isn't closed takes up the rows below it until the next one, which then stands in a value.
    """
    if any('"' in value for misfit in misfits for value in misfit.values) or any(
        "\n" in value or "\r" in value for misfit in misfits for value in misfit.values
    ):
        return True
    broken, marked = np.zeros(table.num_rows, dtype=bool), np.zeros(table.num_rows, dtype=bool)
    for column in table.columns:
        broken |= pc.match_substring_regex(column, "[\r\n]").to_numpy()
        marked |= pc.match_substring(column, '"').to_numpy()
    return bool((broken & marked).any())


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """The lines of a text, up to one that is longer than a row may be."""
    while 0 < len(line := text.readline(ROW_BYTES + 1)) <= ROW_BYTES:
        yield line


def _first_open_quote(origin: Source, encoding: str, delimiter: str) -> int | None:
    """The first row in which a quotation mark is opened and the text goes on over line breaks without its being closed.

    Python's strict reader tells it, by a letter behind the closing mark or by a value without an end.
    """
    before = csv.field_size_limit(ROW_BYTES)
    row = line = 0
    try:
        with origin.text(encoding) as text:
            reader = csv.reader(_lines(text), delimiter=delimiter, strict=True)
            while True:
                row += 1
                try:
                    next(reader)
                except StopIteration:
                    return None
                except csv.Error:
                    if reader.line_num > line + 1:
                        return row
                line = reader.line_num
    finally:
        csv.field_size_limit(before)


def _first_row_with(origin: Source, encoding: str, delimiter: str, pattern: str, errors: str = "strict") -> int:
    """The row of the first match of `pattern`; the last row where none matches."""
    row = 1
    with origin.text(encoding, errors) as text, contextlib.suppress(csv.Error):
        for row, record in enumerate(csv.reader(_lines(text), delimiter=delimiter), start=1):  # noqa: B007 (it is returned)
            if re.search(pattern, "\n".join(record)):
                break
    return row


def _first_undecodable_row(origin: Source, encoding: str) -> int:
    delimiter = guess_delimiter(_head_text(origin, encoding))
    if encoding.startswith("utf-8"):  # U+FFFD may stand in sound UTF-8 text; an escaped byte can't
        return _first_row_with(origin, encoding, delimiter, "[\udc80-\udcff]", "surrogateescape")
    return _first_row_with(origin, encoding, delimiter, "\ufffd", "replace")


def _unclosed(name: str, row: int) -> InvalidTable:
    return InvalidTable(
        f"Row {row} of {name} opens a quotation mark (\") that isn't closed before the next value, so rows run together. "
        "Close it, or write a quotation mark inside a quoted value twice, and read the file again."
    )


def _blank(table: pa.Table) -> np.ndarray:
    """Which rows have no text at all, (n_rows,) bool."""
    blank = np.ones(table.num_rows, dtype=bool)
    for column in table.columns:
        blank &= pc.equal(pc.binary_length(pc.utf8_trim_whitespace(column)), 0).to_numpy()
        if not blank.any():
            break
    return blank


def _keep(table: pa.Table, mask: np.ndarray) -> pa.Table:
    """The rows of `mask`; where they are one stretch, as in a clean file, without a copy."""
    kept = np.flatnonzero(mask)
    if len(kept) and kept[-1] - kept[0] + 1 == len(kept):
        return table.slice(kept[0], len(kept))
    return table.filter(pa.array(mask))


def _named(table: pa.Table, header: list[str], name: str) -> tuple[pa.Table, list[str]]:
    """The columns that have a name, under it, and notes on those left out."""
    seen: dict[str, int] = {}
    for number, column in enumerate(header, start=1):
        first = seen.setdefault(plain_name(column), number)
        if column and first != number:
            raise InvalidTable(
                f'Two columns of {name} have the same name: "{header[first - 1]}" (column {first}) and "{column}" '
                f"(column {number}). Rename or delete one of them."
            )
    notes = []
    for number, column in enumerate(header, start=1):
        if not column and pc.any(pc.not_equal(table.column(number - 1), "")).as_py():
            notes.append(f"Column {number} of {name} has no name in the first row and was left out.")
    named = [number for number, column in enumerate(header) if column]
    return table.select(named).rename_columns([header[number] for number in named]), notes


def quoted(names: list[str], at_most: int = 12) -> str:
    """Names for a message: "a", "b" and 3 more."""
    shown = ", ".join(f'"{name}"' for name in names[:at_most])
    return shown + (f" and {len(names) - at_most} more" if len(names) > at_most else "")
