"""What a checked table is, declared: the types, ranges and keys of its columns, whether it comes from a file or from Python."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from recsys_core.errors import InvalidTable
from recsys_core.tables.columns import COLUMNS, REQUIRED, UNIQUE, Kind, Type

if TYPE_CHECKING:
    import pandera.pandas as pa

_EXAMPLES = 3


def valid(frame: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    """The frame, if it is a table of that kind. Raises InvalidTable that names all that is wrong in it, with rows.

    Ids may have any type: 17 in one table and "17" in another are the same product.
    """
    from pandera.errors import SchemaErrors

    try:
        _schema(kind).validate(frame, lazy=True)
    except SchemaErrors as error:
        raise InvalidTable(
            f"This table of {kind} can't be used: {'; '.join(_told(error.failure_cases))}. "
            "Mend it, or read the file with recsys_core.read, which sets bad rows apart."
        ) from None
    return frame


@cache
def _schema(kind: Kind) -> pa.DataFrameSchema:
    # Here, because pandera takes half a second to import.
    import pandera.pandas as pa

    def column(name: str, type_: Type) -> pa.Column:
        checks = [pa.Check(rule, error=error, ignore_na=False) for rule, error in _rules(type_)]
        needed = name in REQUIRED[kind]
        missing = type_ != "id"
        return pa.Column(
            None,
            checks,
            required=needed,
            nullable=missing,
            unique=name == UNIQUE[kind],
            report_duplicates="exclude_first",
        )

    return pa.DataFrameSchema({name: column(name, type_) for name, type_ in COLUMNS[kind].items()})


def _rules(type_: Type) -> list[tuple[Any, str]]:
    """Functions of a column that say whether it is right, or which of its values are; each with what was expected."""
    numbers = [(pd.api.types.is_numeric_dtype, "numbers"), (_finite, "finite numbers")]
    if type_ == "number":
        return numbers
    if type_ == "price":
        return [*numbers, (_not_negative, "prices of 0 or more")]
    if type_ in ("time", "planned"):
        return [(pd.api.types.is_datetime64_any_dtype, "times")]
    if type_ == "tags":
        return [(lambda column: column.map(_is_list) | column.isna(), "lists of texts")]
    return []


def _is_list(tags: object) -> bool:
    # Parquet gives arrays.
    return isinstance(tags, list | tuple | np.ndarray)


def _finite(column: pd.Series) -> pd.Series:
    return pd.Series(True, column.index) if not _numeric(column) else column.astype("float64").abs() != np.inf


def _not_negative(column: pd.Series) -> pd.Series:
    return pd.Series(True, column.index) if not _numeric(column) else ~(column < 0)


def _numeric(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column))


def _told(failures: pd.DataFrame) -> list[str]:
    """One phrase for each cause: price: 2 values aren't prices of 0 or more (row 4: -3)."""
    said = []
    for (column, check), cases in failures.groupby(["column", "check"], sort=False, dropna=False):
        rows = cases.dropna(subset="index")
        if check == "column_in_dataframe":
            said += [f"there is no column {name}" for name in cases["failure_case"]]
        elif rows.empty:
            said.append(f"{column} should hold {check}")
        else:
            what = {"not_nullable": "missing", "field_uniqueness": "there already"}.get(str(check))
            isnt = (
                f"{'is' if len(rows) == 1 else 'are'} {what}"
                if what
                else f"{'isn’t' if len(rows) == 1 else 'aren’t'} {check}"
            )
            examples = ", ".join(
                f"row {index}: {case}" for case, index in rows[["failure_case", "index"]].head(_EXAMPLES).to_numpy()
            )
            said.append(f"{column}: {len(rows):,} {'value' if len(rows) == 1 else 'values'} {isnt} ({examples})")
    return said
