"""A single launch of the past, replayed: what was said, what came true, and why some buyers were missed."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from recsys_core.selection.backtests.figures import AUDIENCE
from recsys_core.selection.backtests.misses import audience_of, lists_of, products_of
from recsys_core.selection.backtests.words import sales
from recsys_core.ui.launch_choice import linked_choice
from recsys_core.ui.metrics_choice import Chosen, is_replayed, said, stage
from recsys_core.ui.numbers import counted, percent
from recsys_core.ui.plain import one_line, plain
from recsys_core.ui.table_files import table_buttons

ROWS = 200


def one_launch(chosen: Chosen) -> None:
    """A product of the past with its audience, or a customer with the list."""
    if not is_replayed(chosen):
        return
    numbers = [str(number) for number, _ in chosen.cuts]
    names = {str(number): cut["name"] for number, cut in chosen.cuts}
    left, middle, right = st.columns([1.2, 1, 2.4], vertical_alignment="bottom")
    with left:
        number = int(linked_choice("Launched", numbers, lambda at: one_line(names[at], 60), "launch-cut"))
    seen, heard = stage(chosen.id, number), said(chosen.id, number, chosen.method)
    at = seen.shots.index(chosen.k)
    with middle:
        side = linked_choice("Look at", ["product", "customer"], str.capitalize, "side")
    with right:
        if side == "product":
            rows = products_of(seen, heard, at, AUDIENCE)
            titles = dict(zip(rows["product_id"], rows["title"], strict=True))
            share = dict(zip(rows["product_id"], rows["captured"], strict=True))
            who = linked_choice(
                "Product",
                rows["product_id"].tolist(),
                lambda name: f"{one_line(titles[name], 80)} · {percent(share[name])} of its buyers",
                "replayed",
                placeholder="Type to search",
            )
        else:
            asked = seen.customers["customer_id"].to_numpy()[seen.queries.asked]
            who = linked_choice("Customer", asked.tolist(), str, "asked", placeholder="Type to search")
    if side == "product":
        _product(chosen, rows, who, audience_of(seen, heard, at, who, AUDIENCE))
    else:
        _customer(chosen, who, *lists_of(seen, heard, at, who))


def _product(chosen: Chosen, products: pd.DataFrame, product_id: str, buyers: pd.DataFrame) -> None:
    row = products.set_index("product_id").loc[product_id]
    size = int(products["audience"].iloc[0])
    found, by_chance = int(buyers["hit"].sum()), len(buyers) * AUDIENCE
    st.markdown(f"**{plain(row['title'])}**")
    st.markdown(
        f"With {sales(chosen.k)} known, {plain(chosen.method)} would have written to the first {size:,} customers "
        f"({percent(AUDIENCE)}); {found} of its {counted(len(buyers), 'buyer')} after the first {chosen.first_buyers} were among them, where chance finds "
        f"{by_chance:.{0 if by_chance >= 4 else 1}f}."
    )
    table_buttons("These buyers", chosen.file("launch"), "launch", lambda: buyers)
    st.dataframe(
        buyers.head(ROWS)[["hit", "customer_id", "rank", "bought", "why"]],
        hide_index=True,
        column_config={
            "hit": st.column_config.CheckboxColumn("Found", width="small"),
            "customer_id": "Later buyer",
            "rank": st.column_config.NumberColumn("Place among all customers", format="localized"),
            "bought": st.column_config.NumberColumn("Products bought before", format="localized"),
            "why": st.column_config.TextColumn("Why there", width="large"),
        },
        key=f"buyers-{product_id}",
        alt="The later buyers of the product, with their place in its audience.",
    )
    missed = buyers.loc[~buyers["hit"], "why"].value_counts()
    if len(missed):
        told = "; ".join(f"{count} {reason}" for reason, count in missed.items())
        st.caption(f"Missed: {plain(told, 300)}.")


def _customer(chosen: Chosen, customer_id: str, listed: pd.DataFrame, missed: pd.DataFrame) -> None:
    hits = int(listed["hit"].sum())
    st.markdown(
        f"**{plain(customer_id)}** bought {counted(hits + len(missed), 'of the new products', 'of the new products')} later; "
        f"{hits} of them stood in the list of {chosen.top} by {plain(chosen.method)}."
    )
    st.caption(
        f"A product's first {chosen.first_buyers} buyers aren't asked for it, however many of them are known: so the same is to be found "
        "with any number of first sales."
    )
    table_buttons("This list", chosen.file("list"), "list", lambda: listed)
    config: dict[str, Any] = {
        "hit": st.column_config.CheckboxColumn("Bought", width="small"),
        "rank": st.column_config.NumberColumn("Place", width="small"),
        "title": st.column_config.TextColumn("Product", width="medium"),
        "buyers": st.column_config.NumberColumn("Buyers", format="localized", width="small"),
        "category": "Category",
        "why": st.column_config.TextColumn("Why not higher", width="large"),
    }
    st.dataframe(
        listed[["rank", "hit", *(name for name in ("title", "category", "buyers") if name in listed)]],
        hide_index=True,
        column_config=config,
        key=f"list-{customer_id}",
        alt="What would have been recommended, with what was bought later marked.",
    )
    if len(missed):
        st.markdown("**Bought, but not in the list**")
        st.dataframe(
            missed[["rank", "title", "why"]],
            hide_index=True,
            column_config=config,
            key=f"missed-{customer_id}",
            alt="What the customer bought that the list didn't hold.",
        )
    else:
        st.caption("Nothing was missed.")
