"""Replaying launches: started here, done by the worker."""

from __future__ import annotations

from typing import Any

import streamlit as st

from recsys_core.errors import LaunchdeskError
from recsys_core.models.source_model import SourceModelConfig
from recsys_core.runs.backtest_job import BacktestSettings
from recsys_core.ui.device_choice import device_choice
from recsys_core.ui.numbers import counted, duration, moment
from recsys_core.ui.plain import plain
from recsys_core.ui.run_card import newest_run, run_card
from recsys_core.ui.session import client, workspace
from recsys_core.ui.settings_form import checked, settings_form
from recsys_core.workspace import CatalogVersion
from recsys_core.workspace.backtests import delete_backtest
from recsys_core.workspace.records import BacktestRecord

KIND, SUBJECT = "backtest", "backtest"
BY = {
    "auto": "Decide by itself",
    "date": "What was first sold after a date",
    "product": "Random products",
    "category": "Whole categories",
}
SHOTS = [0, 1, 2, 3, 5, 10, 20]


def first_backtest(version: CatalogVersion) -> None:
    """What is shown while nothing was replayed."""
    with st.container(border=True, key="first-backtest"):
        st.subheader("Replay launches from your own past", anchor=False)
        st.markdown(
            "How good is it, for your shop, with this few sales? The past is cut in two: products that were first sold after the "
            "cut are treated as new, every method says who would want them, and what customers really bought is compared. "
            f"With {counted(version.products, 'product')} it takes some minutes; it goes on when you leave this page."
        )
        _controls("Replay launches", primary=True)
    run_card(KIND, SUBJECT)


def again(record: BacktestRecord) -> None:
    """What the backtest was made with and a way to delete it, and the settings for another one."""
    with st.popover("About", icon=":material/info:"):
        _about(record)
    with st.popover("Replay again", icon=":material/refresh:"):
        _controls("Replay again", primary=False)


def run_at_work() -> None:
    """The card of a run that is at work or has failed."""
    run = newest_run(KIND, SUBJECT)
    if run is not None and (not run.is_over or run.state == "failed"):
        run_card(KIND, SUBJECT)


def _controls(label: str, primary: bool) -> None:
    from recsys_core.adaptation.registry import METHODS

    run = newest_run(KIND, SUBJECT)
    at_work = run is not None and not run.is_over
    usual = BacktestSettings()
    cuts = st.number_input(
        "How many cuts",
        1,
        10,
        usual.cuts,
        help="Each is a launch season of its own, with a source model trained on what came before.",
        disabled=at_work,
        key="backtest-cuts",
        width=220,
    )
    device = device_choice("backtest-device", disabled=at_work)
    with st.expander("Advanced"):
        by = st.selectbox(
            "What is taken for new", list(BY), format_func=BY.__getitem__, disabled=at_work, key="backtest-by"
        )
        methods = st.multiselect(
            "Methods",
            list(METHODS),
            list(METHODS),
            format_func=str.capitalize,
            disabled=at_work,
            help="The baselines are always replayed beside them.",
            key="backtest-methods",
        )
        shots = st.multiselect("First sales", SHOTS, usual.shots, disabled=at_work, key="backtest-shots")
        left, right = st.columns(2)
        top = left.number_input("Length of the lists", 1, 100, usual.top, disabled=at_work, key="backtest-top")
        seed = right.number_input("Seed", 0, 2**31 - 1, 0, disabled=at_work, key="backtest-seed")
        st.caption("The source model that is trained before each cut:")
        model = settings_form(SourceModelConfig, "backtest-model", disabled=at_work)
    if st.button(
        label,
        type="primary" if primary else "secondary",
        icon=":material/play_arrow:",
        disabled=at_work or not shots,
        key="backtest-button",
    ):
        settings: dict[str, Any] = {
            "cuts": int(cuts),
            "by": by,
            "shots": sorted(shots),
            "top": int(top),
            "seed": int(seed),
        }
        settings["methods"] = None if len(methods) == len(METHODS) else methods
        try:
            settings["model"] = checked(SourceModelConfig, model, "the source model")
            client().start(KIND, settings | {"device": device}, SUBJECT)
        except LaunchdeskError as error:
            st.error(plain(error, 600), icon=":material/error:")
            return
        st.rerun()


def _about(record: BacktestRecord) -> None:
    settings, facts = record.settings, record.summary
    methods = ["all of them"] if settings["methods"] is None else settings["methods"] or ["none but the baselines"]
    took = sum(sum(cut["ways"].values()) for cut in facts["cuts"])
    st.markdown(
        f"Made {moment(record.created)} with Launchdesk {plain(facts['code'])}; the methods took {duration(took)}."
    )
    for cut in facts["cuts"]:
        st.markdown(
            f"- **{plain(cut['name'])}**: {counted(cut['products'], 'new product')}, {cut['few']:,} of them with enough buyers to be "
            f"replayed with up to {max(cut['shots'])} first sales; {counted(cut['asked'], 'customer')} who bought these later."
        )
    st.caption(
        f"Methods: {plain(', '.join(methods))}. First sales: {', '.join(map(str, settings['shots']))}. Seed {settings['seed']}. "
        f"Lists of {settings['top']}. Data version {record.catalog_version}."
    )
    if settings["model"]:
        st.caption(
            plain("Source model: " + ", ".join(f"{name} = {value}" for name, value in settings["model"].items()), 400)
        )
    for note in facts["notes"]:
        st.caption(plain(note, 400))
    sure = st.checkbox("Delete this backtest; it can't be brought back", key=f"sure-{record.id}")
    if st.button("Delete", icon=":material/delete:", disabled=not sure, key=f"delete-{record.id}"):
        delete_backtest(workspace(), record.id)
        st.rerun()
