"""The card of a run: how far it is, what it says, how to stop it, and what became of it."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from recsys_core.charts.run_curve import run_curve
from recsys_core.charts.style import CONFIG
from recsys_core.runs.states import RunState
from recsys_core.ui.numbers import duration, moment
from recsys_core.ui.plain import plain
from recsys_core.ui.session import client

Colour = Literal["gray", "blue", "orange", "green", "red"]

EVERY = 1.0
"""Seconds between two looks at a run that is at work."""
STATES: dict[str, tuple[str, Colour, str]] = {
    "queued": ("Waiting", "gray", ":material/schedule:"),
    "running": ("Running", "blue", ":material/autorenew:"),
    "stopping": ("Stopping", "orange", ":material/stop_circle:"),
    "done": ("Done", "green", ":material/check_circle:"),
    "failed": ("Failed", "red", ":material/error:"),
    "cancelled": ("Cancelled", "gray", ":material/cancel:"),
}
TITLES = {
    "train": "Training the source model",
    "launch": "Adapting to the launch",
    "compress": "Making the model smaller",
    "backtest": "Replaying launches",
}


def newest_run(kind: str, subject: str) -> RunState | None:
    """The newest run of this kind on this subject; None if there was none lately."""
    return next((run for run in client().runs(100) if run.kind == kind and run.subject == subject), None)


def run_card(kind: str, subject: str) -> RunState | None:
    """Draws the newest run of this kind on this subject, if there is one, and returns it.

    While the run is at work the card alone is drawn anew; when it ends the whole page is, once.
    """
    run = newest_run(kind, subject)
    if run is not None:
        st.fragment(_card, run_every=None if run.is_over else EVERY)(run.id, run.is_over)
    return run


def state_badge(run: RunState) -> None:
    """The state in a word, with its colour."""
    label, colour, icon = STATES[run.state]
    st.badge(label, icon=icon, color=colour)


def _card(run_id: str, was_over: bool) -> None:
    run = client().state(run_id)
    if run.is_over and not was_over:
        st.rerun()
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{TITLES.get(run.kind, 'Run')}**", width="content")
            state_badge(run)
            st.caption(_when(run), width="stretch")
            if run.state in ("queued", "running"):
                st.button(
                    "Stop", key=f"stop-{run.id}", icon=":material/stop:", on_click=client().cancel, args=(run.id,)
                )
        if run.is_over:
            _outcome(run)
        else:
            _progress(run)
            _curve(run)
        _log(run)


def _when(run: RunState) -> str:
    device = f" · on {plain(run.device)}" if run.device else ""
    if run.ended is not None:
        took = f" · took {duration((run.ended - run.started).total_seconds())}" if run.started else ""
        return f"ended {moment(run.ended)}{took}{device}"
    return f"started {moment(run.started or run.created)}{device}"


def _progress(run: RunState) -> None:
    if run.state == "queued":
        waits = "for the run before it" if client().worker_is_there() else "until the worker is there"
        st.progress(0.0, f"Waits {waits}.")
        return
    if run.state == "stopping":
        st.progress(_share(run), "Stops within seconds. Nothing will be changed.")
        return
    step = f" · {run.done:,} of {run.total:,}" if run.total else ""
    left = "" if run.seconds_left is None or run.done >= run.total else f" · about {duration(run.seconds_left)} left"
    st.progress(_share(run), f"{plain(run.stage or 'Starting')}{step}{left}")


def _share(run: RunState) -> float:
    return min(1.0, max(0.0, run.done / run.total)) if run.total else 0.0


def _outcome(run: RunState) -> None:
    if run.state == "failed":
        st.error(plain(run.error or "The run ended without saying why.", 1000), icon=":material/error:")
    elif run.state == "cancelled":
        st.markdown("Stopped as asked. Nothing was changed; you can start it again.")


def _curve(run: RunState) -> None:
    measured = [point for point in run.curve if "loss" in point or "ndcg" in point]
    # A run may train more than once: the newest stage that measured something is the one to watch.
    figure = run_curve([point for point in measured if point["stage"] == measured[-1]["stage"]])
    if figure is not None:
        st.plotly_chart(figure, config=CONFIG, key=f"curve-{run.id}", alt="Loss and quality after each epoch so far.")


def _log(run: RunState) -> None:
    if run.log:
        with st.expander("Log"):
            st.code("\n".join(run.log[-50:]), language=None, height=180 if len(run.log) > 7 else "content")
