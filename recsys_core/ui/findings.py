"""What the check of files found: what was read, what was rejected and why, and how the files fit together."""

from __future__ import annotations

import streamlit as st

from recsys_core.tables.checking import CheckedTable
from recsys_core.ui.numbers import counted, number
from recsys_core.ui.plain import plain
from recsys_core.workspace.exports import safe_csv
from recsys_core.workspace.imports import CheckedFiles

SHOWN = 200
"""Rejected rows on the page; the download has all."""


def findings(checked: CheckedFiles) -> None:
    """One box for each table, then one for how they fit."""
    for table in checked.tables.values():
        table_findings(table)
    if "interactions" not in checked.tables:
        return
    with st.container(border=True):
        st.markdown("**How the files fit together**")
        for sentence in checked.fit.sentences():
            st.markdown(f":material/chevron_right: {plain(sentence, 600)}")


def table_findings(table: CheckedTable) -> None:
    """Rows read, good and rejected; the notes; the rejected rows with their reasons and a download of them."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{table.kind.capitalize()}**", width="content")
            st.caption(f"from {plain(table.name, 80)}", width="content")
        with st.container(horizontal=True, gap="medium"):
            st.markdown(f":material/description: {counted(table.rows_read, 'row')} read", width="content")
            st.markdown(f":green[:material/check_circle: {number(len(table.frame))} good]", width="content")
            if len(table.rejected):
                st.markdown(f":red[:material/cancel: {number(len(table.rejected))} rejected]", width="content")
        for note in table.notes:
            st.caption(f":material/info: {plain(note, 600)}")
        if len(table.rejected):
            _rejected(table)


def _rejected(table: CheckedTable) -> None:
    st.dataframe(
        table.rejected.head(SHOWN),
        hide_index=True,
        height="auto" if len(table.rejected) < 8 else 300,
        key=f"rejected-{table.kind}",
        column_config={
            "row": st.column_config.NumberColumn("Row", format="%d", width="small", help="Its number in the file."),
            "column": st.column_config.TextColumn("Column", width="small"),
            "found": st.column_config.TextColumn("Found"),
            "expected": st.column_config.TextColumn("Expected"),
        },
        alt=f"Rejected rows of {table.kind} with the reason for each.",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            f"Download {counted(len(table.rejected), 'rejected row')}",
            lambda: safe_csv(table.rejected),
            file_name=f"rejected_{table.kind}.csv",
            mime="text/csv",
            on_click="ignore",
            icon=":material/download:",
            key=f"download-rejected-{table.kind}",
        )
        more = f"The first {SHOWN:,} are shown. " if len(table.rejected) > SHOWN else ""
        st.caption(f"{more}The rows as they came, with the reason beside each.", width="stretch")
