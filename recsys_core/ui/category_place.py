"""Products without a known category: suggestions from the model, accepted or corrected by a person, in bulk."""

from __future__ import annotations

import hashlib
from typing import Any

import pandas as pd
import streamlit as st

from recsys_core.errors import LaunchdeskError
from recsys_core.tables.columns import MODEL, PERSON, PRODUCT
from recsys_core.ui.catalog_view import counts
from recsys_core.ui.category_trust import held_out, new_categories, way
from recsys_core.ui.launch_choice import linked_choice
from recsys_core.ui.numbers import counted
from recsys_core.ui.plain import plain
from recsys_core.ui.run_card import newest_run, run_card
from recsys_core.ui.session import client, workspace
from recsys_core.ui.table_files import table_buttons
from recsys_core.workspace import CatalogVersion
from recsys_core.workspace.placed_catalog import publish_placed_catalog
from recsys_core.workspace.placements import save_placements, suggestions
from recsys_core.workspace.records import AtlasRecord

KIND = "place"
BY_PERSON = "you placed it so"
CATALOG = "catalog"
EVERYTHING, UNSURE = "All", "Unsure only"


def place(version: CatalogVersion, record: AtlasRecord) -> None:
    """Whose products, the run, the table of suggestions, and what accepting them does."""
    launches = {launch.id: launch for launch in workspace().launches()}
    st.markdown(
        "New products that came without a category, or with one that your shop doesn't know, get a place in your own tree. "
        "You correct what is wrong; nothing changes before you accept."
    )
    names = {launch_id: f"Launch “{launch.name}”" for launch_id, launch in launches.items()}
    names[CATALOG] = "The catalog's own products"
    subject = linked_choice("Products of", list(names), names.__getitem__, "place")
    launch = None if subject == CATALOG else subject
    if launch is not None:
        _kept(launch, record)
    if not _lacking(version, launch):
        st.info("Every one of these products came in a category of the catalog.", icon=":material/check_circle:")
        return
    _run(subject, launch)
    told = suggestions(workspace(), launch, version.id)
    if told is None:
        st.caption("No suggestions for this version of the catalog yet.")
        return
    run = newest_run(KIND, subject)
    if run is not None and run.state == "done" and run.result is not None:
        held_out(run.result["trust"], len(told[PRODUCT].unique()))
        new_categories(run.result.get("categories", {}))
    way(record)
    paths = sorted(counts(version.id).products["category"].dropna().unique())
    before = None if launch is None else workspace().placements(launch)
    table = first_choices(told, before if before is None else before[before["category"].isin(paths)])
    edited = _editor(table, paths, f"{subject}-{'none' if run is None else run.id}")
    _accept(edited, table, version, launch)


def _lacking(version: CatalogVersion, launch: str | None) -> bool:
    """Whether any product there has no category of the catalog."""
    known = counts(version.id).products["category"]
    if launch is None:
        return bool(known.isna().any())
    products = workspace().launch_products(launch)
    return "category" not in products or not products["category"].isin(known.dropna()).all()


def first_choices(told: pd.DataFrame, before: pd.DataFrame | None) -> pd.DataFrame:
    """A row a product: title, given, category (what is proposed), sure (percent), known, others, because, why, product_id; the unsure first.

    What a person chose before counts before what the model suggests: for the product itself, or for its given category.
    """
    first = told[told["rank"] == 1].set_index(PRODUCT)
    others = told[told["rank"] > 1].groupby(PRODUCT, sort=False)
    named = others.apply(
        lambda rows: "; ".join(f"{c} ({p:.0%})" for c, p in zip(rows["category"], rows["probability"], strict=True))
    )
    table = pd.DataFrame(
        {
            "title": first["title"],
            "given": first["given"],
            "category": first["category"],
            "sure": 100 * first["probability"],
            "known": first["known"],
            "others": named.reindex(first.index).fillna(""),
            "because": [_because(words, like) for words, like in zip(first["words"], first["like"], strict=True)],
        }
    )
    by_person = first["remembered"].astype("object")
    if before is not None:
        said = before[before["by"] == PERSON].set_index(PRODUCT)["category"]
        by_person = said.reindex(table.index).astype("object").where(lambda found: found.notna(), by_person)
    table["why"] = by_person.notna().map({True: BY_PERSON, False: ""})
    table.loc[by_person.notna(), "category"] = by_person[by_person.notna()]
    table.loc[(table["why"] == "") & ~table["known"], "why"] = "unlike anything here"
    table["accept"] = table["known"] | by_person.notna()
    return table.reset_index().sort_values(["known", "sure"], kind="stable", ignore_index=True)


def digest(rows: pd.DataFrame) -> str:
    """Of what the table proposes, row by row."""
    return hashlib.sha256(rows[[PRODUCT, "category", "accept"]].to_csv(index=False).encode()).hexdigest()[:12]


