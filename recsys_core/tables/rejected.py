"""Rows that can't be used: what is wrong in each, and the rows as they came, to be mended."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from recsys_core.tables.formulas import MARKED
from recsys_core.tables.matching import REASON_COLUMNS, free_name, own_columns, unmarked_name
from recsys_core.tables.reading import TextTable

AS_WIDE = "as many values as there are column names"
LONGEST_FOUND = 80


@dataclass(frozen=True)
class Problem:
    """Cells with one fault: positions in the text table, the column as in the file, what was expected in each."""

    at: np.ndarray
    column: str
    cause: str
    expected: list[str] | None = field(default=None, repr=False)
    """Where it differs from cell to cell; else the cause says it."""


def faults_of(text: TextTable, problems: list[Problem]) -> pd.DataFrame:
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
    faults["found"] = faults["found"].str.slice(0, LONGEST_FOUND)
    return faults.sort_values("row", kind="stable", ignore_index=True)


def rejected_rows(text: TextTable, faults: pd.DataFrame) -> pd.DataFrame:
    """The bad rows in the order of the file: row, column, found, expected, then the row's own cells."""
    lines = _one_line_each(faults.drop(columns="cause"))
    names = own_columns(text)
    # A file's own column "row" must not be mistaken for ours.
    own: list[str] = []
    for name in names:
        own.append(free_name(unmarked_name(name, names), {*REASON_COLUMNS, *own}))
    within = lines["at"].to_numpy() >= 0
    originals = text.table.select(names).take(pa.array(lines["at"].to_numpy()[within])).to_pandas()
    originals.columns = pd.Index(own)
    originals.index = lines.index[within]
    if text.misfits:
        skipped = text.table.num_columns - len(own)
        cells = [
            _fitted(list(misfit.values[skipped:]), len(own), text.delimiter)
            for misfit in sorted(text.misfits, key=lambda misfit: misfit.row)
        ]
        originals = pd.concat([originals, pd.DataFrame(cells, lines.index[~within], own, dtype="str")])
    rejected = pd.concat([lines.drop(columns="at"), originals.reindex(lines.index)], axis=1)
    rejected = rejected.astype({"row": "int64", **dict.fromkeys(rejected.columns[1:], "str")})
    # The file that is made of this frame has the ' before a formula again; there it may not have two.
    for name in own:
        rejected[name] = rejected[name].str.replace(MARKED, r"\1", regex=True)
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
