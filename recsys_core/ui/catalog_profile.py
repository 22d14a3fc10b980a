"""How good the catalog's tables are, and what each of their columns holds."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from recsys_core.charts.profile_figures import distribution_figure, filled_figure, wide_bins
from recsys_core.charts.style import CONFIG
from recsys_core.tables.columns import CUSTOMER, Kind
from recsys_core.tables.health import Advice, Health, health
from recsys_core.tables.profile import distribution, profile, words_distribution
from recsys_core.ui.numbers import counted
from recsys_core.ui.plain import one_line, plain
from recsys_core.ui.session import workspace
from recsys_core.ui.table_files import table_buttons
from recsys_core.workspace import CatalogVersion

FIRST = 3
"""Advice that shows without being asked for."""
TABLES: dict[Kind, str] = {"products": "Products", "interactions": "Interactions", "customers": "Customers"}


@dataclass(frozen=True)
class Spread:
    """How the values of a column are spread, and what a picture of it says."""

    counts: pd.DataFrame
    title: str
    distinct: int


@dataclass(frozen=True)
class Look:
    """What a table looks like; not to be changed."""

    profile: pd.DataFrame
    spreads: dict[str, Spread | None]
    """Of each column; None where there is nothing to see: all values differ."""


# Shared by all sessions and never changed, so that a rerun copies nothing.
@st.cache_resource(max_entries=3, show_spinner="Judging the tables …")
def judged(version_id: str) -> Health:
    """How good the tables of this version of the catalog are."""
    catalog = workspace().catalog(version_id)
    return health(catalog.products, catalog.interactions, catalog.customers)


@st.cache_resource(max_entries=6, show_spinner="Looking at the table …")
def look(version_id: str, kind: Kind) -> Look | None:
    """What that table of this version of the catalog looks like; None if there is no such table."""
    catalog = workspace().catalog(version_id)
    frame = {"products": catalog.products, "interactions": catalog.interactions, "customers": catalog.customers}[kind]
    if frame is None:
        return None
    seen = profile(frame, kind)
    return Look(seen, {row["column"]: _spread(frame, row) for _, row in seen.iterrows()})


def _spread(frame: pd.DataFrame, row: pd.Series) -> Spread | None:
    name, distinct = row["column"], int(row["distinct"])
    if row["type"] == "text" and distinct > (len(frame) - row["missing"]) / 2:
        words = words_distribution(frame, name)
        return Spread(words, "Words in a text", distinct) if len(words) > 1 else None
    counts = distribution(frame, name)
    differ = "value" in counts and distinct > 1 and pd.isna(row["most_common"])
    return None if differ else Spread(counts, name, distinct)


def health_card(version: CatalogVersion) -> None:
    """The score of the catalog's tables, what would help most, and all that would help with the ids it is about."""
    found = judged(version.id)
    with st.container(border=True, key="health"):
        score, advice = st.columns([1, 4], gap="medium")
        score.metric(
            "Data health",
            f"{found.score} of 100",
            help="How much of what helps recommendations is in the tables: texts, categories, prices, sales and their "
            "times. 100: nothing is left to mend.",
        )
        with advice:
            if not found.advice:
                st.markdown("Nothing to mend: every product has its text, category, price and buyers.")
            for one in found.advice[:FIRST]:
                st.markdown(f"**{one.what}** {one.why} :gray[{_gain(one)}]")
        if found.advice:
            with st.expander(f"All that would help, with the ids ({len(found.advice)})", icon=":material/healing:"):
                for one in found.advice:
                    _whole(one)


