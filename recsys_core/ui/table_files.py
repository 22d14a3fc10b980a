"""Tables as files to take away: CSV and XLSX, made when they are asked for, and harmless in a spreadsheet program."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from recsys_core.workspace.exports import safe_csv
from recsys_core.workspace.spreadsheet import MAX_ROWS, safe_xlsx

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def table_buttons(
    label: str,
    name: str,
    key: str,
    make: Callable[[], pd.DataFrame],
    *,
    rows: int | None = None,
    help: str | None = None,
    csv: Callable[[pd.DataFrame], bytes] = safe_csv,
) -> None:
    """Two buttons, for `name`.csv and `name`.xlsx; the second only where `rows` of them fit a sheet.

    Nothing on the page changes by a download, so the page doesn't run again.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
        st.download_button(
            f"{label} (CSV)",
            lambda: csv(make()),
            f"{name}.csv",
            "text/csv",
            key=f"csv-{key}",
            on_click="ignore",
            icon=":material/download:",
            help=help,
        )
        if rows is None or rows <= MAX_ROWS:
            st.download_button(
                "XLSX",
                lambda: safe_xlsx(make()),
                f"{name}.xlsx",
                XLSX,
                key=f"xlsx-{key}",
                on_click="ignore",
                type="tertiary",
                help=f"{label}, as an Excel workbook.",
            )
