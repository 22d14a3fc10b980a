"""The tables of the catalog as files to take away."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from recsys_core.tables.columns import Kind
from recsys_core.ui.session import workspace
from recsys_core.workspace import CatalogVersion
from recsys_core.workspace.exports import safe_csv
from recsys_core.workspace.spreadsheet import MAX_ROWS, safe_xlsx


def downloads(version: CatalogVersion) -> None:
    """Each table as CSV, and as XLSX where it fits a sheet; made when it is asked for."""
    rows: dict[Kind, int] = {"products": version.products, "interactions": version.interactions}
    if version.tables is None or "customers" in version.tables:
        rows["customers"] = version.customers
    with st.popover("Download the tables", icon=":material/download:"):
        st.caption("They can be changed and imported again as they are.")
        for kind, count in rows.items():
            with st.container(horizontal=True, vertical_alignment="center"):
                st.download_button(
                    f"{kind.capitalize()} as CSV",
                    _maker(version.id, kind, safe_csv),
                    f"{kind}.csv",
                    "text/csv",
                    key=f"csv-table-{kind}",
                    on_click="ignore",
                    icon=":material/download:",
                )
                if count <= MAX_ROWS:
                    st.download_button(
                        "as XLSX",
                        _maker(version.id, kind, safe_xlsx),
                        f"{kind}.xlsx",
                        key=f"xlsx-table-{kind}",
                        on_click="ignore",
                        type="tertiary",
                    )


def _maker(version_id: str, kind: Kind, make: Callable[..., bytes]) -> Callable[[], bytes]:
    def made() -> bytes:
        frame = workspace().catalog(version_id).table(kind)
        return b"" if frame is None else make(frame)

    return made
