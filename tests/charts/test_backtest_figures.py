from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from plotly.offline import get_plotlyjs

from recsys_core.charts.backtest_figures import (
    METHOD_COLOURS,
    colour_of,
    gain_figure,
    groups_heatmap,
    letters_figure,
    shots_curve,
    sides_figure,
    trade_off,
)
from recsys_core.charts.report import Section, report
from recsys_core.charts.style import QUIET

BASELINES = ["random", "popularity"]
METHODS = ["zero-shot", "prototype"]


def rows(known: bool = True) -> pd.DataFrame:
    found = []
    for at, name in enumerate([*METHODS, *BASELINES]):
        for k in (10, 0, 2):
            value = 0.5 - 0.1 * at + k / 100
            found.append((name, k, value, value - 0.05 if known else np.nan, value + 0.05 if known else np.nan, 99))
    return pd.DataFrame(found, columns=["method", "k", "value", "low", "high", "n"])


def test_the_curve_has_a_line_a_method_and_tells_which_point_was_clicked() -> None:
    figure = shots_curve(rows(), BASELINES, y_title="Recall", percent=True, bands=["prototype"])
    lines = {line.name: line for line in figure.data if line.name in (*METHODS, *BASELINES)}
    assert list(lines) == [*METHODS, *BASELINES]
    assert list(figure.layout.xaxis.ticktext) == ["0", "2", "10"]
    assert list(lines["prototype"].x) == [0, 1, 2]
    assert lines["prototype"].y[0] == pytest.approx(0.4)
    assert [data[:2] for data in lines["prototype"].customdata] == [
        ["prototype", 0],
        ["prototype", 2],
        ["prototype", 10],
    ]
    assert isinstance(lines["prototype"].customdata, tuple | list)
    assert {lines[name].line.dash for name in METHODS} == {"solid"}
    assert "solid" not in {lines[name].line.dash for name in BASELINES}
    assert len({lines[name].line.dash for name in BASELINES}) == 2
    bands = [line for line in figure.data if line.fill == "toself"]
    assert [band.legendgroup for band in bands] == ["prototype"]
    assert bands[0].fillcolor.startswith("rgba(209, 116, 31")
    assert METHOD_COLOURS[1] == "#d1741f" == lines["prototype"].line.color


def test_the_curve_begins_at_zero_unless_it_is_looked_at_closely() -> None:
    far, close = (shots_curve(rows(), BASELINES, y_title="", percent=False, from_zero=zero) for zero in (True, False))
    assert (far.layout.yaxis.rangemode, close.layout.yaxis.rangemode) == ("tozero", "normal")


def test_without_intervals_there_are_no_bands() -> None:
    figure = shots_curve(rows(known=False), BASELINES, y_title="", percent=False)
    assert not [line for line in figure.data if line.fill]
    assert len(figure.data) == 4


def test_a_method_has_one_colour_in_all_pictures() -> None:
    curve = shots_curve(rows(), BASELINES, y_title="", percent=False)
    points = pd.DataFrame({"method": [*METHODS, *BASELINES], "x": 0.5, "y": 0.25})
    trade = trade_off(points, BASELINES, x_title="x", y_title="y", x_percent=True, y_percent=False)
    one = {line.name: line.marker.color for line in curve.data if line.name}
    assert one == {point.name: point.marker.color for point in trade.data}
    assert one["random"] == QUIET
    assert colour_of("prototype", METHODS) == one["prototype"]


def test_small_groups_are_starred_and_have_no_colour() -> None:
    values = pd.DataFrame({"zero-shot": [0.4, 0.2], "random": [0.2, np.nan]}, index=["category: Mugs", "price: low"])
    counts = pd.DataFrame({"zero-shot": [100, 3], "random": [100, np.nan]}, index=values.index)
    figure = groups_heatmap(values, counts, percent=True, least=30)
    cells, points = figure.data
    assert cells.text.tolist() == [["40%", "20%"], ["20%*", "*"]]
    # Beside the mean of the row, .3.
    assert cells.z[0] == pytest.approx([1 / 3, -1 / 3])
    assert np.isnan(cells.z[1]).all()
    assert [list(pair) for pair in points.customdata][:2] == [
        ["category: Mugs", "zero-shot"],
        ["category: Mugs", "random"],
    ]
    assert "small group" not in points.text[0]
    assert "small group" in points.text[2]
    assert "n/a" not in points.text[2]


def test_the_gain_curve_is_beside_chance() -> None:
    shares = [0.05, 0.5, 1.0]
    curves = pd.DataFrame({"share": shares, "value": [0.3, 0.8, 1], "low": [0.2, 0.7, 1], "high": [0.4, 0.9, 1]})
    figure = gain_figure(shares, curves.assign(method="prototype"), BASELINES, marked=0.05)
    chance = next(line for line in figure.data if line.name == "by chance")
    assert (list(chance.x), list(chance.y)) == ([0, 1], [0, 1])
    assert figure.layout.shapes[0].x0 == 0.05


def test_sides_have_a_panel_each_and_a_point_where_a_figure_is() -> None:
    told = pd.concat([rows().query("k == 0").assign(side=side) for side in ("New products", "Known products")])
    told.loc[(told["side"] == "Known products") & (told["method"] == "random"), ["value", "low", "high"]] = np.nan
    figure = sides_figure(told, BASELINES)
    assert [note.text for note in figure.layout.annotations] == ["New products", "Known products"]
    assert list(figure.layout.yaxis.categoryarray) == [*METHODS, *BASELINES]
    assert len([point for point in figure.data if point.x[0] == point.x[0]]) == 7


def test_profit_has_a_panel_of_its_own_with_its_best_point() -> None:
    bare = letters_figure([1, 10, 100], [1, 4, 9], [0.5, 3, 8], [2, 5, 10], None, 10)
    assert len(bare.data) == 2
    told = letters_figure([1, 10, 100], [1, 4, 9], [0.5, 3, 8], [2, 5, 10], [1, 5, -3], 10)
    best = next(line for line in told.data if line.text)
    assert (best.x[0], best.y[0]) == (10, 5)


def test_the_report_needs_no_network_and_shows_texts_as_typed() -> None:
    table = pd.DataFrame({"<b>": ["{{ 7 * 7 }}"]}, index=pd.Index(["</script><script>alert(1)</script>"], name="name"))
    figure = shots_curve(rows(), BASELINES, y_title="Recall", percent=True)
    text = report("<Shop>", "today", [("5%", "a & b")], [Section("One", ["<i>"], figure, table)]).decode()
    assert "&lt;Shop&gt;" in text
    assert "a &amp; b" in text
    assert "{{ 7 * 7 }}" in text
    assert "<script>alert(1)" not in text
    assert get_plotlyjs() in text
    own = text.replace(get_plotlyjs(), "")
    assert "http" not in own
    assert text.count('id="figure-0"') == 1
    assert "Plotly.newPlot" in text
