"""Checks a file against the table it is given as: good rows go on, bad ones are set apart with their reasons."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys_core.errors import InvalidTable
from recsys_core.tables.columns import (
    ALSO_CALLED,
    COLUMNS,
    REQUIRED,
    UNIQUE,
    Kind,
    Type,
    plain_name,
)
from recsys_core.tables.conversion import convert
from recsys_core.tables.reading import TextTable, quoted, read_text

REASON_COLUMNS = ("row", "column", "found", "expected")

_LONGEST_FOUND = 80
_EXAMPLES = 3


@dataclass(frozen=True)
class CheckedTable:
    """A file's good rows, typed, and its bad rows with their reasons."""

    kind: Kind
    name: str
    """The file's name."""
    frame: pd.DataFrame
    """The good rows: known columns under our names and typed, any others as text under their own; default index.

    ids and texts are "str" (missing: NaN), numbers and prices float64, times datetime64[us] in UTC without a zone,
    tags lists of str. A known column that the file doesn't have isn't there.
    """
    rejected: pd.DataFrame
    """One line for each bad row: row (its number in the file), column, found, expected, then the row's text as it was.

    Where a row has several faults, "; " stands between them.
    """
    notes: tuple[str, ...]
    """What else a person should know, in sentences."""
    rows_read: int
    """Good and bad rows; blank ones don't count."""

    def summary(self) -> str:
        """For example: 3 rows read, 2 good, 1 rejected: row 4, price "-3" (expected a price of 0 or more)."""
        counts = f"{_rows(self.rows_read)} read, {len(self.frame):,} good, {len(self.rejected):,} rejected"
        if not len(self.rejected):
            return counts + "."
        examples = [
            f"row {row:,}, {column + ' ' if column else ''}"
            + (f'"{found}"' if column else found)
            + f" (expected {expected})"
            for row, column, found, expected in self.rejected.iloc[:_EXAMPLES, :4].itertuples(index=False)
        ]
        more = len(self.rejected) - len(examples)
        return f"{counts}: {'; '.join(examples)}{f'; and {more:,} more' if more else ''}."


@dataclass(frozen=True)
class _Problem:
    """Cells with one fault: positions in the text table, the column as in the file, what was expected in each."""

    at: np.ndarray
    column: str
    expected: str | list[str] = field(repr=False)


def read_table(
    source: Path | bytes | BinaryIO, kind: Kind, *, name: str, now: dt.datetime | None = None
) -> CheckedTable:
    """Reads a .csv or .csv.gz file and checks it as the table `kind`.

    `now` is the present in UTC without a zone, by default the clock's: later times are faults.
    Raises InvalidTable if the file as a whole can't be used.
    """
    return check_table(read_text(source, name=name), kind, now=now)


def check_table(text: TextTable, kind: Kind, *, now: dt.datetime | None = None) -> CheckedTable:
    """Checks a table that was read as text, like `read_table`."""
    theirs = match_columns(text, kind)
    ours = {column: name for name, column in theirs.items()}
    types: dict[str, Type] = COLUMNS[kind]
    problems: list[_Problem] = []
    notes = list(text.notes)
    columns: dict[str, pa.ChunkedArray | pa.Array] = {}
    for column in text.table.column_names:
        name = ours.get(column, column)
        converted = convert(text.table.column(column), types.get(name, "text"), column, now=now)
        columns[name] = converted.values
        notes += converted.notes
        problems += [_Problem(np.flatnonzero(mask), column, expected) for mask, expected in converted.problems]

    good = np.ones(text.table.num_rows, dtype=bool)
    for problem in problems:
        good[problem.at] = False
    unique = UNIQUE[kind]
    if unique:
        repeated = _repeated(columns[unique], good, text.rows, theirs[unique])
        good[repeated.at] = False
        problems += [repeated] if len(repeated.at) else []

    table = pa.table(columns)
    frame = (table if good.all() else table.filter(pa.array(good))).to_pandas()
    if "tags" in types and "tags" in frame:
        frame["tags"] = pd.Series([list(tags) for tags in frame["tags"]], dtype=object)
    if unique:
        notes += _near_twins(frame[unique], text.rows[good], theirs[unique])
    if "title" in types:
        untitled = int(frame["title"].isna().sum())
        notes += [f"{_products(untitled)} without a title: kept, but found by fewer signs."] if untitled else []
    rejected = _rejected(text, problems)
    return CheckedTable(kind, text.name, frame, rejected, tuple(notes), text.table.num_rows + len(text.misfits))


def match_columns(text: TextTable, kind: Kind) -> dict[str, str]:
    """Which column of the file is which of ours: {our name: name in the file}.

    Names are compared trimmed, in any case, and with space, hyphen and underscore alike.
    Raises InvalidTable if a required column is missing.
    """
    found = text.table.column_names
    plain = {plain_name(column): column for column in found}
    theirs = {name: plain[name] for name in COLUMNS[kind] if name in plain}
    missing = [name for name in REQUIRED[kind] if name not in theirs]
    if not missing:
        return theirs
    if not theirs and any(_looks_like_data(column) for column in found):
        raise InvalidTable(
            f"The first row of {text.name} doesn't hold column names but data ({quoted(found, 4)}). "
            f"Put a row with the names above it; a table of {kind} needs {quoted(list(REQUIRED[kind]))}."
        )
    hints = []
    for name in missing:
        near = _nearest(name, {key: column for key, column in plain.items() if column not in theirs.values()})
        hints += [f'If "{near}" is it, rename it to "{name}".'] if near else []
    raise InvalidTable(
        f"{text.name} has no column {quoted(missing)}, which a table of {kind} needs. Found {quoted(found)}. "
        + (" ".join(hints) or "Add it, or check that this is the right file.")
    )


