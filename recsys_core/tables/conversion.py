"""Turns columns of text into values by the declared type of each; tells which cells can't be turned, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from recsys_core.tables.cells import Column as Column
from recsys_core.tables.cells import Converted as Converted
from recsys_core.tables.cells import null_where_empty, true_at
from recsys_core.tables.columns import CATEGORY_SEPARATOR, TAG_SEPARATOR, Type
from recsys_core.tables.dates import read_dates
from recsys_core.tables.formulas import MARKED
from recsys_core.tables.mapping import DateOrder, Decimal
from recsys_core.tables.numbers import read_numbers

A_NUMBER = "a number such as 12 or 3.5"
A_PRICE = "a price of 0 or more, such as 12.50"
AN_ID = "an id: the cell may not be empty"


def convert(
    column: Column,
    type_: Type,
    name: str,
    *,
    now: dt.datetime | None = None,
    decimal: Decimal | None = None,
    dates: DateOrder | None = None,
) -> Converted:
    """Converts one column of text by its declared type.

    id        text, literally, without surrounding spaces; an empty cell is a problem
    text      text, literally; "NA" is a text; empty (or only spaces) is missing
    category  text "A > B > C" with one space around each ">"
    number    float64, finite
    price     float64, finite, 0 or more
    time      timestamp in microseconds, in UTC where the cell names a zone; not in the future
    planned   the same, but it may be in the future: the date of a launch, say
    tags      list of texts, split at "|"; empty is an empty list

    `now` is the present in UTC without a zone, by default the clock's. `decimal` divides whole from fraction, `dates` is
    the order of day, month and year; None: the column decides, and `Converted.read_as` tells how.
    Text that our exports have marked with ' against being run as a formula loses that mark.
    """
    column = _unmarked(column, MARKED if type_ in _TEXTS else "^'")
    if type_ == "time":
        now = now or dt.datetime.now(dt.UTC).replace(tzinfo=None)
        # A day's grace: the file may be in a zone that is ahead of UTC.
        return read_dates(column, name, order=dates, latest=now + dt.timedelta(days=1))
    if type_ == "planned":
        return read_dates(column, name, order=dates, latest=dt.datetime.max)
    if type_ == "number":
        return read_numbers(column, name, decimal=decimal, expected=A_NUMBER)
    if type_ == "price":
        return _price(column, name, decimal)
    return _TEXTS[type_](column, name)


def _unmarked(column: Column, mark: str) -> Column:
    """The column without the ' by which a spreadsheet knows a text; no number or date has one of its own."""
    if not pc.any(pc.starts_with(column, "'")).as_py():
        return column
    return pc.replace_substring_regex(column, mark, r"\1" if "(" in mark else "")


def _id(column: Column, name: str) -> Converted:
    trimmed = pc.utf8_trim_whitespace(column)
    empty = true_at(pc.equal(pc.binary_length(trimmed), 0))
    shortened = pc.sum(pc.match_substring_regex(trimmed, r"^\d[.,]\d+E\+\d+$")).as_py() or 0
    values = "1 value" if shortened == 1 else f"{shortened:,} values"
    note = f"{values} of {name} may be numbers that a spreadsheet has shortened (1.23E+12); kept as they stand."
    return Converted(trimmed, ((empty, AN_ID),) if empty.any() else (), (note,) if shortened else ())


def _text(column: Column, name: str) -> Converted:
    return Converted(null_where_empty(column, pc.utf8_trim_whitespace(column)))


def _category(column: Column, name: str) -> Converted:
    between = pc.replace_substring_regex(column, r"\s*(>\s*)+", CATEGORY_SEPARATOR)
    ends = pc.replace_substring_regex(between, r"^[\s>]+|[\s>]+$", "")
    return Converted(null_where_empty(ends, ends))


def _tags(column: Column, name: str) -> Converted:
    # Tags repeat from row to row, so each distinct cell is split once.
    encoded = column.combine_chunks().dictionary_encode()
    lists = [
        list(dict.fromkeys(tag.strip() for tag in cell.split(TAG_SEPARATOR) if tag.strip()))
        for cell in encoded.dictionary.to_pylist()
    ]
    return Converted(pa.array(lists, pa.list_(pa.string())).take(encoded.indices))


def _price(column: Column, name: str, decimal: Decimal | None) -> Converted:
    number = read_numbers(column, name, decimal=decimal, expected=A_PRICE)
    negative = pc.fill_null(pc.less(number.values, 0.0), False)
    if not pc.any(negative).as_py():
        return number
    values = pc.if_else(negative, pa.scalar(None, pa.float64()), number.values)
    return replace(number, values=values, problems=(*number.problems, (true_at(negative), A_PRICE)))


_TEXTS: dict[Type, Callable[[Column, str], Converted]] = {
    "id": _id,
    "text": _text,
    "category": _category,
    "tags": _tags,
}
