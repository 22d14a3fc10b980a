"""Checks a file against the table it is given as: good rows go on, bad ones are set apart with their reasons."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa

from recsys_core.run_context import RunContext
from recsys_core.tables.columns import COLUMNS, UNIQUE, Kind, Type
from recsys_core.tables.conversion import MARKED_AS_TEXT, convert
from recsys_core.tables.difference import OnDuplicate
from recsys_core.tables.mapping import Mapping
from recsys_core.tables.matching import REASON_COLUMNS, Matched, match_columns, own_columns, unmarked_name
from recsys_core.tables.near_twins import near_twins
from recsys_core.tables.reading import TextTable, read_text

OWN_ID = "an id of its own"
AS_WIDE = "as many values as there are column names"

_LONGEST_FOUND = 80
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
    """Some cells as they are in the file, and what they became."""


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


@dataclass(frozen=True)
class _Problem:
    """Cells with one fault: positions in the text table, the column as in the file, what was expected in each."""

    at: np.ndarray
    column: str
    cause: str
    expected: list[str] | None = field(default=None, repr=False)
    """Where it differs from cell to cell; else the cause says it."""


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
    than once counts: the first (and the others are rejected), the last, or all together. `now` is the present in UTC without
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
    matched = match_columns(text, kind, mapping)
    problems: list[_Problem] = []
    notes = [*text.notes, *matched.notes]
    values: dict[str, pa.ChunkedArray | pa.Array] = {}
    columns: list[ColumnRead] = []
    for theirs, name in run.track(matched.ours.items(), f"Checking {text.name}", len(matched.ours)):
        type_: Type = COLUMNS[kind].get(name, "text") if theirs not in matched.attributes else "text"
        column = text.table.column(theirs)
        converted = convert(column, type_, theirs, now=now, decimal=mapping.decimal, dates=mapping.dates)
        values[name] = converted.values
        notes += converted.notes
        problems += [_Problem(np.flatnonzero(mask), theirs, expected) for mask, expected in converted.problems]
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
    faults = _faults(text, problems)
    return CheckedTable(
        kind=kind,
        name=text.name,
        frame=frame,
        rejected=_rejected(text, faults),
        notes=tuple(notes),
        rows_read=text.table.num_rows + len(text.misfits),
        faults=faults.drop(columns="at"),
        columns=tuple(columns),
        mapping=_as_read(text, kind, mapping, matched),
        column_names=own_columns(text),
        sheets=text.sheets,
        rows=rows,
    )


def _as_read(text: TextTable, kind: Kind, mapping: Mapping, matched: Matched) -> Mapping:
    theirs = {name: column for column, name in matched.ours.items() if column not in matched.attributes}
    return mapping.model_copy(update={**text.reading(), "columns": {name: theirs.get(name) for name in COLUMNS[kind]}})


def _shown(column: pa.ChunkedArray, values: pa.ChunkedArray | pa.Array) -> tuple[tuple[str, str], ...]:
    """Some filled cells, and what they became."""
    head = column.slice(0, 1_000).to_pylist()
    filled = [at for at, cell in enumerate(head) if cell.strip()][:_EXAMPLES]
    return tuple((head[at][:_LONGEST_FOUND], _as_text(values[at].as_py())[:_LONGEST_FOUND]) for at in filled)


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


def _repeated(ids: pa.ChunkedArray | pa.Array, good: np.ndarray, rows: np.ndarray, column: str) -> _Problem:
    """The good rows whose id an earlier good row has."""
    at = np.flatnonzero(good)
    series = pd.Series(ids.to_pandas().iloc[at].to_numpy(), index=at)
    later = series[series.duplicated()]
    firsts = pd.Series(series.index, index=series)
    firsts = firsts[~firsts.index.duplicated()]
    expected = [f"{OWN_ID}; row {row:,} has this one already" for row in rows[firsts.loc[later].to_numpy()]]
    return _Problem(later.index.to_numpy(), column, OWN_ID, expected)


def _faults(text: TextTable, problems: list[_Problem]) -> pd.DataFrame:
    """at (the position in the text table; -1 for a row of another width), row, column, found, expected, cause; by row."""
    parts = [
        pd.DataFrame(
            {
                "at": problem.at,
                "row": text.rows[problem.at],
                "column": problem.column,
                "found": text.table.column(problem.column).take(pa.array(problem.at)).to_pandas(),
                "expected": problem.cause if problem.expected is None else problem.expected,
                "cause": problem.cause,
            }
        )
        for problem in problems
    ]
    misfits = [
        (-1, misfit.row, "", _values(len(misfit.values)), f"{text.width:,}, as in the first row", AS_WIDE)
        for misfit in text.misfits
    ]
    columns = ["at", "row", "column", "found", "expected", "cause"]
    faults = pd.concat([*parts, pd.DataFrame(misfits, columns=columns)], ignore_index=True)
    faults = faults.astype({"at": "int64", "row": "int64", **dict.fromkeys(columns[2:], "str")})
    faults["found"] = faults["found"].str.slice(0, _LONGEST_FOUND)
    return faults.sort_values("row", kind="stable", ignore_index=True)


def _rejected(text: TextTable, faults: pd.DataFrame) -> pd.DataFrame:
    """The bad rows in the order of the file."""
    lines = _one_line_each(faults.drop(columns="cause"))
    # A file's own column "row" must not be mistaken for ours.
    names = own_columns(text)
    own = [f"{name} (file)" if name in REASON_COLUMNS else unmarked_name(name, names) for name in names]
    within = lines["at"].to_numpy() >= 0
    originals = text.table.select(names).take(pa.array(lines["at"].to_numpy()[within])).to_pandas()
    originals.columns = pd.Index(own)
    originals.index = lines.index[within]
    rejected = pd.concat([lines.drop(columns="at"), originals.reindex(lines.index)], axis=1)
    for at, misfit in zip(lines.index[~within], sorted(text.misfits, key=lambda misfit: misfit.row), strict=True):
        rejected.loc[at, own] = _fitted(
            list(misfit.values[text.table.num_columns - len(own) :]), len(own), text.delimiter
        )
    rejected = rejected.astype({"row": "int64", **dict.fromkeys(rejected.columns[1:], "str")})
    # The file that is made of this frame has the ' before a formula again; there it may not have two.
    for name in own:
        rejected[name] = rejected[name].str.replace(MARKED_AS_TEXT, r"\1", regex=True)
    return rejected


def _one_line_each(faults: pd.DataFrame) -> pd.DataFrame:
    """Joins the faults of a row that has several."""
    several = faults["row"].duplicated(keep=False)
    if not several.any():
        return faults
    joined = (
        faults[several]
        .groupby("row", sort=False)
        .agg({"at": "first", **dict.fromkeys(("column", "found", "expected"), "; ".join)})
    )
    lines = pd.concat([faults[~several], joined.reset_index()[list(faults)]], ignore_index=True)
    return lines.sort_values("row", ignore_index=True)


def _fitted(values: list[str], width: int, delimiter: str) -> list[str]:
    """The values of a row of another width than the header: missing ones empty, surplus ones joined to the last."""
    if len(values) > width:
        values[width - 1 :] = [delimiter.join(values[width - 1 :])]
    return values + [""] * (width - len(values))


def _values(count: int) -> str:
    return "1 value" if count == 1 else f"{count:,} values"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _products(count: int) -> str:
    return "1 product" if count == 1 else f"{count:,} products"
