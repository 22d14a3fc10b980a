"""Recommend: a method, the button, and the card of the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from recsys_core.errors import LaunchdeskError
from recsys_core.runs.jobs import LaunchSettings
from recsys_core.ui.device_choice import device_choice
from recsys_core.ui.numbers import counted
from recsys_core.ui.plain import plain
from recsys_core.ui.run_card import newest_run, run_card
from recsys_core.ui.session import client, workspace
from recsys_core.ui.settings_form import checked, settings_form
from recsys_core.workspace import LaunchRecord

AUTO_SENTENCE = (
    "Tries the methods on a launch replayed from your own catalog, and takes the one that found buyers best."
)


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
    if record.placements != record.adapted.summary.get("placements"):
        said.append("Its products were placed in other categories since.")
    newest = workspace().model()
    if newest is not None and newest.id != record.adapted.model:
        said.append("The source model was trained again since.")
    return said


def recommend_again(record: LaunchRecord) -> None:
    """The controls behind a button: for recommendations that are the newest that could be had."""
    with st.popover("Recommend again", icon=":material/auto_awesome:"):
        _controls(record)


def recommend(record: LaunchRecord) -> None:
    """The controls, for a launch without recommendations, or where there is a reason to make them anew."""
    with st.container(border=True):
        _controls(record)


def adaptation_run(record: LaunchRecord) -> None:
    """The card of the newest run; one that ended well says nothing that the recommendations don't say."""
    run = newest_run("launch", record.id)
    if run is not None and (not run.is_over or run.state == "failed" or record.adapted is None):
        run_card("launch", record.id)


def _controls(record: LaunchRecord) -> None:
    run = newest_run("launch", record.id)
    at_work = run is not None and not run.is_over
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = _method(record)
        pressed = st.button(
            "Recommend" if record.adapted is None else "Recommend again",
            type="primary",
            icon=":material/auto_awesome:",
            disabled=at_work,
            key="recommend",
        )
    st.caption(plain(sentence_of(method)))
    device = device_choice("launch-device", disabled=at_work)
    with st.expander("Advanced"):
        advanced = _advanced(method, record, at_work)
    if not pressed:
        return
    try:
        told = advanced() | {"launch": record.id, "method": method, "device": device}
        client().start("launch", told, record.id)
    except LaunchdeskError as error:
        st.error(plain(error), icon=":material/error:")
        return
    st.rerun()


def _advanced(method: str, record: LaunchRecord, at_work: bool) -> Callable[[], dict[str, Any]]:
    """What the run is told beside the method, once it is asked for; that raises InvalidSetting."""
    from recsys_core.adaptation.registry import AUTO, METHODS

    if method == AUTO:
        minutes = st.number_input(
            "Minutes to try methods in",
            min_value=0.1,
            max_value=600.0,
            value=LaunchSettings.model_fields["budget"].default / 60,
            step=1.0,
            help="When they are over no further method is tried, and the best so far is taken.",
            disabled=at_work,
            key=f"budget-{record.id}",
            width=220,
        )
        return lambda: {"budget": 60 * minutes}
    kind = METHODS[method].settings_type
    changed = settings_form(kind, f"settings-{method}-{record.id}", disabled=at_work)
    return lambda: {"settings": checked(kind, changed, method)}


def _method(record: LaunchRecord) -> str:
    from recsys_core.adaptation.registry import AUTO, METHODS

    return st.selectbox(
        "Method",
        [AUTO, *METHODS],
        format_func=lambda name: "Automatic" if name == AUTO else name.capitalize(),
        key=f"method-{record.id}",
        width=220,
    )


def sentence_of(method: str) -> str:
    """What a method does, in a merchandiser's words; empty for one that this version doesn't have."""
    from recsys_core.adaptation.registry import AUTO, METHODS

    if method == AUTO:
        return AUTO_SENTENCE
    return METHODS[method].sentence if method in METHODS else ""
