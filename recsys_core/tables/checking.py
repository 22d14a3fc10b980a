"""Checks a file against the table it is given as: good rows go on, bad ones are set apart with their reasons."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa

from recsys_core.run_context import RunContext
from recsys_core.tables.columns import COLUMNS, REQUIRED, UNIQUE, Kind, Type
from recsys_core.tables.conversion import convert
from recsys_core.tables.difference import OnDuplicate
from recsys_core.tables.mapping import Mapping
from recsys_core.tables.matching import Matched, match_columns, own_columns
from recsys_core.tables.near_twins import near_twins
from recsys_core.tables.reading import TextTable, read_text
from recsys_core.tables.rejected import LONGEST_FOUND, Problem, faults_of, rejected_rows

OWN_ID = "an id of its own"

_EXAMPLES = 3


@dataclass(frozen=True)
class ColumnRead:
    """A column of the file, and what became of it."""

    ours: str
    """Our name; for an attribute the file's own."""
    theirs: str
    type: Type
    why: str
    """Why it was taken for that, in words; "" for an attribute, and where it has our name."""
    sure: bool
    read_as: str
    """How its numbers or dates were read; "" where there was nothing to guess."""
    unsure: str
    """A sentence where that guess may be wrong."""
    examples: tuple[tuple[str, str], ...]
    """Some different cells as they are in the file, and what they became; "" where they can't be read."""


@dataclass(frozen=True)
class FaultGroup:
    """Faults of one cause in one column."""

    column: str
    expected: str
    count: int
    examples: tuple[tuple[int, str], ...]
    """Row and what was found in it."""


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
    """One line for each bad row: row (its number in the file), column, found, expected, then the row's text as it was,
    but for the ' by which a spreadsheet knows a text.

    Where a row has several faults, "; " stands between them.
    """
    notes: tuple[str, ...]
    """What else a person should know, in sentences."""
    rows_read: int
    """Good and bad rows; blank ones don't count."""
    faults: pd.DataFrame
    """One line for each fault: row, column, found, expected, cause (the same for all faults of one kind)."""
    columns: tuple[ColumnRead, ...]
    mapping: Mapping
    """As the file was read: every choice that was made or guessed, but for number and date notations, which each column
    tells of itself."""
    column_names: list[str]
    """All columns of the file."""
    sheets: tuple[str, ...]
    rows: np.ndarray
    """The row number in the file of each row of `frame`."""
    rejected_ids: frozenset[str] = frozenset()
    """Of products or customers, those whom a rejected row names: they are in the file, though not among the good rows."""

    def groups(self) -> list[FaultGroup]:
        """Rejected rows by cause, the most frequent first."""
        groups = [
            FaultGroup(
                str(rows["column"].iloc[0]),
                str(rows["cause"].iloc[0]),
                len(rows),
                tuple(rows[["row", "found"]].head(_EXAMPLES).itertuples(index=False, name=None)),
            )
            for _, rows in self.faults.groupby(["column", "cause"], sort=False)
        ]
        return sorted(groups, key=lambda group: -group.count)

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


def read_table(
    source: Path | bytes | BinaryIO,
    kind: Kind,
    *,
    name: str,
    mapping: Mapping = Mapping(),
    on_duplicate: OnDuplicate = "keep",
    now: dt.datetime | None = None,
    run: RunContext = RunContext(),
) -> CheckedTable:
    """Reads a file (CSV, plain or .gz, an Excel workbook, Parquet) and checks it as the table `kind`.

    `mapping` holds what a person chose; the rest is guessed. `on_duplicate` tells which row of an id that the file has more
    than once counts: the first (and the others are rejected), the last, or all together; under "merge" products need no title. `now` is the present in UTC without
    a zone, by default the clock's: later times are faults. Raises InvalidTable if the file as a whole can't be used.
    """
    text = read_text(source, name=name, mapping=mapping, run=run)
    return check_table(text, kind, mapping=mapping, on_duplicate=on_duplicate, now=now, run=run)


