"""The figures of the Launch page hold the numbers that they are given."""

from __future__ import annotations

import pandas as pd

from recsys_core.charts.category_shares import category_shares_figure
from recsys_core.charts.method_figures import method_figures
from recsys_core.charts.reasons import reasons_figure


def test_each_reason_is_one_bar_with_its_label() -> None:
    rows = pd.DataFrame(
        {
            "kind": ["history", "history", "supporter"],
            "label": ["Mug", "Mug", "12 (Peru)"],
            "effect": [0.5, 0.25, 0.125],
        }
    )
    figure = reasons_figure(rows, {"history": "Bought before", "word": "Its words", "supporter": "First buyers"})
    assert [list(trace.x) for trace in figure.data] == [[0.5, 0.25], [], [0.125]]
    # Two reasons of one name stay two bars.
    assert list(figure.layout.yaxis.ticktext) == ["Mug", "Mug", "12 (Peru)"]
    assert list(figure.layout.yaxis.tickvals) == [0, 1, 2]
    assert [trace.showlegend for trace in figure.data] == [True, False, True]


def test_the_chosen_method_stands_out_and_the_order_stays() -> None:
    rows = pd.DataFrame(
        {"name": ["A", "B", "C"], "ndcg": [0.1, 0.3, 0.2], "low": [0.05, 0.25, 0.1], "high": [0.2, 0.32, 0.25]}
    )
    figure = method_figures(rows, "B")
    assert figure.data[0].y == ("B",)
    assert figure.data[0].marker.color is None
    assert all(trace.marker.color for trace in figure.data[1:])
    assert list(figure.layout.yaxis.categoryarray) == ["A", "B", "C"]
    assert figure.data[0].error_x.array[0] == 0.32 - 0.3


def test_shares_stand_beside_each_other() -> None:
    rows = pd.DataFrame({"label": ["Kitchen", "Toys"], "audience": [0.5, 0.25], "everyone": [0.25, 0.2]})
    audience, everyone = category_shares_figure(rows).data
    assert (list(audience.x), list(everyone.x)) == ([0.5, 0.25], [0.25, 0.2])
    assert list(audience.y) == ["Kitchen", "Toys"]
