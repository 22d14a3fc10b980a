"""Reads a CSV file into columns of text, strictly: what doesn't fit the header is set apart with its row number."""

from __future__ import annotations

import contextlib
import csv
import io
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
from recsys_core.tables.columns import plain_name
from recsys_core.tables.source import (
    ENCODING_NAMES,
    HEAD_BYTES,
    NulByte,
    Source,
    Utf8Stream,
    guess_encoding,
    other_encoding,
)

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
ROW_BYTES = 1 << 24
"""The longest row that can be read; also how much is read at a time."""
MAX_COLUMNS = 5_000
MAX_MISFITS = 100_000

_SAMPLE_ROWS = 100
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
    """Python's name of the encoding that was used."""
    delimiter: str
    notes: tuple[str, ...]


def read_text(
    source: Path | bytes | BinaryIO, *, name: str, encoding: str | None = None, delimiter: str | None = None
) -> TextTable:
    """Reads a .csv or .csv.gz file as text.

    `source` is a path, the bytes, or a binary file, which stays open. `name` is the file's name for messages.
    Encoding (UTF-8, UTF-16, Windows-1252, GB18030) and delimiter (comma, semicolon, tab, vertical bar) are found out
    unless they are given. Raises InvalidTable if the file as a whole can't be read.
    """
    origin = Source(source, name)
    chosen = encoding or guess_encoding(origin.head())
    try:
        return _read(origin, chosen, delimiter)
    except UnicodeDecodeError:
        if chosen == "utf-8" and encoding is None:
            chosen = other_encoding(origin)
            if chosen != "utf-8":
                return _read(origin, chosen, delimiter)
    row = _first_undecodable_row(origin, chosen)
    raise InvalidTable(
        f"{name} is text in {ENCODING_NAMES.get(chosen, chosen)}, but row {row} holds bytes that are no letters in it. "
        "Save the file as CSV UTF-8 again."
    )


def _read(origin: Source, encoding: str, delimiter: str | None) -> TextTable:
    head = _head_text(origin, encoding)
    delimiter = delimiter or guess_delimiter(head)
    header_row, header = _header(head, delimiter, origin.name)
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
        raise InvalidTable(
            f"{origin.name} has column names ({quoted(header)}) but no rows below them. Expected one row for each entry."
        )
    table, notes = _named(table, header, origin.name)
    return TextTable(origin.name, table, rows, tuple(misfits), len(header), encoding, delimiter, tuple(notes))


def _head_text(origin: Source, encoding: str) -> str:
    try:
        with origin.text(encoding) as text:
            return text.read(HEAD_BYTES)
    except UnicodeDecodeError:
        # The stray byte may be anywhere up to here; the strict pass over the whole file comes later and tells.
        with origin.text(encoding, errors="replace") as text:
            return text.read(HEAD_BYTES)


def guess_delimiter(head: str) -> str:
    """The delimiter that divides the first rows most evenly into most values; a comma where none does."""
    best, best_score = ",", 0.0
    for delimiter in DELIMITERS:
        widths = [
            len(record) for _, record in zip(range(_SAMPLE_ROWS), _records(head, delimiter), strict=False) if record
        ]
        # The last record of a head may be cut off.
        widths = widths[:-1] if len(head) >= HEAD_BYTES and 1 < len(widths) < _SAMPLE_ROWS else widths
        if not widths or widths[0] < 2:
            continue
        score = (widths[0] - 1) * widths.count(widths[0]) / len(widths)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    """The records of `text`, a blank line as an empty list; ends early where Python's reader gives up."""
    with contextlib.suppress(csv.Error):
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _header(head: str, delimiter: str, name: str) -> tuple[int, list[str]]:
    """The row number of the first row that isn't blank, and its values."""
    for row, record in enumerate(_records(head, delimiter), start=1):
        header = [value.strip().lstrip("\ufeff") for value in record]
        if not any(header):
            continue
        if len(header) > MAX_COLUMNS:
            raise InvalidTable(
                f"{name} has {len(header):,} columns; the limit is {MAX_COLUMNS:,}. Leave out some columns."
            )
        return row, header
    if '"' in head:
        raise _unclosed(name, 1)
    raise InvalidTable(
        f"{name} is empty: it has no row with text. Expected the column names in its first row, and rows below."
    )


def _parse(origin: Source, encoding: str, delimiter: str, width: int) -> tuple[Utf8Stream, pa.Table, list[Misfit]]:
    """All records of the file, its header and our last row included, and those of another width."""
    misfits: list[Misfit] = []

    def set_apart(record: pa.csv.InvalidRow) -> str:
        if len(misfits) >= MAX_MISFITS:
            return "error"
        values = next(csv.reader(io.StringIO(record.text, newline=""), delimiter=delimiter), [])
        misfits.append(Misfit(record.number, tuple(values)))
        return "skip"

    names = [str(number) for number in range(width)]
    ending = delimiter.join([_ENDING] + [""] * (width - 1))
    stream = Utf8Stream(origin, encoding, ending.encode(), ROW_BYTES)
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
        if len(misfits) >= MAX_MISFITS:
            raise _mostly_misfits(origin.name, delimiter, width, misfits) from None
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


def _mostly_misfits(name: str, delimiter: str, width: int, misfits: list[Misfit]) -> InvalidTable:
    usual = Counter(len(misfit.values) for misfit in misfits).most_common(1)[0][0]
    return InvalidTable(
        f"More than {MAX_MISFITS:,} rows of {name} have another number of values than its first row: {width} there, but "
        f"mostly {usual} below (read with a {DELIMITERS.get(delimiter, delimiter)} between values). "
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


def _first_open_quote(origin: Source, encoding: str, delimiter: str) -> int | None:
    """The first row in which a quotation mark is opened and the text goes on over line breaks without its being closed.

    Python's strict reader tells it, by a letter behind the closing mark or by a value without an end.
    """
    before = csv.field_size_limit(ROW_BYTES)
    row = line = 0
    try:
        with origin.text(encoding) as text:
            reader = csv.reader(text, delimiter=delimiter, strict=True)
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
        for row, record in enumerate(csv.reader(text, delimiter=delimiter), start=1):  # noqa: B007 (it is returned)
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
