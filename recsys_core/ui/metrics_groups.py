"""Where a method is good and where it isn't: by category, price, month of launch, and customers."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from recsys_core.charts.backtest_figures import groups_heatmap
from recsys_core.evaluation.metric_words import METRICS
from recsys_core.selection.backtests.words import sales
from recsys_core.ui.launch_choice import choose, linked_choice
from recsys_core.ui.metrics_choice import SHARES, Chosen
from recsys_core.ui.picture_files import clicked, file_row, picture
from recsys_core.ui.plain import for_html

LEAST = 30
"""Groups of fewer customers (for captured buyers: products) are marked."""
KINDS = {
    "category": "Categories",
    "price": "Price bands",
    "launched": "Months of launch",
    "products": "Variants and new ones",
    "customers": "Customers",
}


def by_group(chosen: Chosen) -> None:
    rows = _rows(chosen)
    known = [metric for metric in ("recall", "ndcg", "hit_rate", "capture") if (rows["metric"] == metric).any()]
    metric = chosen.metric if chosen.metric in known else "ndcg"
    everything = "all"
    left, _ = st.columns([1, 2])
    with left:
        kinds = [everything, *(kind for kind in KINDS if (rows["kind"] == kind).any())]
        kind = linked_choice("Groups", kinds, lambda name: KINDS.get(name, "All of them"), "groups")
    values, counts = grouped(chosen, metric, None if kind == everything else kind)
    saved = file_row(
        chosen.file(f"groups-{metric}"), "groups", lambda: rows[rows["metric"] == metric].drop(columns="kind")
    )
    labels = [for_html(group, 60) for group in values.index]
    event = st.plotly_chart(
        groups_heatmap(values.set_axis(labels), counts.set_axis(labels), percent=metric in SHARES, least=LEAST),
        config=picture(chosen.file("groups"), saved, zoom=False),
        on_select="rerun",
        selection_mode="points",
        # Another choice is another picture: what was clicked before must not decide again.
        key=f"groups-{chosen.id}-{chosen.cut}-{chosen.method}-{chosen.k}-{metric}-{kind}",
        alt=f"{METRICS[metric].label} of each method in each group.",
    )
    st.caption(
        f"{METRICS[metric].label} with {sales(chosen.k)}. Colours compare the methods within a row. A star marks groups with fewer "
        f"than {LEAST} {'products' if metric == 'capture' else 'customers'}: there chance decides. In a group of products only these "
        "are to be found, in the same lists; so figures of small groups are lower. Click a cell to choose its method."
    )
    for _, method in clicked(event)[:1]:
        if str(method) != chosen.method:
            choose("method", str(method))
            st.rerun()


def grouped(chosen: Chosen, metric: str, kind: str | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Values and counts: groups (of one kind, or of all) × methods."""
    rows = _rows(chosen)
    rows = rows[(rows["metric"] == metric) & (kind is None or rows["kind"] == kind)]
    groups = list(dict.fromkeys(rows["group"]))
    value, n = (
        rows.pivot(index="group", columns="method", values=what).reindex(index=groups, columns=chosen.ways())
        for what in ("value", "n")
    )
    return value, n


def _rows(chosen: Chosen) -> pd.DataFrame:
    """The figures of groups, with their kind; the kinds in the order of KINDS."""
    rows = chosen.metrics
    rows = rows[(rows["cut"] == chosen.cut) & (rows["k"] == chosen.k)]
    kind = rows["group"].str.extract(r"^(\w+): ")[0]
    rows = rows.assign(kind=kind)[kind.isin(list(KINDS))]
    order = {name: at for at, name in enumerate(KINDS)}
    return rows.sort_values("kind", key=lambda kinds: kinds.map(order), kind="stable")
