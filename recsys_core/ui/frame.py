"""What is around every page: the mark, the width, and what the workspace holds in a few lines at the side."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from recsys_core.ui.numbers import counted, moment
from recsys_core.ui.plain import plain
from recsys_core.ui.session import client, workspace

HERE = Path(__file__).parent
MARK = HERE / "mark.svg"
LOGO = HERE / "logo.svg"
# A table's own CSV download writes formulas as they are; ours make them harmless, so that one is hidden.
LOOK = """<style>
.stMainBlockContainer { max-width: 80rem; margin: 0 auto; padding: 3.25rem 3rem 4rem; }
[data-testid="stSidebarHeader"] img { height: 1.9rem; }
[class*="st-key-step-next"] { border-color: #1a938a; background: rgba(26, 147, 138, 0.07); }
[class*="st-key-step-done"] a[data-testid="stPageLink-NavLink"] { padding-left: 0; }
[data-testid="stElementToolbarButton"]:has(button[aria-label^="Download as CSV"]) { display: none; }
@media (max-width: 640px) { .stMainBlockContainer { padding: 3.25rem 1rem 3rem; } }
</style>"""
LOOK_FOR_WORKER = 3.0
"""Seconds between two looks for a worker that isn't there."""


def look() -> None:
    """The mark, and lines that don't grow longer than one can read on a wide screen."""
    st.logo(str(LOGO), icon_image=str(MARK), size="large")
    st.html(LOOK)


def sidebar() -> None:
    """Which workspace this is, what it holds, and the worker, if it isn't there."""
    with st.sidebar.container(key="workspace", gap="xsmall"):
        st.caption("WORKSPACE")
        st.markdown(f"**{plain(workspace().folder.name, 40)}**", help=plain(workspace().folder))
        for icon, line in _holdings():
            st.caption(f"{icon} {line}")
        there = client().worker_is_there()
        st.fragment(_worker, run_every=None if there else LOOK_FOR_WORKER)(there)


def _holdings() -> list[tuple[str, str]]:
    version, model, launches = workspace().catalog_version(), workspace().model(), workspace().launches()
    return [
        (":material/inventory_2:", counted(version.products, "product") if version else "No catalog yet"),
        (":material/model_training:", f"Trained {moment(model.created)}" if model else "No source model yet"),
        (":material/rocket_launch:", counted(len(launches), "launch", "launches") if launches else "No launch yet"),
    ]


def _worker(was_there: bool) -> None:
    """A line as long as no worker serves this workspace; a fresh server's comes up within seconds."""
    if client().worker_is_there():
        if not was_there:
            st.rerun()
        return
    st.caption(
        ":orange[:material/pending: Worker not there yet]",
        help="Trainings and launches wait until a worker process runs. A fresh server starts its own within seconds.",
    )
