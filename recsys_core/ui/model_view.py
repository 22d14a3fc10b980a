"""The newest source model in plain words."""

from __future__ import annotations

from typing import Any

import streamlit as st

from recsys_core.charts.run_curve import run_curve
from recsys_core.charts.style import CONFIG
from recsys_core.ui.numbers import NOT_KNOWN, counted, moment, number, percent
from recsys_core.ui.session import workspace
from recsys_core.workspace import CatalogVersion, ModelRecord


def model_view(model: ModelRecord, newest: CatalogVersion | None) -> None:
    """What it learned from, how good it is on products that it hadn't seen, and whether the catalog is newer."""
    summary = model.summary
    if newest is not None and model.catalog_version != newest.id:
        st.warning(
            "The catalog is newer than this source model. Train again to learn from the new one; until then it works on.",
            icon=":material/update:",
        )
    trained_on = workspace().catalog_version(model.catalog_version)
    imported = f", on the catalog imported {moment(trained_on.created)}" if trained_on else ""
    st.markdown(f"Trained {moment(model.created)}{imported}.")
    with st.container(horizontal=True, gap="small"):
        st.metric("Products", number(summary.get("products")), border=True, height="stretch")
        st.metric("Customers", number(summary.get("customers")), border=True, height="stretch")
        st.metric(
            "Who bought what",
            number(summary.get("pairs")),
            border=True,
            height="stretch",
            help="Different pairs of customer and product that it learned from.",
        )
        st.metric(
            "Quality",
            NOT_KNOWN if summary.get("ndcg") is None else f"{summary['ndcg']:.3f}",
            _gain(summary),
            border=True,
            height="stretch",
            help="ndcg@20 on products that were kept aside and treated as new: 1 would be a perfect order.",
        )
    st.markdown(_in_words(summary))
    if few := {shots: value for shots, value in summary.get("replayed", {}).items() if shots != "0"}:
        reached = ", ".join(f"{counted(int(shots), 'first sale')}: {value:.3f}" for shots, value in few.items())
        st.markdown(f"Those of them with enough buyers, once their first sales are known: {reached}.")
    figure = run_curve(summary.get("history", []))
    if figure is not None:
        with st.expander("How the training went", icon=":material/show_chart:"):
            st.plotly_chart(figure, config=CONFIG, key="model-curve", alt="Loss and quality after each epoch.")
            st.caption(
                "Loss: how far off it is on what it learns from; it should fall. Quality: how well it orders products "
                "that it hasn't seen; the best epoch is the one that was kept."
            )


def _gain(summary: dict[str, Any]) -> str | None:
    start, end = summary.get("ndcg_start"), summary.get("ndcg")
    return f"{percent(end / start - 1)} by training" if start and end else None


def _in_words(summary: dict[str, Any]) -> str:
    held_out = summary.get("held_out_products") or 0
    if not held_out or summary.get("ndcg") is None:
        return "The catalog is too small to keep products aside, so how well it does on new ones isn't known."
    start, end = summary.get("ndcg_start"), summary["ndcg"]
    test = (
        f"To see how it does on products that it hasn't met, {counted(held_out, 'product')} "
        f"{'was' if held_out == 1 else 'were'} kept aside and treated as new, without a sale."
    )
    if not start:
        return f"{test} Its lists for them reach {end:.3f} of 1."
    if end > start:
        return (
            f"{test} Training made its lists for them better: from {start:.3f}, which titles and baskets alone give, "
            f"to {end:.3f} of 1."
        )
    return f"{test} Its lists for them reach {end:.3f} of 1, no more than titles and baskets alone give."
