"""How sure the recommendations of a launch are: whether chances came true in the replay, and what first sales are worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from recsys_core.charts.style import CONFIG
from recsys_core.charts.uncertainty_figures import first_sales_figure, reliability_figure
from recsys_core.ui.numbers import counted, number, percent
from recsys_core.ui.plain import plain

if TYPE_CHECKING:
    from recsys_core.selection.certainty import Certainty

CHANCE_HELP = (
    "How probable it is that the customer buys the product: of 100 recommendations with 5%, about 5 led to a purchase when "
    "known products of your shop came as if new. “How sure are we?” tells within which time."
)


IN_TIME = "Customers' histories ended before the products came, as in a launch."
OUT_OF_TIME = (
    "The products were taken out of the whole history, as there were too few purchases with times to go by: in a launch, where "
    "nobody knows what comes, fewer may buy."
)


def certainty_of(summary: dict[str, Any]) -> Certainty | None:
    """What the adaptation found out of the worth of first sales; None where it couldn't."""
    from recsys_core.selection.certainty import Certainty

    known = summary.get("uncertainty", {}).get("certainty", {"note": ""})
    return None if "note" in known else Certainty.of_dict(known)


def uncertainty(summary: dict[str, Any]) -> None:
    """An expander with both curves; nothing for recommendations from before these were asked for."""
    known = summary.get("uncertainty")
    if not known:
        return
    with st.expander("How sure are we?", icon=":material/target:"):
        notes = {known[part]["note"] for part in ("calibration", "certainty") if "note" in known[part]}
        for note in sorted(notes):
            st.info(plain(note, 300), icon=":material/info:")
        left, right = st.columns(2, gap="medium")
        if "note" not in known["calibration"]:
            with left:
                _chances(known["calibration"])
        certainty = certainty_of(summary)
        if certainty is not None:
            with right:
                _first_sales(certainty, known["certainty"]["by_first_sales"])
        st.page_link("metrics.py", label="Replay whole launches of the past", icon=":material/monitoring:")


def _chances(calibration: dict[str, Any]) -> None:
    st.markdown("**Do the chances come true?**")
    st.markdown(
        f"{counted(calibration['products'], 'known product')} came as if new: {percent(calibration['base_rate'], 1)} of what "
        f"stood in top-{calibration['top']} lists was bought{_within(calibration)}. The chances were off by "
        f"{number(100 * calibration['ece'], 2)} percentage points on average."
    )
    st.plotly_chart(
        reliability_figure(pd.DataFrame(calibration["bins"])),
        config=CONFIG,
        key="reliability",
        alt="Share that was really bought, for groups of pairs by their chance.",
    )
    st.caption(
        "Each point is a tenth of the pairs; on the dotted line chance and truth agree. Upright lines are the ranges in "
        "which the truth lies with 95% certainty. A pair's chance was learned from other products and "
        "other customers. The average error is the expected calibration error (ECE)."
        f" {IN_TIME if calibration['in_time'] else OUT_OF_TIME}"
    )


def _within(calibration: dict[str, Any]) -> str:
    return "" if calibration["days"] is None else f" within {number(calibration['days'])} days or so"


def _first_sales(certainty: Certainty, rows: Sequence[dict[str, Any]]) -> None:
    from recsys_core.selection.uncertainty import lacking

    st.markdown("**Would more first sales help?**")
    st.markdown(f"{certainty.worth()} {lacking(rows) if certainty.gain_is_sure else ''}")
    st.plotly_chart(
        first_sales_figure(certainty.shots, certainty.levels, certainty.low, certainty.high),
        config=CONFIG,
        key="first-sales-worth",
        alt="How good recommendations are with each number of first sales.",
    )
    st.caption(
        f"{counted(certainty.products, 'known product')} came as if new, with {certainty.shots[0]} to {certainty.shots[-1]} "
        f"first sales; the same later buyers were to be found, {counted(certainty.customers, 'customer')}. Quality is "
        "ndcg@20; the band is its 95% range."
    )
