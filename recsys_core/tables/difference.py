"""A table and what comes to it: which rows are new, which are changed, and the table that both make together.

A product is known by its id, a customer by theirs. An interaction is known by customer, product, kind of event and time; what a
table doesn't tell of these is missing in all its rows. Rows that agree in all of them (an invoice may name a product twice) are
told apart by the rest, and then counted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys_core.tables.columns import CUSTOMER, PRODUCT, TAG_SEPARATOR, Kind

OnDuplicate = Literal["keep", "replace", "merge"]
"""What becomes of a row that is there already: it stays, the new one takes its place, or the new one's filled cells do."""
Missing = Literal["keep", "remove"]
"""What becomes of a row that is there, but isn't in the file."""

MOST_CHANGES = 10_000
MOST_ROWS = 1_000

_KEYS: dict[Kind, tuple[str, ...]] = {
    "products": (PRODUCT,),
    "customers": (CUSTOMER,),
    "interactions": (CUSTOMER, PRODUCT, "event_type", "timestamp"),
}
_SINGULAR: dict[Kind, str] = {"products": "product", "customers": "customer", "interactions": "interaction"}
_TAG_END = "\x1f"


@dataclass(frozen=True)
class Difference:
    """How a table differs from the one before. All counts are of rows."""

    kind: Kind
    added: int
    changed: int
    unchanged: int
    missing: int
    """Rows of the table before that aren't in the new one."""
    kept_as_they_were: int = 0
    """Rows that are otherwise in the file, but were to stay as they are."""
    removed: bool = True
    """Whether the missing rows are left out."""
    changes: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    """One line for each changed cell, the first 10,000: the key's columns, column, old, new, as text (empty: missing).

    Where rows were to stay as they are: the cells in which the file differs."""
    added_rows: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    """The first 1,000."""
    missing_rows: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    """The first 1,000."""

    def counts(self) -> dict[str, Any]:
        """The counts as JSON, see `sentence_of`."""
        names = ("added", "changed", "unchanged", "missing", "kept_as_they_were", "removed")
        return {name: getattr(self, name) for name in names}

    def sentence(self) -> str:
        """For example: 12 products added, 3 changed, 3,317 unchanged, 4 in the catalog but not in the file (kept)."""
        return sentence_of(self.kind, self.counts())

    @property
    def nothing_changed(self) -> bool:
        """Whether the table is the same as before."""
        return not (self.added or self.changed or (self.missing and self.removed))


def sentence_of(kind: Kind, counts: Mapping[str, Any]) -> str:
    """The counts of a `Difference` in words."""
    added, missing, kept = counts["added"], counts["missing"], counts.get("kept_as_they_were", 0)
    parts = [f"{added:,} {_SINGULAR[kind] if added == 1 else kind} added"]
    parts += [f"{counts[how]:,} {how}" for how in ("changed", "unchanged") if counts[how]]
    parts += [f"{kept:,} different in the file (kept as they were)"] if kept else []
    if missing:
        parts.append(
            f"{missing:,} removed" if counts["removed"] else f"{missing:,} in the catalog but not in the file (kept)"
        )
    return ", ".join(parts) + "."


@dataclass(frozen=True)
class Combined:
    """A table to which another one came."""

    before: pd.DataFrame | None
    gone: np.ndarray
    """(rows of before,) bool: no longer there, or replaced by another row."""
    fresh: pd.DataFrame
    """The added and changed rows as they are now."""
    difference: Difference

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The rows of before that aren't gone, then the fresh ones; default index."""
        if self.before is None or self.before.empty:
            return self.fresh
        if not self.gone.any() and self.fresh.empty:
            return self.before
        before = arrow(self.before)
        if self.gone.any():
            before = before.filter(pa.array(~self.gone))
        return stacked([before, arrow(self.fresh)]).to_pandas()