def _looks_like_data(value: str) -> bool:
    """Whether a header cell is rather a value: a number, a date, a code like U00225, or a long text."""
    return bool(re.search(r"\d{2}|^[\d.,+-]+$", value)) or len(value) > 60


def _nearest(name: str, plain: dict[str, str]) -> str | None:
    """The file's column that is likeliest meant by our `name`."""
    for other in ALSO_CALLED.get(name, ()):
        if other in plain:
            return plain[other]
    close = difflib.get_close_matches(name, plain, n=1, cutoff=0.6)
    return plain[close[0]] if close else None


def _repeated(ids: pa.ChunkedArray | pa.Array, good: np.ndarray, rows: np.ndarray, column: str) -> _Problem:
    """The good rows whose id an earlier good row has."""
    at = np.flatnonzero(good)
    series = pd.Series(ids.to_pandas().iloc[at].to_numpy(), index=at)
    later = series[series.duplicated()]
    firsts = pd.Series(series.index, index=series)
    firsts = firsts[~firsts.index.duplicated()]
    expected = [f"an id of its own; row {row:,} has this one already" for row in rows[firsts.loc[later].to_numpy()]]
    return _Problem(later.index.to_numpy(), column, expected)


def _near_twins(ids: pd.Series, rows: np.ndarray, column: str) -> list[str]:
    """A note on ids that differ only by case, spaces, invisible characters or the way letters are composed."""
    text = pa.array(ids, pa.string())
    plain = pc.utf8_lower(pc.utf8_normalize(text, "NFKC"))
    plain = pc.replace_substring_regex(plain, "[\\s\u00a0\u200b-\u200f\u2060\ufeff]+", "")
    keys = pd.Series(plain.to_pandas())
    twins = keys[keys.duplicated(keep=False)]
    if twins.empty:
        return []
    pairs = [at.to_numpy()[:2] for _, at in twins.index.to_series().groupby(twins.to_numpy(), sort=False)]
    shown = ", ".join(f'"{ids[a]}" (row {rows[a]:,}) and "{ids[b]}" (row {rows[b]:,})' for a, b in pairs[:_EXAMPLES])
    more = f", and {len(pairs) - _EXAMPLES:,} more" if len(pairs) > _EXAMPLES else ""
    return [
        f"Some values of {column} differ only by case, spaces or invisible characters: {shown}{more}. All were kept."
    ]


def _rejected(text: TextTable, problems: list[_Problem]) -> pd.DataFrame:
    """The bad rows in the order of the file."""
    parts = []
    for problem in problems:
        found = text.table.column(problem.column).take(pa.array(problem.at)).to_pandas()
        parts.append(
            pd.DataFrame({"at": problem.at, "column": problem.column, "found": found, "expected": problem.expected})
        )
    faults = (
        pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["at", "column", "found", "expected"])
    )
    faults["found"] = faults["found"].astype("str").str.slice(0, _LONGEST_FOUND)
    faults = _one_line_each(faults)
    faults = faults.sort_values("at", ignore_index=True)
    at = faults.pop("at").to_numpy(dtype=np.int64)
    faults.insert(0, "row", text.rows[at])
    originals: pd.DataFrame = text.table.take(pa.array(at)).to_pandas()
    # A file's own column "row" must not be mistaken for ours.
    own = [f"{name} (file)" if name in REASON_COLUMNS else name for name in text.table.column_names]
    originals.columns = pd.Index(own)
    rejected = pd.concat([faults, originals], axis=1)
    if text.misfits:
        rejected = pd.concat([rejected, _misfits(text, own)], ignore_index=True).sort_values("row", ignore_index=True)
    return rejected.astype({"row": "int64", **dict.fromkeys(rejected.columns[1:], "str")})


def _one_line_each(faults: pd.DataFrame) -> pd.DataFrame:
    """Joins the faults of a row that has several."""
    several = faults["at"].duplicated(keep=False)
    if not several.any():
        return faults
    joined: dict[int, list[str]] = {}
    for at, *texts in faults[several].itertuples(index=False, name=None):
        before = joined.get(at)
        joined[at] = [f"{old}; {new}" for old, new in zip(before, texts, strict=True)] if before else texts
    lines = pd.DataFrame([[at, *texts] for at, texts in joined.items()], columns=faults.columns)
    return pd.concat([faults[~several], lines], ignore_index=True)


def _misfits(text: TextTable, own: list[str]) -> pd.DataFrame:
    """Rows of another width than the header: missing values empty, surplus ones joined to the last."""
    lines = []
    for misfit in text.misfits:
        values = list(misfit.values)
        if len(values) > len(own):
            values[len(own) - 1 :] = [text.delimiter.join(values[len(own) - 1 :])]
        values += [""] * (len(own) - len(values))
        count = len(misfit.values)
        found = "1 value" if count == 1 else f"{count:,} values"
        lines.append([misfit.row, "", found, f"{text.width:,}, as in the first row", *values])
    return pd.DataFrame(lines, columns=[*REASON_COLUMNS, *own])


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _products(count: int) -> str:
    return "1 product" if count == 1 else f"{count:,} products"