def accepted(edited: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """The placements that a table says: what is ticked or was corrected. Whatever the person changed, or said before, is their word.

    edited: some rows of `table`, with category and accept as the person left them.
    """
    before = table.set_index(PRODUCT).loc[edited[PRODUCT]]
    corrected = edited["category"].to_numpy() != before["category"].to_numpy()
    theirs = corrected | (edited["accept"] != before["accept"].to_numpy()) | (before["why"] == BY_PERSON).to_numpy()
    taken = edited["accept"] | corrected
    by = theirs.map({True: PERSON, False: MODEL})
    return edited.assign(by=by).loc[taken, [PRODUCT, "given", "category", "by"]]


def _because(words: str, like: str) -> str:
    return "; ".join(part for part in (words, f"like “{like}”" if like else "") if part)


def _run(subject: str, launch: str | None) -> None:
    run = newest_run(KIND, subject)
    at_work = run is not None and not run.is_over
    with st.container(horizontal=True, vertical_alignment="bottom"):
        errors = st.selectbox(
            "May be wrong",
            [0.02, 0.05, 0.1, 0.2, 0.3],
            index=2,
            format_func=lambda share: f"{share:.0%} of those placed",
            help="Products that are less sure than that are called unlike anything here.",
            key="place-errors",
            width=220,
        )
        together = st.toggle(
            "Keep given categories together",
            help="Products that came with the same foreign category go to the same place.",
            key="place-together",
        )
        if st.button("Suggest places", type="primary", icon=":material/account_tree:", disabled=at_work):
            settings: dict[str, Any] = {"launch": launch, "errors": errors, "together": together}
            try:
                client().start(KIND, settings, subject)
            except LaunchdeskError as error:
                st.error(plain(error, 600), icon=":material/error:")
            else:
                st.rerun()
    if run is not None and (not run.is_over or run.state == "failed"):
        run_card(KIND, subject)


def _editor(table: pd.DataFrame, paths: list[str], key: str) -> pd.DataFrame:
    """The table with a column accept, as the person left it."""
    show = st.segmented_control(
        "Show", [EVERYTHING, UNSURE], default=EVERYTHING, required=True, key="place-show", width="content"
    )
    unsure = (~table["known"] & (table["why"] != BY_PERSON)).to_numpy()
    rows = table[unsure] if show == UNSURE else table
    edited: pd.DataFrame = st.data_editor(
        rows,
        hide_index=True,
        placeholder="",
        column_order=["accept", "title", "given", "category", "sure", "because", "others", "why"],
        disabled=["title", "given", "sure", "because", "others", "why"],
        column_config={
            "accept": st.column_config.CheckboxColumn("Accept", width="small"),
            "title": st.column_config.TextColumn("Title", width="medium"),
            "given": st.column_config.TextColumn("Came as", width="small"),
            "category": st.column_config.SelectboxColumn("Belongs in", options=paths, required=True, width="medium"),
            "sure": st.column_config.ProgressColumn("Sure", format="%.0f%%", min_value=0, max_value=100, width="small"),
            "because": st.column_config.TextColumn("Because of", width="medium"),
            "others": st.column_config.TextColumn("Else", width="medium"),
            "why": st.column_config.TextColumn("Note", width="small"),
        },
        # Edits are kept by row: other rows, or the same in another order, are another table.
        key=f"editor-{key}-{show}-{digest(rows)}",
        height=min(560, 38 + 35 * max(1, len(rows))),
    )
    st.caption("Tick what is right; double-click “Belongs in” to correct it. A correction counts as accepted.")
    return edited


def _accept(edited: pd.DataFrame, table: pd.DataFrame, version: CatalogVersion, launch: str | None) -> None:
    placements = accepted(edited, table)
    earlier = None if launch is None else workspace().placements(launch)
    with st.container(horizontal=True, vertical_alignment="center"):
        label = f"Accept {counted(len(placements), 'product')}"
        if st.button(
            label,
            type="primary",
            icon=":material/check:",
            disabled=placements.empty and earlier is None,
            key="accept-places",
        ):
            try:
                if launch is None:
                    publish_placed_catalog(workspace(), version, placements)
                else:
                    save_placements(workspace(), launch, _beside(earlier, placements, edited))
            except LaunchdeskError as error:
                st.error(plain(error, 600), icon=":material/error:")
                return
            st.toast(f"{counted(len(placements), 'product')} placed.", icon=":material/check_circle:")
            st.rerun()
        table_buttons("Suggestions", "placements", "places", lambda: edited.drop(columns="accept"))
    if launch is None:
        st.caption("Accepting makes a new version of the catalog; compare its categories and train again after that.")


def _beside(earlier: pd.DataFrame | None, placements: pd.DataFrame, edited: pd.DataFrame) -> pd.DataFrame:
    """These beside earlier ones of products that weren't shown: a filtered table changes only what it shows."""
    if earlier is None:
        return placements
    return pd.concat([earlier[~earlier[PRODUCT].isin(edited[PRODUCT])], placements], ignore_index=True)


def _kept(launch: str, record: AtlasRecord) -> None:
    """What is placed of a launch, what of it counts, and the way back."""
    from recsys_core.selection.router import Routing

    kept = workspace().placements(launch)
    if kept is None:
        return
    mine = int((kept["by"] == PERSON).sum())
    routing = Routing.of_record(record.summary.get("routing", {}))
    all_count = routing is None or routing.by_placement
    used = "Recommendations go by them" if all_count else "The lists show them there, and recommendations go by yours"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f":material/check_circle: {counted(len(kept), 'product')} placed, {mine:,} by you. "
            f"{used}, once you recommend again on the Launch page.",
            width="stretch",
        )
        if st.button("Undo all places", icon=":material/undo:", key="undo-places"):
            save_placements(workspace(), launch, kept.head(0))
            st.rerun()
