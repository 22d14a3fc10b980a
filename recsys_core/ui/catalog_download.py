"""The tables of the catalog as files to take away."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from recsys_core.tables.columns import Kind
from recsys_core.ui.session import workspace
from recsys_core.ui.table_files import table_buttons
from recsys_core.workspace import CatalogVersion


def downloads(version: CatalogVersion) -> None:
    """Each table as CSV, and as XLSX where it fits a sheet; made when it is asked for."""
    rows: dict[Kind, int] = {"products": version.products, "interactions": version.interactions}
    if version.tables is None or "customers" in version.tables:
        rows["customers"] = version.customers
    with st.popover("Download the tables", icon=":material/download:"):
        st.caption("They can be changed and imported again as they are.")
        for kind, count in rows.items():
            table_buttons(kind.capitalize(), kind, f"table-{kind}", partial(_table, version.id, kind), rows=count)


def _table(version_id: str, kind: Kind) -> pd.DataFrame:
    frame = workspace().catalog(version_id).table(kind)
    return pd.DataFrame() if frame is None else frame
