"""Whether the chances that were told came true in the replayed launches."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from recsys_core.charts.uncertainty_figures import reliability_figure
from recsys_core.selection.backtests.words import figure
from recsys_core.ui.launch_choice import linked_choice
from recsys_core.ui.metrics_choice import Chosen, is_replayed, said, stage
from recsys_core.ui.numbers import number, percent
from recsys_core.ui.picture_files import file_row, picture
from recsys_core.ui.plain import one_line


def chances(chosen: Chosen) -> None:
    if not is_replayed(chosen):
        return
    names = {str(number): cut["name"] for number, cut in chosen.cuts}
    left, _ = st.columns([1.2, 3])
    with left:
        cut = linked_choice("Launched", list(names), lambda at: one_line(names[at], 60), "launch-cut")
    heard, seen = said(chosen.id, int(cut), chosen.method), stage(chosen.id, int(cut))
    rows = [row for row in heard.chances if row["shots"] == chosen.k]
    if not rows:
        st.info(f"{chosen.method.capitalize()} gives scores, not chances.", icon=":material/info:")
        return
    bins = pd.DataFrame(rows)
    size = bins["pairs"].sum()
    error = figure(chosen.metrics, "ece", chosen.method, chosen.k, names[cut])
    st.markdown(
        f"Of what stood in the lists {percent((bins['bought'] * bins['pairs']).sum() / size, 1)} was bought later, where "
        f"{percent((bins['predicted'] * bins['pairs']).sum() / size, 1)} was expected; the chances were off by "
        f"{number(100 * float(error['value']), 2) if error is not None else 'n/a'} percentage points on average."
    )
    kind = file_row(chosen.file("chances"), "chances", lambda: bins)
    st.plotly_chart(
        reliability_figure(bins),
        config=picture(chosen.file("chances"), kind, zoom=False),
        key=f"chances-{chosen.id}-{cut}-{chosen.k}-{chosen.method}",
        alt="Share that was really bought, for groups of pairs by their chance.",
    )
    if heard.days is not None and seen.days is not None:
        st.markdown(
            f"The chances are for the first {heard.days:.0f} days or so after a product's first sale; these products had "
            f"{seen.days:.0f}."
        )
    st.caption(
        "Each point is a tenth of the pairs in all customers' lists; on the dotted line chance and truth agree. The chances were "
        "learned before the cut, so a season that sells more, or a longer time to sell in, moves all points to one side. "
        f"{chosen.sell_better()}"
    )
