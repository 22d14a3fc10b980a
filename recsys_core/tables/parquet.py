"""Parquet files as text, value by value, as a person would write them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recsys_core.errors import Cancelled, InvalidTable
from recsys_core.run_context import RunContext
from recsys_core.tables.columns import MAX_COLUMNS, TAG_SEPARATOR, plain_name
from recsys_core.tables.source import Source

LIMIT_BYTES = 4 << 30
"""How large a file may be once it is unpacked, and the text made of it."""

_PIECE_ROWS = 10_000
_CELLS_AT_ONCE = 500_000
"""Values that are made text before it is looked whether reading is to stop."""
_WHOLE_BELOW = float(1 << 53)
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")


def read_parquet_text(
    source: Path | bytes | BinaryIO, name: str, *, run: RunContext = RunContext()
) -> tuple[pa.Table, tuple[str, ...]]:
    """Reads a Parquet file as a table of text without nulls ("" for none), and notes on what was left out.

    `source` is a path, the bytes, or a binary file, which stays open; `name` is the file's name for messages, in which
    rows are counted from 1. Whole numbers have no ".0", truth is TRUE or FALSE, dates are 2024-03-31 and times
    2024-03-31 14:05:00 in UTC, the entries of a list are joined by "|". Columns with columns of their own are left out.
    Raises InvalidTable if the file can't be read.
    """
    with Source(source, name).opened() as file:
        _check_kind(file, name)
        try:
            with pq.ParquetFile(file, page_checksum_verification=True) as parquet:
                return _read(parquet, name, run)
        except (InvalidTable, Cancelled, MemoryError):
            raise
        except Exception as error:
            # Arrow tells of damage as ArrowInvalid, OSError, ArrowNotImplementedError, and some more.
            raise InvalidTable(
                f"{name} is damaged and can't be read as a Parquet file. Write or upload it again, or use CSV."
            ) from error


def _check_kind(file: BinaryIO, name: str) -> None:
    magic = file.read(4)
    file.seek(0)
    if magic == b"PARE":
        raise InvalidTable(f"{name} is encrypted, so it can't be read. Write it without encryption.")
    if magic != b"PAR1":
        raise InvalidTable(f"{name} isn't a Parquet file. Write the table as one, or as CSV, and use that.")


def _read(parquet: pq.ParquetFile, name: str, run: RunContext) -> tuple[pa.Table, tuple[str, ...]]:
    schema = parquet.schema_arrow
    kept, notes = _columns(schema, name)
    metadata = parquet.metadata
    unpacked = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
    # Each value takes four bytes at least, however well a file that says the same again and again is packed.
    if max(unpacked, 4 * metadata.num_rows * len(kept)) > LIMIT_BYTES:
        raise _too_large(name)
    if not metadata.num_rows:
        raise InvalidTable(f"{name} has columns but no rows. Expected one row for each entry.")
    pieces: list[list[pa.Array]] = [[] for _ in kept]
    row = size = 0
    columns_at_once = max(1, _CELLS_AT_ONCE // _PIECE_ROWS)
    for batch in parquet.iter_batches(_PIECE_ROWS, columns=[schema.names[number] for number in kept]):
        for number, (column, texts) in enumerate(zip(batch.columns, pieces, strict=True)):
            if number % columns_at_once == 0:
                run.progress(f"Reading {name}", row + batch.num_rows * number // len(kept), metadata.num_rows)
            text = _checked(column, schema.names[kept[number]], row, name)
            size += text.nbytes
            texts.append(text)
        row += batch.num_rows
        if size > LIMIT_BYTES:
            raise _too_large(name)
    run.progress(f"Reading {name}", row, metadata.num_rows)
    table = pa.table(
        [pa.chunked_array(texts, pa.string()) for texts in pieces], [schema.names[i].strip() for i in kept]
    )
    return table, tuple(notes)


def _too_large(name: str) -> InvalidTable:
    return InvalidTable(
        f"{name} holds more than {LIMIT_BYTES >> 30} GB once it is unpacked, the limit for one file. Split it into several "
        "files, or leave out columns."
    )


def _columns(schema: pa.Schema, name: str) -> tuple[list[int], list[str]]:
    """The numbers of the columns that can be texts, and notes on the others."""
    if len(schema) > MAX_COLUMNS:
        raise InvalidTable(f"{name} has {len(schema):,} columns; the limit is {MAX_COLUMNS:,}. Leave out some columns.")
    seen: dict[str, str] = {}
    kept, notes = [], []
    for number, column in enumerate(schema):
        first = seen.setdefault(plain_name(column.name), column.name)
        if schema.names.index(column.name) != number or first != column.name:
            raise InvalidTable(
                f"Two columns of {name} have the same name: “{first}” and “{column.name}”. Rename or leave out one of them."
            )
        if not column.name.strip():
            notes.append(f"Column {number + 1} of {name} has no name and was left out.")
        elif _PANDAS_INDEX.fullmatch(column.name):
            notes.append(f"Column “{column.name}” of {name} only numbers the rows for pandas and was left out.")
        elif not _is_plain(column.type):
            notes.append(
                f"Column “{column.name}” of {name} holds several values in each row ({_kind(column.type)}) and was left out. "
                "Give each of them a column of its own to use it."
            )
        else:
            kept.append(number)
    if not kept:
        raise InvalidTable(f"{name} has no column that can be read as text. Expected a column for each field.")
    return kept, notes


def _kind(type_: pa.DataType) -> str:
    return re.split(r"[<(\[]", str(type_))[0]


def _storage(type_: pa.DataType) -> pa.DataType:
    """The type of the values where it only wraps another one: a dictionary of texts, an extension."""
    while True:
        if pa.types.is_dictionary(type_):
            type_ = type_.value_type
        elif isinstance(type_, pa.BaseExtensionType):
            type_ = type_.storage_type
        else:
            return type_


def _is_list(type_: pa.DataType) -> bool:
    return bool(pa.types.is_list(type_) or pa.types.is_large_list(type_) or pa.types.is_fixed_size_list(type_))


def _is_plain(type_: pa.DataType, in_list: bool = False) -> bool:
    type_ = _storage(type_)
    if _is_list(type_):
        return not in_list and _is_plain(type_.value_type, True)
    return not (pa.types.is_nested(type_) or pa.types.is_duration(type_) or pa.types.is_interval(type_))


def _checked(column: pa.Array, column_name: str, before: int, name: str) -> pa.Array:
    """The values as text; `before` is how many rows come before them."""
    try:
        text = _text(column)
        text.validate(full=True)
    except (pa.ArrowInvalid, UnicodeDecodeError):
        raise InvalidTable(
            f"Column “{column_name}” of {name} holds bytes that are no text (UTF-8), in row {before + 1:,} or one of the "
            f"{_PIECE_ROWS:,} from there. Write it as text, or leave it out."
        ) from None
    marked = pc.match_substring(text, "\0")
    if pc.any(marked).as_py():
        row = before + pc.index(marked, True).as_py() + 1
        raise InvalidTable(
            f"Row {row:,} of {name} holds a NUL character in column “{column_name}”, which is no text. Mend or leave out that "
            "value, and write the file again."
        )
    return text


def _text(column: pa.Array) -> pa.Array:
    type_ = column.type
    if isinstance(type_, pa.BaseExtensionType):
        return _text(column.storage)
    if pa.types.is_dictionary(type_):
        return _text(column.dictionary_decode())
    if _is_list(type_):
        text = _joined(column)
    elif pa.types.is_boolean(type_):
        text = pc.if_else(column, "TRUE", "FALSE")
    elif pa.types.is_floating(type_):
        text = _number(column)
    elif pa.types.is_temporal(type_):
        text = _time(column)
    else:
        text = column.cast(pa.string())
    return text.fill_null("")


def _number(column: pa.Array) -> pa.Array:
    """Whole numbers with all their digits, others as Arrow writes them, NaN as null."""
    if pa.types.is_float16(column.type):
        column = column.cast(pa.float32())
    wide = column.cast(pa.float64())
    whole = pc.and_(pc.equal(wide, pc.trunc(wide)), pc.less(pc.abs(wide), _WHOLE_BELOW))
    digits = pc.if_else(whole, wide, None).cast(pa.int64()).cast(pa.string())
    return pc.if_else(pc.is_nan(wide), None, pc.if_else(whole, digits, column.cast(pa.string())))


def _time(column: pa.Array) -> pa.Array:
    if pa.types.is_timestamp(column.type) and column.type.tz is not None:
        column = column.cast(pa.timestamp(column.type.unit))  # the same moments, as UTC has them
    text = column.cast(pa.string())
    if pa.types.is_date(column.type):
        return text
    text = pc.replace_substring_regex(text, r"\.(\d*?)0+$", r".\1")
    text = pc.replace_substring_regex(text, r"\.$", "")
    return pc.replace_substring_regex(text, " 00:00:00$", "") if pa.types.is_timestamp(column.type) else text


def _joined(column: pa.Array) -> pa.Array:
    """The entries of each list, joined; those that are missing are passed over."""
    entries = _text(pc.list_flatten(column))
    parents = pc.list_parent_indices(column)
    filled = pc.not_equal(entries, "")
    entries, parents = entries.filter(filled), parents.filter(filled)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(parents.to_numpy(), minlength=len(column)))])
    return pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), entries), TAG_SEPARATOR)
