"""What an import would change in the catalog, or how two of its versions differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pandas as pd
import streamlit as st

from recsys_core.tables.columns import PRODUCT
from recsys_core.tables.difference import MOST_CHANGES, MOST_ROWS, Combined, Difference
from recsys_core.ui.numbers import counted
from recsys_core.ui.plain import plain
from recsys_core.ui.table_files import table_buttons
from recsys_core.workspace.imports import Plan

IMPORT = "import"
JUMP = 10
"""A price that becomes so many times as large or small is told."""


def changes(plan: Plan) -> None:
    """Of each table, then how the tables fit together."""
    with st.container(border=True):
        st.markdown("**What the import changes**" if plan.before is not None else "**What the import brings**")
        differences([_with_titles(some) for some in plan.combined.values()], IMPORT)
        if plan.before is not None:
            absent = [kind for kind in ("interactions", "customers", "products") if kind not in plan.combined]
            if absent:
                st.caption(f"No file of {' and '.join(absent)} was given: the catalog's stay as they are.")
        _jumps(plan)
        for note in plan.notes:
            st.warning(plain(note, 600), icon=":material/content_copy:")
        for sentence in plan.fit.sentences():
            st.caption(f":material/chevron_right: {plain(sentence, 600)}")


def _with_titles(combined: Combined) -> Difference:
    """The difference, its changed products with the titles that the catalog has for them."""
    told, before = combined.difference, combined.before
    if before is None or PRODUCT not in told.changes or "title" not in before or told.kind != "products":
        return told
    titles = told.changes[PRODUCT].map(before.set_index(PRODUCT)["title"])
    return replace(told, changes=told.changes.assign(title=titles)[[PRODUCT, "title", "column", "old", "new"]])


def _jumps(plan: Plan) -> None:
    """Warns of prices that a decimal mark read wrongly may have changed."""
    for kind, combined in plan.combined.items():
        changes = combined.difference.changes
        if changes.empty:
            continue
        prices = changes[changes["column"].isin(["price", "unit_price"])]
        old, new = (pd.to_numeric(prices[side], errors="coerce") for side in ("old", "new"))
        jumped = prices[(old > 0) & (new > 0) & ((new > JUMP * old) | (old > JUMP * new))]
        if len(jumped):
            first = jumped.iloc[0]
            st.warning(
                f"{counted(len(jumped), 'price')} of {kind} {'grows or shrinks' if len(jumped) == 1 else 'grow or shrink'} more "
                f"than tenfold, such as {plain(first[PRODUCT], 40)} from {plain(first['old'], 20)} to {plain(first['new'], 20)}. "
                "Is the decimal mark read rightly?",
                icon=":material/trending_up:",
            )


def differences(several: Iterable[Difference], key: str) -> None:
    """A sentence for each table, and its rows where a person wants to see them."""
    for difference in several:
        st.markdown(f":material/difference: {difference.sentence()}")
        before = difference.changed + difference.unchanged + difference.missing + difference.kept_as_they_were
        if key == IMPORT and difference.removed and difference.missing > before / 2:
            st.warning(
                f"This removes {difference.missing:,} of {before:,} {difference.kind} from the catalog: right if the file is "
                "the whole table, not an addition.",
                icon=":material/trending_down:",
            )
        parts = {
            f"Changed: {difference.changed + difference.kept_as_they_were:,}": (difference.changes, MOST_CHANGES),
            f"Added: {difference.added:,}": (difference.added_rows, MOST_ROWS),
            f"Missing: {difference.missing:,}": (difference.missing_rows, MOST_ROWS),
        }
        there = {name: part for name, part in parts.items() if len(part[0])}
        # Of a first import everything is new: the catalog itself shows it.
        if not there or not (
            difference.changed or difference.unchanged or difference.missing or difference.kept_as_they_were
        ):
            continue
        with st.expander(f"The rows of {difference.kind}", icon=":material/table_rows:"):
            name = st.segmented_control(
                "Rows",
                list(there),
                default=next(iter(there)),
                key=f"rows-{key}-{difference.kind}",
                label_visibility="collapsed",
            )
            frame, most = there[name or next(iter(there))]
            _table(frame, most, f"{key}-{difference.kind}")


def _table(frame: pd.DataFrame, most: int, key: str) -> None:
    st.dataframe(
        frame,
        hide_index=True,
        height="auto" if len(frame) < 8 else 300,
        key=f"difference-{key}",
        column_config={
            PRODUCT: "Product id",
            "title": "Title",
            "column": "Column",
            "old": "Before",
            "new": "In the file",
        }
        if "old" in frame
        else None,
        alt="The rows in which the tables differ.",
    )
    if len(frame) >= most:
        st.caption(f"The first {most:,} are shown.")
    table_buttons("Rows", f"difference_{key}", f"difference-{key}", lambda: frame)
