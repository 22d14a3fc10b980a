"""What a gain on new products costs: known products, and everything beyond accuracy."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from recsys_core.charts.backtest_figures import sides_figure, trade_off
from recsys_core.evaluation.metric_words import METRICS
from recsys_core.selection.backtests.figures import ANY, KNOWN, KNOWN_TOGETHER, NEW, NEW_TOGETHER, TOGETHER
from recsys_core.selection.backtests.names import BASELINES
from recsys_core.selection.backtests.words import curve
from recsys_core.ui.launch_choice import linked_choice
from recsys_core.ui.metrics_choice import BEYOND, OF_LISTS, SHARES, Chosen, explained, methods_only
from recsys_core.ui.picture_files import file_row, picture

SIDES = {
    NEW: "New products",
    KNOWN: "Known products",
    TOGETHER: "Both in one list",
    NEW_TOGETHER: "New ones, in lists of both",
    KNOWN_TOGETHER: "Known ones, in lists of both",
}
OF_SIDES = ("ndcg", "recall", "hit_rate")


def old_and_new(chosen: Chosen) -> None:
    """New products, known ones, and both in one list, side by side."""
    metric = chosen.metric if chosen.metric in OF_SIDES else "ndcg"
    rows = sides(chosen, metric)
    kind = file_row(chosen.file(f"old-and-new-{metric}"), "sides", lambda: rows)
    drawn = rows[rows["side"].isin([SIDES[NEW], SIDES[KNOWN], SIDES[TOGETHER]])]
    st.plotly_chart(
        sides_figure(drawn, list(BASELINES), methods=chosen.methods),
        config=picture(chosen.file("old-and-new"), kind, zoom=False),
        key=f"sides-{chosen.id}-{chosen.cut}-{chosen.k}-{metric}",
        alt="Each method's figure for new products, for known ones, and for both in one list.",
    )
    st.caption(
        f"{METRICS[metric].label} of lists of {chosen.top}. Known products are ranked by the source model, which no method changes, so "
        "that figure is the same for all. In one list new products push known ones out: what that costs is in the table."
    )
    wide = rows.pivot(index="method", columns="side", values="value").reindex(chosen.ways())
    wide = wide[[side for side in SIDES.values() if side in wide]]
    st.dataframe(
        wide.rename_axis("Method"),
        column_config={name: st.column_config.NumberColumn(name, format="%.3f") for name in map(str, wide)},
        key="sides-table",
        alt="The same figures, and what new and known products get in lists of both.",
    )


def sides(chosen: Chosen, metric: str) -> pd.DataFrame:
    """method, side, value, low, high."""
    parts = []
    for group, name in SIDES.items():
        rows = curve(chosen.metrics, metric, chosen.cut, group)
        if group == KNOWN:
            same = rows[rows["method"] == ANY].drop(columns="method")
            rows = same.merge(pd.DataFrame({"method": chosen.ways()}), how="cross")
        else:
            rows = rows[rows["k"] == chosen.k]
        parts.append(rows.assign(side=name))
    order = {name: at for at, name in enumerate(chosen.ways())}
    rows = pd.concat(parts, ignore_index=True)
    return rows.sort_values("method", key=lambda names: names.map(order), kind="stable")[
        ["method", "side", "value", "low", "high", "n"]
    ].reset_index(drop=True)


def beyond_accuracy(chosen: Chosen) -> None:
    """Accuracy against coverage, novelty and the like: a point a method."""
    left, right = st.columns(2)
    options = [name for name in BEYOND if not curve(chosen.metrics, name, chosen.cut).empty]
    if not options:
        st.info("Nothing but accuracy was measured here.", icon=":material/info:")
        return
    with left:
        x = linked_choice("Across", options, lambda name: METRICS[name].label, "across")
    with right:
        upward = [name for name in (*OF_LISTS, "capture") if not curve(chosen.metrics, name, chosen.cut).empty]
        first = chosen.metric if chosen.metric in upward else "ndcg"
        y = linked_choice(
            "Upward", sorted(upward, key=lambda name: name != first), lambda name: METRICS[name].label, "upward"
        )
    drawn = points(chosen, x, y)
    kind = file_row(chosen.file(f"{y}-against-{x}"), "trade-off", lambda: drawn)
    close = methods_only()
    st.plotly_chart(
        trade_off(
            drawn[~drawn["method"].isin(list(BASELINES))] if close else drawn,
            list(BASELINES),
            x_title=METRICS[x].label,
            y_title=METRICS[y].label,
            x_percent=x in SHARES,
            y_percent=y in SHARES,
            methods=chosen.methods,
        ),
        config=picture(chosen.file("trade-off"), kind, zoom=False),
        key=f"trade-{chosen.id}-{chosen.cut}-{chosen.k}-{x}-{y}-{close}",
        alt=f"{METRICS[y].label} against {METRICS[x].label}, a point for each method.",
    )
    for name in (x, y):
        explained(name)


def points(chosen: Chosen, x: str, y: str) -> pd.DataFrame:
    """method, x, y."""
    one, other = (curve(chosen.metrics, name, chosen.cut, k=chosen.k).set_index("method")["value"] for name in (x, y))
    both = pd.DataFrame({"x": one, "y": other}).dropna()
    return both.reindex([name for name in chosen.ways() if name in both.index]).rename_axis("method").reset_index()
