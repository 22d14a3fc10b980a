"""Runs beside each other: how trainings went, and two or more backtests with what differs between them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from recsys_core.charts.run_curve import run_curve
from recsys_core.charts.style import CONFIG
from recsys_core.evaluation.metric_words import METRICS
from recsys_core.selection.backtests.beside import beside, differing, other_launches, refusal
from recsys_core.ui.launch_choice import linked_choice
from recsys_core.ui.metrics_choice import Chosen, opened, shown_range
from recsys_core.ui.numbers import moment
from recsys_core.ui.picture_files import file_row
from recsys_core.ui.plain import one_line, plain
from recsys_core.ui.run_card import TITLES
from recsys_core.ui.session import client
from recsys_core.workspace.records import BacktestRecord

COMPARED = "compared"


def compare_backtests(chosen: Chosen, records: Sequence[BacktestRecord]) -> None:
    st.subheader("Compare backtests", anchor=False)
    if len(records) < 2:
        st.caption("There is one backtest so far. Replay again with another setting, and both can be compared here.")
        return
    names = {record.id: _name(record) for record in records}
    # Ids stand in the address: Streamlit's own binding would write the names.
    wished = st.query_params.get(COMPARED, chosen.id).split(",")
    st.session_state[COMPARED] = [record_id for record_id in wished if record_id in names]
    picked = st.multiselect(
        "Backtests",
        list(names),
        format_func=names.__getitem__,
        key=COMPARED,
        on_change=_follow,
        placeholder="Pick two or more",
    )
    several = [record for record in records if record.id in picked]
    if len(several) < 2:
        st.caption("Pick another one.")
        return
    if why := refusal([(names[record.id], record.catalog_version) for record in several]):
        st.warning(plain(why, 600), icon=":material/block:")
        return
    settings = differing({names[record.id]: record.settings | {"code": record.summary["code"]} for record in several})
    if len(settings):
        st.markdown("**Settings that differ**")
        st.dataframe(settings, key="differing", alt="The settings in which the backtests differ.")
    else:
        st.caption("Their settings are the same.")
    rows = beside({names[record.id]: opened(record.id)[0] for record in several}, chosen.metric, chosen.k)
    text = rows.assign(text=shown_range(chosen.metric, rows))
    st.markdown(f"**{METRICS[chosen.metric].label} with {chosen.k} first sales**")
    file_row(chosen.file("compared"), "compared", lambda: rows)
    st.dataframe(
        text.pivot(index="method", columns="backtest", values="text")
        .reindex(index=list(dict.fromkeys(rows["method"])), columns=[names[record.id] for record in several])
        .rename_axis("Method"),
        key="compared-table",
        alt="Each method's figure in each backtest, with its 95% interval.",
    )
    if other_launches([record.summary["cuts"] for record in several]):
        st.caption(
            ":material/warning: These replayed other launches, or asked other customers: their figures differ by that, too, and say "
            "little of methods or settings."
        )
    else:
        st.caption("The same launches and customers. Where intervals lie apart, the difference is more than chance.")


def _follow() -> None:
    st.query_params[COMPARED] = ",".join(st.session_state[COMPARED])


def training_curves() -> None:
    st.subheader("How trainings went", anchor=False)
    runs = [run for run in client().runs(100) if any("loss" in point or "ndcg" in point for point in run.curve)]
    if not runs:
        st.caption(
            "No run has measured anything epoch by epoch yet. Train the source model, and its curve stands here."
        )
        return
    by_id = {run.id: run for run in runs}
    left, right = st.columns([2, 1])
    with left:
        run = by_id[
            linked_choice(
                "Run",
                list(by_id),
                lambda name: (
                    f"{TITLES.get(by_id[name].kind, 'Run')} · {moment(by_id[name].created)} · {by_id[name].state}"
                ),
                "run",
            )
        ]
    measured = [point for point in run.curve if "loss" in point or "ndcg" in point]
    stages = list(dict.fromkeys(point["stage"] for point in measured))
    with right:
        stage = linked_choice("Stage", stages, lambda name: one_line(name, 60), "stage")
    figure = run_curve([point for point in measured if point["stage"] == stage])
    if figure is None:
        st.caption("This stage was measured only once, so there is no curve.")
        return
    st.plotly_chart(figure, config=CONFIG, key=f"training-{run.id}-{stage}", alt="Loss and quality after each epoch.")


def _name(record: BacktestRecord) -> str:
    cuts = "; ".join(cut["name"] for cut in record.summary["cuts"])
    return f"{record.created:%Y-%m-%d %H:%M} UTC · {one_line(cuts, 50)} · {record.id[:4]}"
