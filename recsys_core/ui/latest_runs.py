"""The newest runs in a few lines."""

from __future__ import annotations

import streamlit as st

from recsys_core.runs.states import RunState
from recsys_core.ui.numbers import duration, moment
from recsys_core.ui.plain import plain
from recsys_core.ui.run_card import state_badge
from recsys_core.ui.session import client
from recsys_core.workspace import LaunchRecord

SHOWN = 5
OF_THE_CATALOG = {
    "train": "Training of the source model",
    "categories": "Comparison of the categories",
    "place": "Placing of products",
    "backtest": "Replay of past launches",
}
OF_A_LAUNCH = {"launch": "Adaptation", "compress": "Smaller variants", "place": "Placing of the products"}
EVERY = 2.0
"""Seconds between two looks while a run is at work."""


def latest_runs(launches: list[LaunchRecord]) -> RunState | None:
    """One line a run: what it was for, its state, when it began, how long it took, why it failed.

    Returns the run that is at work, if there is one. The whole page is drawn anew when it ends.
    """
    at_work = next((run for run in client().runs(SHOWN) if not run.is_over), None)
    names = {launch.id: launch.name for launch in launches}
    st.fragment(_lines, run_every=EVERY if at_work else None)(names, at_work.id if at_work else None)
    return at_work


def _lines(names: dict[str, str], at_work: str | None) -> None:
    runs = client().runs(SHOWN)
    if at_work and any(run.id == at_work and run.is_over for run in runs):
        st.rerun()
    if not runs:
        st.caption("None yet. A training or an adaptation shows here with its state, whoever started it.")
        return
    with st.container(border=True, gap="small"):
        for run in runs:
            what, state, when, took = st.columns([4, 1.3, 1.6, 2], vertical_alignment="center")
            what.markdown(_what(run, names))
            with state:
                state_badge(run)
            when.caption(moment(run.started or run.created))
            took.caption(_how_far(run))
            if run.error:
                st.caption(f":red[{plain(run.error, 300)}]")


def _what(run: RunState, names: dict[str, str]) -> str:
    name = names.get(run.subject)
    if run.kind in OF_THE_CATALOG and name is None:
        return OF_THE_CATALOG[run.kind]
    what = OF_A_LAUNCH.get(run.kind, "Run")
    return f"{what} of “{plain(name, 60)}”" if name else f"{what} of a launch that was deleted"


def _how_far(run: RunState) -> str:
    if run.started and run.ended:
        return f"took {duration((run.ended - run.started).total_seconds())}"
    if run.state == "running" and run.total:
        return f"{plain(run.stage or '')}, {run.done:,} of {run.total:,}"
    return ""
