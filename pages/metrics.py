"""Metrics: how good it is, for this shop, with this few sales, by launches replayed from its past."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from recsys_core.errors import LaunchdeskError
from recsys_core.ui.empty_state import empty_state
from recsys_core.ui.metrics_audience import audience
from recsys_core.ui.metrics_balance import beyond_accuracy, old_and_new
from recsys_core.ui.metrics_chances import chances
from recsys_core.ui.metrics_choice import Chosen, choice, choose_backtest, words
from recsys_core.ui.metrics_curve import few_shot_curve
from recsys_core.ui.metrics_groups import by_group
from recsys_core.ui.metrics_launch import one_launch
from recsys_core.ui.metrics_report import downloads
from recsys_core.ui.metrics_runs import compare_backtests, training_curves
from recsys_core.ui.metrics_start import again, first_backtest, run_at_work
from recsys_core.ui.plain import plain
from recsys_core.ui.session import workspace
from recsys_core.workspace.backtests import backtests
from recsys_core.workspace.records import BacktestRecord

TABS = {
    "First sales": few_shot_curve,
    "Old and new": old_and_new,
    "Groups": by_group,
    "Trade-offs": beyond_accuracy,
    "One launch": one_launch,
    "Audience": audience,
    "Chances": chances,
}
RUNS = "Runs"


def page() -> None:
    st.title("Metrics", anchor=False)
    st.markdown("How good it is, for your shop, with this few sales: launches replayed from your own past.")
    version = workspace().catalog_version()
    if version is None or not version.interactions:
        empty_state(
            "There is no past to replay yet",
            "Bring in the shop's products and sales first, or load the sample shop.",
            "catalog.py",
            "Open the catalog",
            icon=":material/history:",
        )
        return
    records = backtests(workspace())
    if not records:
        first_backtest(version)
        training_curves()
        return
    left, right = st.columns([1.1, 1], vertical_alignment="bottom")
    with left:
        record = choose_backtest(records, version.id)
    buttons = right.container(horizontal=True, gap="small")
    with buttons:
        again(record)
    run_at_work()
    try:
        _shown(record, records, buttons)
    except LaunchdeskError as error:
        # It may have been deleted meanwhile, or its files damaged.
        st.error(plain(error, 600), icon=":material/error:")


def _shown(record: BacktestRecord, records: Sequence[BacktestRecord], buttons: DeltaGenerator) -> None:
    chosen = choice(record)
    with buttons:
        downloads(chosen)
    in_words(chosen)
    # Only the tab that is open is drawn.
    tabs = st.tabs([*TABS, RUNS], key="tab", bind="query-params")
    for tab, draw in zip(tabs, TABS.values(), strict=False):
        if tab.open:
            with tab:
                draw(chosen)
    if tabs[-1].open:
        with tabs[-1]:
            compare_backtests(chosen, records)
            training_curves()


def in_words(chosen: Chosen) -> None:
    """Three figures in words, and where they can't be trusted."""
    told = words(chosen)
    for column, (value, sentence) in zip(st.columns(3), told, strict=False):
        with column.container(border=True, height="stretch"):
            st.markdown(f"## {plain(value)}")
            st.markdown(plain(sentence, 300))
    warned = chosen.facts["warnings"] + chosen.facts["notes"]
    if warned:
        with st.expander(f"Read with care: {len(warned)}", icon=":material/warning:", expanded=len(warned) < 3):
            for line in warned:
                st.markdown(f"- {plain(line, 600)}")


page()