def combine(
    before: pd.DataFrame | None,
    new: pd.DataFrame,
    kind: Kind,
    on_duplicate: OnDuplicate,
    missing: Missing = "keep",
    spared: Collection[str] = (),
) -> Combined:
    """What the table `before` (None: there is none) becomes when the rows of `new` come to it.

    spared: ids of products or customers that aren't missing, though no row of `new` has them.
    """
    if before is None or before.empty:
        nothing = np.zeros(0, dtype=bool)
        told = Difference(kind, len(new), 0, 0, 0, removed=missing == "remove", added_rows=new.head(MOST_ROWS))
        return Combined(before, nothing, new.reset_index(drop=True), told)
    old, coming = arrow(before), arrow(new)
    key = [name for name in _KEYS[kind] if name in old.column_names or name in coming.column_names]
    at = _found(old, coming, key)
    there = np.flatnonzero(at >= 0)
    cells = _different_cells(old, coming, at[there], there, on_duplicate)
    differs = np.zeros(len(there), dtype=bool)
    for mask in cells.values():
        differs |= mask
    added = at < 0
    lacking = np.ones(old.num_rows, dtype=bool)
    lacking[at[there]] = False
    if spared:
        lacking &= ~before[_KEYS[kind][0]].isin(list(spared)).to_numpy()
    changes = _changes(old, coming, [name for name in key if name in old.column_names], at[there], there, cells)
    changed = there[:0] if on_duplicate == "keep" else there[differs]
    is_fresh = added.copy()
    is_fresh[changed] = True
    fresh = coming.filter(pa.array(is_fresh))
    if on_duplicate == "merge":
        fresh = _filled(fresh, old.take(_indices(at[is_fresh])))
    gone = lacking.copy() if missing == "remove" else np.zeros(old.num_rows, dtype=bool)
    gone[at[changed]] = True
    told = Difference(
        kind,
        added=int(added.sum()),
        changed=len(changed),
        unchanged=len(there) - int(differs.sum()),
        missing=int(lacking.sum()),
        kept_as_they_were=int(differs.sum()) - len(changed),
        removed=missing == "remove",
        changes=changes,
        added_rows=coming.take(pa.array(np.flatnonzero(added)[:MOST_ROWS])).to_pandas(),
        missing_rows=old.take(pa.array(np.flatnonzero(lacking)[:MOST_ROWS])).to_pandas(),
    )
    return Combined(before, gone, fresh.to_pandas(), told)


def difference(before: pd.DataFrame, after: pd.DataFrame, kind: Kind) -> Difference:
    """How one whole table differs from another."""
    return combine(before, after, kind, "replace", "remove").difference


