"""What the check of a file found: what to know of it, and the rejected rows by cause, with their cells marked."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from recsys_core.tables.checking import CheckedTable
from recsys_core.ui.numbers import counted
from recsys_core.ui.plain import plain
from recsys_core.ui.table_files import table_buttons
from recsys_core.workspace.exports import safe_csv

SHOWN = 200
COLUMNS = 60
"""Rejected rows on the page, and the first of their columns, with those at fault; the download has all."""
_MARKED = "background-color: rgba(217, 119, 87, 0.35)"
_REASONS = {
    "row": st.column_config.NumberColumn("Row", format="%d", width="small", help="Its number in the file."),
    "column": st.column_config.TextColumn("Column", width="small"),
    "found": st.column_config.TextColumn("Found"),
    "expected": st.column_config.TextColumn("Expected"),
}


def table_findings(table: CheckedTable) -> None:
    """The notes, then the rejected rows: their causes, those of the cause that is chosen, and a download of all."""
    for note in table.notes:
        st.caption(f":material/info: {plain(note, 600)}")
    if len(table.rejected):
        _rejected(table)


def _rejected(table: CheckedTable) -> None:
    groups = table.groups()
    causes = pd.DataFrame(
        {
            "column": [group.column for group in groups],
            "expected": [group.expected for group in groups],
            "count": [group.count for group in groups],
            "examples": ["; ".join(f"row {row:,}: {found}" for row, found in group.examples) for group in groups],
        }
    )
    st.markdown("**Why rows were rejected**")
    chosen = st.dataframe(
        causes,
        hide_index=True,
        column_config={
            "column": st.column_config.TextColumn("Column", width="small"),
            "expected": st.column_config.TextColumn("Expected", width="medium"),
            "count": st.column_config.NumberColumn("Times", format="localized", width="small"),
            "examples": st.column_config.TextColumn("Found"),
        },
        on_select="rerun",
        selection_mode="single-row",
        key=f"causes-{table.kind}-{table.name}",
        alt=f"Causes for which rows of {table.kind} were rejected, the most frequent first.",
    )
    faults, at = table.faults, chosen.selection.rows
    if at and at[0] < len(groups):
        group = groups[at[0]]
        faults = faults[(faults["column"] == group.column) & (faults["cause"] == group.expected)]
        st.caption(f"The rows where {plain(group.column or 'the width', 60)} isn't {plain(group.expected, 200)}:")
    _rows(table, faults)
    count = len(table.rejected)
    table_buttons(
        f"Download {counted(count, 'rejected row')}",
        f"rejected_{table.kind}",
        f"rejected-{table.kind}",
        lambda: table.rejected,
        rows=count,
        help="The rows as they came, with the reason beside each.",
        # As the file came: a German Excel opens semicolons, not commas.
        csv=partial(safe_csv, delimiter=table.mapping.delimiter or ","),
    )
    st.caption("Mend the rows in that file, and upload it alone: the columns with the reasons are left out then.")


def _rows(table: CheckedTable, faults: pd.DataFrame) -> None:
    """Those rows as they came, the cells that are at fault marked."""
    shown = table.rejected[table.rejected["row"].isin(faults["row"])].head(SHOWN).reset_index(drop=True)
    at_fault = set(faults["column"])
    wanted = [at < COLUMNS or str(name).removesuffix(" (file)") in at_fault for at, name in enumerate(shown)]
    shown = shown.loc[:, wanted].iloc[:, : 4 * COLUMNS]
    cells = set(faults[["row", "column"]].itertuples(index=False, name=None))

    def marks(row: pd.Series) -> list[str]:
        return [_MARKED if (row["row"], str(name).removesuffix(" (file)")) in cells else "" for name in row.index]

    st.dataframe(
        shown.style.apply(marks, axis=1),
        hide_index=True,
        height="auto" if len(shown) < 8 else 300,
        key=f"rejected-{table.kind}-{table.name}",
        column_config=_REASONS,
        alt=f"Rejected rows of {table.kind} with the reason for each.",
    )
    count = faults["row"].nunique()
    if count > SHOWN:
        st.caption(f"The first {SHOWN:,} of {counted(count, 'row')} are shown.")
