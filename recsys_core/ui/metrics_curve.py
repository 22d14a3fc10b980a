"""The few-shot curve: what each method finds with more and more first sales, and how two of them compare."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from recsys_core.charts.backtest_figures import shots_curve
from recsys_core.evaluation.bootstrap import Comparison
from recsys_core.evaluation.metric_words import METRICS
from recsys_core.selection.backtests.compared import compared
from recsys_core.selection.backtests.figures import AUDIENCE
from recsys_core.selection.backtests.misses import products_of
from recsys_core.selection.backtests.names import ALSO_BOUGHT, BASELINES, CONTENT
from recsys_core.selection.backtests.words import curve, sales
from recsys_core.ui.launch_choice import choose, linked_choice
from recsys_core.ui.metrics_choice import OF_AUDIENCES, OF_LISTS, SHARES, Chosen, methods_only, said, shown_range, stage
from recsys_core.ui.picture_files import clicked, file_row, picture
from recsys_core.ui.plain import plain


def few_shot_curve(chosen: Chosen) -> None:
    rows = curve(chosen.metrics, chosen.metric, chosen.cut)
    if rows.empty:
        st.info(
            f"{METRICS[chosen.metric].label} isn't known here: {METRICS[chosen.metric].undefined}.",
            icon=":material/info:",
        )
        return
    kind = file_row(chosen.file(f"curve-{chosen.metric}"), "curve", lambda: rows)
    close = methods_only()
    event = st.plotly_chart(
        shots_curve(
            rows[~rows["method"].isin(list(BASELINES))] if close else rows,
            list(BASELINES),
            y_title=METRICS[chosen.metric].label,
            percent=chosen.metric in SHARES,
            bands=[chosen.method],
            from_zero=not close,
            methods=chosen.methods,
        ),
        config=picture(chosen.file("curve"), kind, zoom=False),
        on_select="rerun",
        selection_mode="points",
        # Another choice is another picture: what was clicked before must not decide again.
        key=f"curve-{chosen.id}-{chosen.cut}-{chosen.metric}-{chosen.method}-{chosen.k}-{close}",
        alt=f"{METRICS[chosen.metric].label} of each method with each number of first sales.",
    )
    st.caption(
        "The same products, customers and later purchases for every number of first sales. Baselines are dashed; the band is the "
        f"range in which the figure of {plain(chosen.method)} lies with 95% certainty. Click a point to see its "
        "launches below."
    )
    for method, k, *_ in clicked(event)[:1]:
        if (str(method), int(k)) != (chosen.method, chosen.k):
            choose("method", str(method))
            choose("shots", str(int(k)))
            st.rerun()
    comparison(chosen)
    _launches(chosen)
    _table(chosen, rows)


def comparison(chosen: Chosen) -> None:
    """The chosen method beside another one, in a sentence."""
    others = [name for name in chosen.ways() if name != chosen.method]
    if not others:
        return
    others.sort(key=lambda name: name != (ALSO_BOUGHT if chosen.k else CONTENT))
    with st.container(border=True):
        left, right = st.columns([1, 3], vertical_alignment="center")
        with left:
            other = linked_choice("Compare with", others, str.capitalize, "beside")
        found = against(chosen, other)
        right.markdown(
            f"**{plain(found.sentence(chosen.method, other, when(chosen)), 300)}**"
            if found is not None
            else "These two weren't replayed on the same launches."
        )
        right.caption("Of the same customers, or products, by a paired bootstrap over all launches that are chosen.")


def against(chosen: Chosen, other: str) -> Comparison | None:
    """The chosen method beside another, by the chosen figure where it is one of customers or products, else by ndcg."""
    parts = [
        (stage(chosen.id, number), said(chosen.id, number, chosen.method), said(chosen.id, number, other))
        for number, cut in chosen.cuts
        if other in cut["ways"]
    ]
    if not parts:
        return None
    return compared(parts, _measure(chosen.metric), chosen.k, top=chosen.top, seed=chosen.facts["seed"])


def when(chosen: Chosen) -> str:
    """With how many first sales, and by which figure."""
    return f"with {sales(chosen.k)} (by {METRICS[_measure(chosen.metric)].label})"


def _measure(metric: str) -> str:
    """By what “finds more” is meant; variety and the like find nothing."""
    return metric if metric in (*OF_LISTS, *OF_AUDIENCES) else "ndcg"


def _launches(chosen: Chosen) -> None:
    """The products behind the chosen point; a row leads to the launch."""
    parts = [
        products_of(
            stage(chosen.id, number), said(chosen.id, number, chosen.method), cut["shots"].index(chosen.k), AUDIENCE
        ).assign(cut=cut["name"], number=number)
        for number, cut in chosen.cuts
    ]
    if not parts:
        return
    rows = pd.concat(parts, ignore_index=True).sort_values("captured", ascending=False, kind="stable")
    st.markdown(f"**The launches behind this point**: {plain(chosen.method)} with {sales(chosen.k)}")
    event = st.dataframe(
        rows[["title", "cut", "buyers", "captured"]],
        hide_index=True,
        column_config={
            "title": st.column_config.TextColumn("Product", width="large"),
            "cut": "Launched",
            "buyers": st.column_config.NumberColumn("Later buyers", format="localized"),
            "captured": st.column_config.ProgressColumn(
                f"Of these in the first {AUDIENCE:.0%} of customers", format="percent", min_value=0.0, max_value=1.0
            ),
        },
        on_select="rerun",
        selection_mode="single-row",
        key=f"launches-{chosen.id}-{chosen.cut}-{chosen.method}-{chosen.k}",
        alt="The replayed products with the share of their later buyers that would have been found.",
    )
    for at in event.selection.rows:
        choose("launch-cut", str(rows["number"].iloc[at]))
        choose("side", "product")
        choose("replayed", rows["product_id"].iloc[at])
        st.caption("Chosen: its buyers are under “One launch”.")


def _table(chosen: Chosen, rows: pd.DataFrame) -> None:
    """The same numbers to read."""
    with st.expander("As a table", icon=":material/table:"):
        cells = rows.assign(text=shown_range(chosen.metric, rows))
        wide = cells.pivot(index="method", columns="k", values="text").reindex(chosen.ways()).fillna("n/a")
        st.dataframe(
            wide.rename(columns=sales).rename_axis("Method"),
            key="curve-table",
            alt="Each method's figure with each number of first sales, with its 95% interval.",
        )
        if (wide == "n/a").any(axis=None):
            st.caption(f"n/a: {METRICS[chosen.metric].undefined}, or that method couldn't be replayed there.")
