"""Recommend: a method, the button, and the card of the run."""

from __future__ import annotations

import streamlit as st

from recsys_core.errors import LaunchdeskError
from recsys_core.runs.states import RunState
from recsys_core.ui.numbers import counted
from recsys_core.ui.plain import plain
from recsys_core.ui.run_card import newest_run, run_card
from recsys_core.ui.session import client, workspace
from recsys_core.workspace import LaunchRecord

AUTO_SENTENCE = "Tries the methods on a launch replayed from your own catalog, and takes the one that found buyers best."


def reasons_to_adapt(record: LaunchRecord, counted_sales: int | None) -> list[str]:
    """Why the recommendations of a launch are no longer the newest that could be had; empty if they are.

    `counted_sales`: how many sales the recommendations were made with.
    """
    if record.adapted is None:
        return []
    said = []
    if record.adapted.stale and counted_sales is not None:
        more = record.support - counted_sales
        said.append(f"{counted(more, 'more first sale')} came since." if more > 0 else "More first sales came since.")
    newest = workspace().model()
    if newest is not None and newest.id != record.adapted.model:
        said.append("The source model was trained again since.")
    return said


def adapt_launch(record: LaunchRecord) -> RunState | None:
    """The controls, and the newest run of this launch as a card while it is at work or if it failed."""
    run = newest_run("launch", record.id)
    at_work = run is not None and not run.is_over
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = _method(record)
        device = _device()
        again = record.adapted is not None
        pressed = st.button(
            "Recommend again" if again else "Recommend",
            type="primary",
            icon=":material/auto_awesome:",
            disabled=at_work,
            key="recommend",
        )
    st.caption(plain(_sentence(method)))
    if pressed:
        try:
            client().start("launch", {"launch": record.id, "method": method, "device": device}, record.id)
        except LaunchdeskError as error:
            st.error(plain(error), icon=":material/error:")
            return run
        st.rerun()
    return run_card("launch", record.id) if at_work or _worth_showing(run, record) else run


def _worth_showing(run: RunState | None, record: LaunchRecord) -> bool:
    """A run that is over says nothing that the results below don't say, unless it failed."""
    return run is not None and (run.state == "failed" or record.adapted is None)


def _method(record: LaunchRecord) -> str:
    from recsys_core.adaptation.registry import AUTO, METHODS

    return st.selectbox(
        "Method",
        [AUTO, *METHODS],
        format_func=lambda name: "Automatic" if name == AUTO else name.capitalize(),
        key=f"method-{record.id}",
        width=220,
    )


def _sentence(method: str) -> str:
    from recsys_core.adaptation.registry import AUTO, METHODS

    return AUTO_SENTENCE if method == AUTO else METHODS[method].sentence


def _device() -> str:
    """Asked only where there is more than one: else there is nothing to choose."""
    labels = {device.id: device.label for device in client().devices()}
    if len(labels) < 2:
        return "auto"
    names = {"auto": "Automatic", **labels}
    return st.selectbox("Compute on", list(names), format_func=lambda device: names[device], width=240)
