from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from recsys_core.charts.profile_figures import distribution_figure, filled_figure, wide_bins
from recsys_core.tables.profile import distribution, profile

HOSTILE = "<img src=x onerror=alert(1)> $x$ %{y}"
SHOWN = "&lt;img src=x onerror=alert(1)&gt; &#36;x&#36; %&#123;y}"


def test_filled_and_missing_stand_side_by_side_in_the_tables_order() -> None:
    frame = pd.DataFrame({"product_id": ["A", "B", "C", "D"], HOSTILE: ["x", None, None, None]}, dtype="str")
    filled, missing = (figure := filled_figure(profile(frame, "products"))).data
    # Drawn from the bottom up.
    assert list(filled.x) == [0.25, 1.0]
    assert list(missing.x) == [0.75, 0.0]
    assert list(filled.hovertext) == [f"{SHOWN}<br>25.0% filled, 3 missing", "product_id<br>100.0% filled, 0 missing"]
    assert figure.layout.yaxis.ticktext[1] == "product_id"
    assert "<img" not in figure.to_json()


def test_of_many_columns_those_with_the_most_missing_are_shown() -> None:
    frame = pd.DataFrame({f"c{at}": ["x"] * (100 - at) + [None] * at for at in range(100)}, dtype="str")
    figure = filled_figure(profile(frame, "products"))
    assert list(figure.layout.yaxis.ticktext) == [f"c{at}" for at in range(99, 69, -1)]


def test_texts_are_bars_and_the_rest_is_not_drawn() -> None:
    names = pd.Series([HOSTILE] * 3 + ["b"] * 2 + [f"n{at}" for at in range(50)], dtype="str")
    figure = distribution_figure(distribution(pd.DataFrame({"brand": names}), "brand"), "brand", "Products")
    bars = figure.data[0]
    assert (len(bars.y), bars.x[-1], bars.x[-2]) == (15, 3, 2)
    assert bars.hovertext[-1] == SHOWN
    assert figure.layout.xaxis.title.text == "Products"
    assert "<img" not in figure.to_json()


def test_numbers_are_bars_at_even_distances_and_wide_bins_are_pale() -> None:
    counts = distribution(pd.DataFrame({"price": [*np.arange(1000) / 100, 5000]}), "price")
    figure = distribution_figure(counts, HOSTILE, "Products")
    bars = figure.data[0]
    assert wide_bins(counts).tolist() == [False] * 20 + [True]
    assert list(bars.x) == list(range(21))
    assert bars.hovertext[0] == "0 to under 0.5"
    assert bars.hovertext[-1] == "10 to 5,000"
    assert list(bars.marker.opacity[:-1]) == [1] * 20
    assert bars.marker.opacity[-1] < 1
    assert (figure.layout.xaxis.ticktext[0], figure.layout.xaxis.tickvals[0]) == ("0", -0.5)
    assert figure.layout.xaxis.title.text == SHOWN


def test_a_few_numbers_stand_by_themselves() -> None:
    figure = distribution_figure(distribution(pd.DataFrame({"rating": [1, 5, 5]}), "rating"), "rating")
    assert list(figure.layout.xaxis.ticktext) == ["1", "5"]
    assert list(figure.data[0].hovertext) == ["1", "5"]
    assert not wide_bins(distribution(pd.DataFrame({"rating": [1, 5, 5]}), "rating")).any()


@pytest.mark.parametrize(
    ("last", "step", "hover"),
    [
        ("2025-01-09", "day", "%{x|%-d %b %Y}"),
        ("2025-05-01", "week", "Week of %{x|%-d %b %Y}"),
        ("2028-05-01", "month", "%{x|%b %Y}"),
        ("9999-12-31", "year", "%{x|%Y}"),
    ],
)
def test_dates_are_told_by_their_step(last: str, step: str, hover: str) -> None:
    times = pd.Series(np.array(["2025-01-01", last], dtype="datetime64[us]"))
    figure = distribution_figure(distribution(pd.DataFrame({"timestamp": times}), "timestamp"), "timestamp", "Sales")
    assert figure.layout.yaxis.title.text == f"Sales a {step}"
    assert figure.data[0].hovertemplate == f"{hover}: %{{y:,}} sales<extra></extra>"
    assert pd.Timestamp(figure.data[0].x[0]) <= pd.Timestamp("2025-01-01") < pd.Timestamp(figure.data[0].x[1])
    assert figure.to_json()


@pytest.mark.parametrize("values", [pd.Series([], dtype="str"), pd.Series([], dtype=float), pd.Series([pd.NaT])])
def test_nothing_to_draw_is_drawn_as_nothing(values: pd.Series) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = distribution_figure(distribution(pd.DataFrame({"x": values}), "x"), "x")
        assert filled_figure(profile(pd.DataFrame(), "products")).to_json()
    assert all(trace.y is None or not len(trace.y) for trace in figure.data)
    assert figure.to_json()