def arrow(frame: pd.DataFrame) -> pa.Table:
    """The frame's columns as Arrow keeps them: missing is null, categories are texts, mixed values are texts too."""
    columns: dict[str, pa.ChunkedArray | pa.Array] = {}
    for name in frame.columns:
        try:
            values = pa.array(frame[name], from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            values = pa.array(frame[name].where(frame[name].isna(), frame[name].astype("str")), pa.large_string())
        if pa.types.is_dictionary(values.type):
            values = values.cast(values.type.value_type)
        columns[str(name)] = values
    return pa.table(columns)


def stacked(tables: Sequence[pa.Table]) -> pa.Table:
    """The tables' rows one after another; a column that one of them lacks is missing there."""
    if not tables:
        return pa.table({})
    names = list(dict.fromkeys(name for table in tables for name in table.column_names))
    types = {
        name: _common([table.schema.field(name).type for table in tables if name in table.column_names])
        for name in names
    }
    schema = pa.schema(list(types.items()))
    return pa.concat_tables(
        [pa.table([_column(table, name, type_) for name, type_ in types.items()], schema=schema) for table in tables]
    )


def _column(table: pa.Table, name: str, type_: pa.DataType) -> pa.ChunkedArray | pa.Array:
    """A table's column in that type; where it has none, null, or an empty list."""
    if name not in table.column_names:
        nothing = pa.scalar([] if _is_list(type_) else None, type_)
        return pa.repeat(nothing, table.num_rows)
    return table.column(name).cast(type_, safe=False)


def _is_list(type_: pa.DataType) -> bool:
    return pa.types.is_list(type_) or pa.types.is_large_list(type_)


def _common(types: Sequence[pa.DataType]) -> pa.DataType:
    """A type that can hold the values of all."""
    distinct = [type_ for type_ in dict.fromkeys(types) if not pa.types.is_null(type_)]
    if len(distinct) <= 1:
        return distinct[0] if distinct else types[0]
    if all(pa.types.is_timestamp(type_) for type_ in distinct):
        return pa.timestamp("us")  # in UTC without a zone, as everywhere
    if all(pa.types.is_integer(type_) for type_ in distinct):
        return pa.int64()
    if all(pa.types.is_integer(type_) or pa.types.is_floating(type_) for type_ in distinct):
        return pa.float64()
    if all(_is_list(type_) for type_ in distinct):
        return pa.list_(pa.string())
    return pa.large_string()


def _comparable(before: pa.Table, new: pa.Table, name: str) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """A column of both in one type that can be compared; lists as texts, an empty one as missing."""
    known = [table.schema.field(name).type for table in (before, new) if name in table.column_names]
    type_ = _common(known)
    columns = [_column(table, name, type_) for table in (before, new)]
    if _is_list(type_):
        columns = [_joined(column) for column in columns]
    return columns[0], columns[1]


def _joined(lists: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """Lists of texts as one text each; an empty one is missing."""
    text = pc.binary_join(lists.cast(pa.list_(pa.string())), _TAG_END)
    return pc.if_else(pc.equal(pc.list_value_length(lists), 0), pa.scalar(None, pa.string()), text)


def _found(before: pa.Table, new: pa.Table, key: Sequence[str]) -> np.ndarray:
    """(rows of new,) int64: the row of before that each row of new is; -1: none."""
    rows, old, coming = _codes(before, new, key)
    at = np.full(new.num_rows, -1, dtype=np.int64)
    # Rows that agree in their key: first those that agree in everything, in whatever order they stand.
    counts = np.maximum(
        np.bincount(old, minlength=1 + coming.max(initial=-1)), np.bincount(coming, minlength=1 + old.max(initial=-1))
    )
    several_old, several = np.flatnonzero(counts[old] > 1), np.flatnonzero(counts[coming] > 1)
    rest = [name for name in new.column_names if name in before.column_names and name not in key]
    if len(several) and len(several_old) and rest:
        alike = [*key, *rest]
        part = before.take(pa.array(rows[several_old]))
        exact_rows, exact_old, exact = _codes(part, new.take(pa.array(several)), alike)
        exact_at = _paired(exact_old, exact)
        same = exact_at >= 0
        at[several[same]] = rows[several_old][exact_rows[exact_at[same]]]
    open_new = np.flatnonzero(at < 0)
    taken = np.zeros(before.num_rows, dtype=bool)
    taken[at[at >= 0]] = True
    open_old = np.flatnonzero(~taken[rows])
    paired = _paired(old[open_old], coming[open_new])
    found = paired >= 0
    at[open_new[found]] = rows[open_old[paired[found]]]
    return at


def _codes(before: pa.Table, new: pa.Table, key: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Numbers for keys: rows of before whose key is also in new, the number of each, and that of each row of new."""
    rows: np.ndarray | None = None
    old = coming = np.zeros(0, dtype=np.int64)
    for name in key:
        theirs, ours = _comparable(before, new, name)
        values = pc.unique(ours)
        code = pc.index_in(ours, values).to_numpy(zero_copy_only=False).astype(np.int64)
        if rows is not None:
            theirs = theirs.take(pa.array(rows))
        old_code = pc.fill_null(pc.index_in(theirs, values), -1).to_numpy(zero_copy_only=False).astype(np.int64)
        known = np.flatnonzero(old_code >= 0)
        if rows is None:
            rows, old, coming = known, old_code[known], code
            continue
        rows = rows[known]
        # Numbered anew after each column, so that the product of two numbers always fits.
        together = np.concatenate([coming * len(values) + code, old[known] * len(values) + old_code[known]])
        together = pd.factorize(together)[0]
        coming, old = together[: len(code)], together[len(code) :]
        shared = np.flatnonzero(old <= coming.max(initial=-1))
        rows, old = rows[shared], old[shared]
    return np.arange(0) if rows is None else rows, old, coming


def _paired(old: np.ndarray, coming: np.ndarray) -> np.ndarray:
    """(len(coming),) positions in `old` of the same number, the first with the first and so on; -1: there is none."""
    occurrences = [pd.Series(codes).groupby(codes).cumcount().to_numpy() for codes in (old, coming)]
    most = 1 + max(occurrence.max(initial=0) for occurrence in occurrences)
    return pd.Index(old * most + occurrences[0]).get_indexer(coming * most + occurrences[1])


def _indices(at: np.ndarray) -> pa.Array:
    """Row numbers for `take`; -1 gives a row of nulls."""
    return pa.array(at, mask=at < 0)


def _different_cells(
    before: pa.Table, new: pa.Table, at: np.ndarray, there: np.ndarray, on_duplicate: OnDuplicate
) -> dict[str, np.ndarray]:
    """For each column in which a row `there[i]` of new differs from row `at[i]` of before: (len(at),) bool."""
    names = list(dict.fromkeys([*before.column_names, *new.column_names]))
    cells: dict[str, np.ndarray] = {}
    for name in names:
        # What the file doesn't tell is no difference, unless its rows replace the old ones as they are.
        if name not in new.column_names and on_duplicate != "replace":
            continue
        both = _comparable(before, new, name)
        old, coming = both[0].take(pa.array(at)), both[1].take(pa.array(there))
        differs = pc.fill_null(pc.not_equal(old, coming), False)
        one = pc.is_null(coming)
        appeared = pc.and_(pc.is_null(old), pc.invert(one))
        differs = pc.or_(differs, appeared)
        if on_duplicate != "merge":
            differs = pc.or_(differs, pc.and_(pc.is_valid(old), one))
        mask = np.asarray(differs.to_numpy(zero_copy_only=False), dtype=bool)
        if mask.any():
            cells[name] = mask
    return cells


def _changes(
    before: pa.Table,
    new: pa.Table,
    key: Sequence[str],
    at: np.ndarray,
    there: np.ndarray,
    cells: Mapping[str, np.ndarray],
) -> pd.DataFrame:
    # Only as many rows as have that many cells: with many columns, the cells of all would be far more than are kept.
    in_rows = np.zeros(len(there), dtype=np.int64)
    for mask in cells.values():
        in_rows += mask
    shown = int(np.searchsorted(np.cumsum(in_rows), MOST_CHANGES)) + 1
    parts = []
    for name, mask in cells.items():
        which = np.flatnonzero(mask[:shown])
        rows = pa.array(at[which])
        told = {column: _text(before.column(column).take(rows)) for column in key}
        told["column"] = pa.array([name] * len(which), pa.string())
        for side, table, position in (("old", before, rows), ("new", new, pa.array(there[which]))):
            values = table.column(name).take(position) if name in table.column_names else pa.nulls(len(which))
            told[side] = _text(values)
        parts.append(pa.table(told).to_pandas().assign(at=there[which]))
    if not parts:
        return pd.DataFrame({column: [] for column in [*key, "column", "old", "new"]}, dtype="str")
    changes = pd.concat(parts, ignore_index=True).sort_values("at", kind="stable", ignore_index=True)
    return changes.drop(columns="at").head(MOST_CHANGES)


def _text(values: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """The values as a person reads them."""
    if _is_list(values.type):
        return pc.replace_substring(_joined(values).cast(pa.string()), _TAG_END, TAG_SEPARATOR)
    if pa.types.is_timestamp(values.type):
        text = values.cast(pa.timestamp("us")).cast(pa.string())
        return pc.replace_substring_regex(text, r"( 00:00:00)?\.0+$", "")
    return values.cast(pa.string())


def _filled(new: pa.Table, old: pa.Table) -> pa.Table:
    """The new rows with what the old ones at the same places say where the new ones say nothing."""
    columns: dict[str, Any] = {}
    for name in dict.fromkeys([*old.column_names, *new.column_names]):
        tables = [table for table in (new, old) if name in table.column_names]
        type_ = _common([table.schema.field(name).type for table in tables])
        ours, theirs = _column(new, name, type_), _column(old, name, type_)
        empty = pc.is_null(ours)
        if _is_list(type_):
            empty = pc.or_kleene(empty, pc.equal(pc.list_value_length(ours), 0))
        columns[name] = pc.if_else(empty, theirs, ours)
    return pa.table(columns)
