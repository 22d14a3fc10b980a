"""Turns columns of text into values by the declared type of each; tells which cells can't be turned, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys_core.tables.columns import CATEGORY_SEPARATOR, TAG_SEPARATOR, Type

A_NUMBER = "a number such as 12 or 3.5"
A_PRICE = "a price of 0 or more, such as 12.50"
A_TIME = "a date such as 2024-03-31, or a time such as 2024-03-31 14:05"
NOT_IN_FUTURE = "a date that isn't in the future"
AN_ID = "an id: the cell may not be empty"

_PLAIN_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_COMMA_DECIMAL = r"^[+-]?([0-9]+|[0-9]{1,3}(\.[0-9]{3})+)(,[0-9]+)?$"
_COMMA_GROUPS = r"^[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]+)?$"
_SURELY_DECIMAL_COMMA = r"^[+-]?([0-9]+,([0-9]{1,2}|[0-9]{4,})|[0-9]{1,3}(\.[0-9]{3})+,[0-9]+|0+,[0-9]+)$"
_SURELY_COMMA_GROUPS = r"^[+-]?[0-9]{1,3}(,[0-9]{3})+\.[0-9]+$"
_DOT_AND_THREE = r"^[+-]?[0-9]{1,3}\.[0-9]{3}$"
_ISO_TIME = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?( ?(Z|[+-]\d\d(:?\d\d)?))?)?$"


@dataclass(frozen=True)
class Converted:
    """A column's values, and what couldn't be converted.

    `values` has one entry for each row, null where the cell is empty or bad.
    `problems` holds pairs of (n_rows,) bool masks of bad cells, and what was expected in them.
    """

    values: pa.ChunkedArray | pa.Array
    problems: tuple[tuple[np.ndarray, str], ...] = ()
    notes: tuple[str, ...] = ()


Column: TypeAlias = pa.ChunkedArray
"""A column of text without nulls, as it was read."""


def convert(column: Column, type_: Type, name: str, *, now: dt.datetime | None = None) -> Converted:
    """Converts one column of text by its declared type.

    id        text, literally, without surrounding spaces; an empty cell is a problem
    text      text, literally; "NA" is a text; empty (or only spaces) is missing
    category  text "A > B > C" with one space around each ">"
    number    float64, finite
    price     float64, finite, 0 or more
    time      timestamp in microseconds, in UTC where the cell names a zone; not in the future
    planned   the same, but it may be in the future: the date of a launch, say
    tags      list of texts, split at "|"; empty is an empty list

    `now` is the present in UTC without a zone, by default the clock's.
    """
    if type_ == "time":
        return _time(column, now or dt.datetime.now(dt.UTC).replace(tzinfo=None))
    if type_ == "planned":
        return _time(column, dt.datetime.max - dt.timedelta(days=2))
    return _CONVERSIONS[type_](column, name)


def _mask(values: pa.ChunkedArray | pa.Array) -> np.ndarray:
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=bool)


def _null_where_empty(column: Column, trimmed: Column) -> Column:
    return pc.if_else(pc.equal(pc.binary_length(trimmed), 0), pa.scalar(None, pa.string()), column)


def _id(column: Column, name: str) -> Converted:
    trimmed = pc.utf8_trim_whitespace(column)
    empty = _mask(pc.equal(pc.binary_length(trimmed), 0))
    shortened = pc.sum(pc.match_substring_regex(trimmed, r"^\d[.,]\d+E\+\d+$")).as_py() or 0
    values = "1 value" if shortened == 1 else f"{shortened:,} values"
    note = f"{values} of {name} may be numbers that a spreadsheet has shortened (1.23E+12); kept as they stand."
    return Converted(trimmed, ((empty, AN_ID),) if empty.any() else (), (note,) if shortened else ())


def _text(column: Column, name: str) -> Converted:
    return Converted(_null_where_empty(column, pc.utf8_trim_whitespace(column)))


def _category(column: Column, name: str) -> Converted:
    between = pc.replace_substring_regex(column, r"\s*(>\s*)+", CATEGORY_SEPARATOR)
    ends = pc.replace_substring_regex(between, r"^[\s>]+|[\s>]+$", "")
    return Converted(_null_where_empty(ends, ends))


def _tags(column: Column, name: str) -> Converted:
    # Tags repeat from row to row, so each distinct cell is split once.
    encoded = column.combine_chunks().dictionary_encode()
    lists = [
        list(dict.fromkeys(tag.strip() for tag in cell.split(TAG_SEPARATOR) if tag.strip()))
        for cell in encoded.dictionary.to_pylist()
    ]
    return Converted(pa.array(lists, pa.list_(pa.string())).take(encoded.indices))


def _number(column: Column, name: str) -> Converted:
    return _finite(column, name, A_NUMBER)


def _price(column: Column, name: str) -> Converted:
    number = _finite(column, name, A_PRICE)
    negative = _mask(pc.fill_null(pc.less(number.values, 0.0), False))
    if not negative.any():
        return number
    values = pc.if_else(pa.array(negative), pa.scalar(None, pa.float64()), number.values)
    return Converted(values, (*number.problems, (negative, A_PRICE)), number.notes)


def _finite(column: Column, name: str, expected: str) -> Converted:
    text = pc.utf8_trim_whitespace(column)
    text = _null_where_empty(text, text)
    try:
        values = pc.cast(text, pa.float64())
        if pc.all(pc.is_finite(values)).as_py() is not False:
            return Converted(values)
    except pa.ArrowInvalid:
        pass
    text, notes = _with_decimal_point(text, name)
    # "inf" and "nan" don't match; 1e400 does, and becomes infinite.
    plain = pc.match_substring_regex(text, _PLAIN_NUMBER)
    values = pc.cast(pc.if_else(plain, text, pa.scalar(None, pa.string())), pa.float64())
    finite = pc.fill_null(pc.is_finite(values), False)
    bad = _mask(pc.and_(pc.is_valid(text), pc.invert(finite)))
    return Converted(
        pc.if_else(finite, values, pa.scalar(None, pa.float64())), ((bad, expected),) if bad.any() else (), notes
    )


def _with_decimal_point(text: Column, name: str) -> tuple[Column, tuple[str, ...]]:
    """The column in plain notation, where the whole of it is surely in another one.

    A lone "1,299" may be one or a thousand. It is settled by the rest of the column: "3,50" can only be a decimal
    comma, "1,299.00" only a mark of thousands; and nothing in the column may speak against it.
    """

    def matching(pattern: str) -> Column:
        return pc.fill_null(pc.match_substring_regex(text, pattern), False)

    def count(pattern: str) -> int:
        return pc.sum(matching(pattern)).as_py() or 0

    def example(pattern: str) -> str:
        return str(text.filter(matching(pattern))[0].as_py())

    numbers = count(r"^[+-]?[0-9][0-9.,]*$")
    # "1.299" means a thousand only where decimal commas are the rule, not where one is a slip.
    if count(_SURELY_DECIMAL_COMMA) > count(_DOT_AND_THREE) and count(_COMMA_DECIMAL) == numbers:
        note = f'The numbers of {name} have a decimal comma ("{example(_SURELY_DECIMAL_COMMA)}") and were read so.'
        plain = pc.replace_substring(pc.replace_substring(text, ".", ""), ",", ".")
        return pc.if_else(matching(_COMMA_DECIMAL), plain, text), (note,)
    if count(_SURELY_COMMA_GROUPS) and count(_COMMA_GROUPS) == numbers:
        note = (
            f'The numbers of {name} have commas between thousands ("{example(_SURELY_COMMA_GROUPS)}") and were read so.'
        )
        return pc.if_else(matching(_COMMA_GROUPS), pc.replace_substring(text, ",", ""), text), (note,)
    return text, ()


def _time(column: Column, now: dt.datetime) -> Converted:
    text = pc.utf8_trim_whitespace(column)
    text = _null_where_empty(text, text)
    values, bad = _iso_time(text)
    # A day's grace: the file may be in a zone that is ahead of UTC.
    limit = pa.scalar(now + dt.timedelta(days=1), pa.timestamp("us"))
    future = _mask(pc.fill_null(pc.greater(values, limit), False))
    problems = tuple((mask, expected) for mask, expected in ((bad, A_TIME), (future, NOT_IN_FUTURE)) if mask.any())
    if future.any():
        values = pc.if_else(pa.array(future), pa.scalar(None, pa.timestamp("us")), values)
    return Converted(values, problems)


def _iso_time(text: Column) -> tuple[pa.ChunkedArray | pa.Array, np.ndarray]:
    """Times in UTC, and a mask of the bad ones."""
    for zone in (None, "UTC"):  # Arrow is fast where no cell names a zone, or all do
        try:
            moments = pc.cast(text, pa.timestamp("us", zone))
            return pc.cast(moments, pa.timestamp("us")), np.zeros(len(text), dtype=bool)
        except pa.ArrowInvalid:
            continue
    encoded = text.combine_chunks().dictionary_encode()
    distinct = encoded.dictionary
    iso = pc.if_else(pc.match_substring_regex(distinct, _ISO_TIME), distinct, pa.scalar(None, pa.string()))
    moments = pd.to_datetime(pd.Series(iso.to_pylist(), dtype="str"), format="ISO8601", errors="coerce", utc=True)
    moments = moments.dt.tz_localize(None).astype("datetime64[us]")
    values = pa.array(moments, pa.timestamp("us"), from_pandas=True).take(encoded.indices)
    return values, _mask(pc.and_(pc.is_valid(text), pc.is_null(values)))


_CONVERSIONS: dict[Type, Callable[[Column, str], Converted]] = {
    "id": _id,
    "text": _text,
    "category": _category,
    "number": _number,
    "price": _price,
    "tags": _tags,
}