def check_table(
    text: TextTable,
    kind: Kind,
    *,
    mapping: Mapping = Mapping(),
    on_duplicate: OnDuplicate = "keep",
    now: dt.datetime | None = None,
    run: RunContext = RunContext(),
) -> CheckedTable:
    """Checks a table that was read as text, like `read_table`."""
    # What fills in rows that are there need not say more of them than which they are.
    needed = [name for name in REQUIRED[kind] if on_duplicate != "merge" or name != "title"]
    matched = match_columns(text, kind, mapping, needed)
    problems: list[Problem] = []
    notes = [*text.notes, *matched.notes]
    values: dict[str, pa.ChunkedArray | pa.Array] = {}
    columns: list[ColumnRead] = []
    for theirs, name in run.track(matched.ours.items(), f"Checking {text.name}", len(matched.ours)):
        type_: Type = COLUMNS[kind].get(name, "text") if theirs not in matched.attributes else "text"
        column = text.table.column(theirs)
        converted = convert(column, type_, theirs, now=now, decimal=mapping.decimal, dates=mapping.dates)
        values[name] = converted.values
        notes += converted.notes
        problems += [Problem(np.flatnonzero(mask), theirs, expected) for mask, expected in converted.problems]
        why, sure = matched.why.get(name, ("", True))
        examples = _shown(column, converted.values)
        columns.append(ColumnRead(name, theirs, type_, why, sure, converted.read_as, converted.unsure, examples))

    good = np.ones(text.table.num_rows, dtype=bool)
    for problem in problems:
        good[problem.at] = False
    unique = UNIQUE[kind]
    id_column = "" if unique is None else next(read.theirs for read in columns if read.ours == unique)
    if unique is not None and on_duplicate == "keep":
        repeated = _repeated(values[unique], good, text.rows, id_column)
        good[repeated.at] = False
        problems += [repeated] if len(repeated.at) else []

    table = pa.table(values)
    frame = (table if good.all() else table.filter(pa.array(good))).to_pandas()
    rows = text.rows if good.all() else text.rows[good]
    if "tags" in COLUMNS[kind] and "tags" in frame:
        frame["tags"] = pd.Series([list(tags) for tags in frame["tags"]], dtype=object)
    if unique is not None and on_duplicate != "keep":
        frame, rows, said = _one_row_each(frame, rows, unique, on_duplicate)
        notes += said
    if unique is not None:
        notes += near_twins(frame[unique], rows, id_column)
    if "title" in frame:
        untitled = int(frame["title"].isna().sum())
        notes += [f"{_products(untitled)} without a title: kept, but found by fewer signs."] if untitled else []
    faults = faults_of(text, problems)
    return CheckedTable(
        kind=kind,
        name=text.name,
        frame=frame,
        rejected=rejected_rows(text, faults),
        notes=tuple(notes),
        rows_read=text.table.num_rows + len(text.misfits),
        faults=faults.drop(columns="at"),
        columns=tuple(columns),
        mapping=_as_read(text, kind, mapping, matched),
        column_names=own_columns(text),
        sheets=text.sheets,
        rows=rows,
        rejected_ids=frozenset() if unique is None else _ids_at(values[unique], faults["at"].to_numpy(), frame[unique]),
    )


def _as_read(text: TextTable, kind: Kind, mapping: Mapping, matched: Matched) -> Mapping:
    theirs = {name: column for column, name in matched.ours.items() if column not in matched.attributes}
    return mapping.model_copy(update={**text.reading(), "columns": {name: theirs.get(name) for name in COLUMNS[kind]}})


def _shown(column: pa.ChunkedArray, values: pa.ChunkedArray | pa.Array) -> tuple[tuple[str, str], ...]:
    """Some filled cells, and what they became."""
    head = column.slice(0, 1_000).to_pylist()
    filled = list({cell: at for at, cell in reversed(list(enumerate(head))) if cell.strip()}.values())[::-1][:_EXAMPLES]
    return tuple((head[at][:LONGEST_FOUND], _as_text(values[at].as_py())[:LONGEST_FOUND]) for at in filled)


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, float):
        return f"{value:,.10g}"
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d}" if value.time() == dt.time() else f"{value:%Y-%m-%d %H:%M:%S}"
    return str(value)


def _one_row_each(
    frame: pd.DataFrame, rows: np.ndarray, unique: str, on_duplicate: OnDuplicate
) -> tuple[pd.DataFrame, np.ndarray, list[str]]:
    """The frame with one row for each id, in the order of the last rows; those rows; and a note."""
    last = ~frame[unique].duplicated(keep="last").to_numpy()
    surplus = int((~last).sum())
    if not surplus:
        return frame, rows, []
    kept = frame[last].reset_index(drop=True)
    if on_duplicate == "merge":
        filled = (
            frame.mask(frame.map(lambda value: isinstance(value, list) and not value)) if "tags" in frame else frame
        )
        merged = filled.groupby(unique, sort=False).last().reindex(kept[unique]).reset_index()
        if "tags" in merged:
            merged["tags"] = [tags if isinstance(tags, list) else [] for tags in merged["tags"]]
        kept = merged[list(frame)]
    how = "filled in from all of them, later ones first" if on_duplicate == "merge" else "the last one was taken"
    ids = frame.loc[~last, unique].nunique()
    said = f"{ids:,} {'id stands' if ids == 1 else 'ids stand'} in more than one row ({surplus:,} surplus): {how}."
    return kept, rows[last], [said]


def _ids_at(ids: pa.ChunkedArray | pa.Array, at: np.ndarray, good: pd.Series) -> frozenset[str]:
    """The ids at those positions (-1: none) that no good row has."""
    named = ids.take(pa.array(np.unique(at[at >= 0]))).to_pylist()
    return frozenset(named) - {None} - set(good)


def _repeated(ids: pa.ChunkedArray | pa.Array, good: np.ndarray, rows: np.ndarray, column: str) -> Problem:
    """The good rows whose id an earlier good row has."""
    at = np.flatnonzero(good)
    series = pd.Series(ids.to_pandas().iloc[at].to_numpy(), index=at)
    later = series[series.duplicated()]
    firsts = pd.Series(series.index, index=series)
    firsts = firsts[~firsts.index.duplicated()]
    expected = [f"{OWN_ID}; row {row:,} has this one already" for row in rows[firsts.loc[later].to_numpy()]]
    return Problem(later.index.to_numpy(), column, OWN_ID, expected)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _products(count: int) -> str:
    return "1 product" if count == 1 else f"{count:,} products"
