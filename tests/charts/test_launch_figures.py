"""The figures of the Launch page hold the numbers that they are given."""

from __future__ import annotations

import pandas as pd
import pytest

from recsys_core.charts.category_shares import category_shares_figure
from recsys_core.charts.method_figures import method_figures
from recsys_core.charts.reasons import reasons_figure
from recsys_core.charts.uncertainty_figures import first_sales_figure, reliability_figure


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


def test_reliability_has_a_point_for_each_group_even_where_nothing_was_bought() -> None:
    bins = pd.DataFrame(
        {"predicted": [0.001, 0.2], "bought": [0.0, 0.25], "low": [0.0, 0.2], "high": [0.002, 0.3], "pairs": [9.0, 9.0]}
    )
    points, line = reliability_figure(bins).data
    assert list(points.x) == [0.001, 0.2]
    assert list(points.y) == [1e-4, 0.25]
    assert points.error_y.array[1] == pytest.approx(0.05)
    assert list(line.x) == list(line.y)
    # What is said where the mouse is has the numbers themselves.
    assert points.customdata[0].tolist() == [0.001, 0.0, 0.0, 0.002]


def test_what_first_sales_are_worth_stands_at_even_steps() -> None:
    line, band = first_sales_figure([0, 1, 10], [0.5, 0.9, 1], [0.4, 0.8, 1], [0.6, 1, 1]).data
    assert (list(line.x), list(line.y)) == ([0, 1, 2], [0.5, 0.9, 1])
    assert list(band.y) == [0.6, 1, 1, 1, 0.8, 0.4]