def _whole(advice: Advice) -> None:
    text, file = st.columns([4, 1.2], vertical_alignment="center")
    text.markdown(f"**{advice.what}** {advice.why} :gray[{_gain(advice)}]")
    if advice.examples:
        more = ", …" if len(advice.affected) > len(advice.examples) else ""
        text.caption(f"{', '.join(plain(id_, 40) for id_ in advice.examples)}{more}")
        noun = "customer" if advice.affected.columns[0] == CUSTOMER else "product"
        with file:
            table_buttons(
                counted(len(advice.affected), noun),
                f"to-mend-{advice.subject}",
                f"health-{advice.subject}",
                lambda: advice.affected,
                help="Their ids as a CSV file.",
            )


def _gain(advice: Advice) -> str:
    if advice.gain < 0.1:
        return "(less than 0.1 points)"
    return f"(+{advice.gain:.1f} points)"


def profile_view(version: CatalogVersion) -> None:
    """A table's columns: how much is filled, how they range, and how the values of one are spread."""
    kind: Kind = st.segmented_control(
        "Table", list(TABLES), default="products", required=True, format_func=TABLES.__getitem__, key="profile-table"
    )
    seen = look(version.id, kind)
    if seen is None or seen.profile.empty:
        st.caption(f"The catalog has no table of {TABLES[kind].lower()}.")
        return
    _columns(seen.profile)
    table_buttons("Profile", f"profile-{kind}", f"profile-{kind}", lambda: seen.profile)
    left, right = st.columns(2, gap="small")
    with left.container(border=True, height="stretch"):
        st.markdown("**What is filled**")
        alt = "The share of the rows that is filled in each column."
        st.plotly_chart(filled_figure(seen.profile), config=CONFIG, key=f"filled-{kind}", alt=alt)
    with right.container(border=True, height="stretch"):
        st.markdown("**How values are spread**")
        name = st.selectbox(
            "Column",
            seen.profile["column"].tolist(),
            index=min(1, len(seen.profile) - 1),
            format_func=lambda column: one_line(column, 60),
            key=f"profile-column-{kind}",
            label_visibility="collapsed",
        )
        _picture(seen.spreads[name], kind)


def _columns(columns: pd.DataFrame) -> None:
    st.dataframe(
        columns,
        hide_index=True,
        placeholder="",
        key="profile",
        column_config={
            "column": st.column_config.TextColumn("Column", pinned=True),
            "type": st.column_config.TextColumn("Read as", width=80),
            "filled": st.column_config.ProgressColumn("Filled", format="percent", min_value=0, max_value=1, width=130),
            "missing": st.column_config.NumberColumn("Missing", format="localized"),
            "distinct": st.column_config.NumberColumn("Different values", format="localized"),
            "lowest": st.column_config.TextColumn("Lowest or shortest"),
            "highest": st.column_config.TextColumn("Highest or longest"),
            "most_common": st.column_config.TextColumn("Most frequent", help="Empty where no value occurs twice."),
            "most_common_rows": st.column_config.NumberColumn("… in rows", format="localized"),
            "example": st.column_config.TextColumn("Example"),
        },
        alt="The columns of the table: type, how much is filled, range, most frequent value.",
    )


def _picture(spread: Spread | None, kind: Kind) -> None:
    if spread is None:
        st.caption("All values differ: there is nothing to compare.")
        return
    counts = spread.counts
    if counts.empty:
        st.caption("Nothing is filled in this column.")
        return
    figure = distribution_figure(counts, one_line(spread.title, 60), TABLES[kind])
    st.plotly_chart(figure, config=CONFIG, key=f"spread-{kind}", alt="How many rows have which values.")
    if "value" in counts and counts["value"].isna().any():
        named, rest = len(counts) - 1, int(counts["rows"].iloc[-1])
        st.caption(f"The {named} most frequent of {spread.distinct:,} values; {counted(rest, 'row')} with others.")
    elif "low" in counts and pd.api.types.is_numeric_dtype(counts["low"].dtype) and wide_bins(counts).any():
        st.caption("A pale bar holds all values beyond the others: it spans more than they do.")
    table_buttons("Numbers", f"values-{kind}", f"spread-{kind}", lambda: counts)
