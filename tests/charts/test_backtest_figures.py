from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from plotly.offline import get_plotlyjs

from recsys_core.charts.audience_figures import gain_figure, letters_figure
from recsys_core.charts.backtest_figures import groups_heatmap, shots_curve, sides_figure, trade_off
from recsys_core.charts.method_looks import METHOD_COLOURS, colour_of
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
    assert lines["prototype"].line.color == METHOD_COLOURS[1]
    red, green, blue = (int(METHOD_COLOURS[1][at : at + 2], 16) for at in (1, 3, 5))
    assert bands[0].fillcolor.startswith(f"rgba({red}, {green}, {blue}, 0.")
    # Baselines have each its mark, too: a legend shows little of a dash.
    assert len({lines[name].marker.symbol for name in BASELINES}) == 2


def test_a_band_is_drawn_for_a_baseline_that_is_asked_for_and_where_its_range_is_known() -> None:
    told = rows()
    told.loc[(told["method"] == "random") & (told["k"] == 2), ["low", "high"]] = np.nan
    figure = shots_curve(told, BASELINES, y_title="", percent=True, bands=["random"])
    (band,) = [line for line in figure.data if line.fill]
    assert band.legendgroup == "random"
    assert list(band.x) == [0, 2, 2, 0]
    line = next(line for line in figure.data if line.name == "random")
    assert [data[2] for data in line.customdata] == [" (25.0% to 35.0%)", "", " (35.0% to 45.0%)"]
    assert [data[3] for data in line.customdata] == [99, 99, 99]


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


def test_a_method_keeps_its_colour_where_others_are_missing() -> None:
    few = rows()[rows()["method"] != "zero-shot"]
    curve = shots_curve(few, BASELINES, y_title="", percent=False, methods=METHODS)
    gain = gain_figure([1], few.assign(share=1), BASELINES, methods=METHODS)
    sides = sides_figure(few[few["k"] == 0].assign(side="New products"), BASELINES, methods=METHODS)
    trade = trade_off(
        pd.DataFrame({"method": ["prototype"], "x": 1.0, "y": 1.0}),
        BASELINES,
        x_title="",
        y_title="",
        x_percent=False,
        y_percent=False,
        methods=METHODS,
    )
    for figure in (curve, gain, trade):
        assert {line.marker.color for line in figure.data if line.name == "prototype"} == {METHOD_COLOURS[1]}
    assert {point.marker.color for point in sides.data if point.y == ("prototype",)} == {METHOD_COLOURS[1]}


def test_colours_stay_apart_for_those_who_see_red_and_green_alike_and_on_both_themes() -> None:
    linear = np.array([[int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)] for colour in METHOD_COLOURS])
    linear = np.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4)
    # Machado and others, 2009.
    seen = {
        "all": np.eye(3),
        "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    }
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    for eye in seen.values():
        xyz = (linear @ np.transpose(eye)).clip(0, 1) @ to_xyz.T / [0.9505, 1, 1.089]
        root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
        lab = np.column_stack([116 * root[:, 1], 500 * (root[:, 0] - root[:, 1]), 200 * (root[:, 1] - root[:, 2])])
        distance = np.linalg.norm(lab[:, None] - lab[None], axis=2)
        assert distance[~np.eye(len(lab), dtype=bool)].min() > 15
    light = linear @ to_xyz[1]
    assert (1.05 / (light + 0.05)).min() > 2.8
    assert ((light + 0.05) / 0.0555).min() > 2.8


def test_names_stand_beside_their_points_or_in_a_legend() -> None:
    def drawn(x: list[float]) -> go.Figure:
        names = [*METHODS, *BASELINES]
        return trade_off(
            pd.DataFrame({"method": names, "x": x, "y": x}),
            BASELINES,
            x_title="Coverage",
            y_title="Recall",
            x_percent=True,
            y_percent=False,
        )

    apart, close = drawn([0.1, 0.4, 0.6, 0.9]), drawn([0.1, 0.5, 0.5, 0.5])
    assert [point.text[0] for point in apart.data if "text" in point.mode] == [*METHODS, *BASELINES]
    assert not apart.layout.showlegend
    assert len([point for point in close.data if "text" in point.mode]) < 4
    assert close.layout.showlegend
    assert [list(point.customdata[0]) for point in close.data] == [[name] for name in (*METHODS, *BASELINES)]
    assert (apart.layout.xaxis.tickformat, apart.layout.yaxis.tickformat) == (".0%", None)


def groups() -> tuple[pd.DataFrame, pd.DataFrame]:
    values = pd.DataFrame({"zero-shot": [0.4, 0.2], "random": [0.2, np.nan]}, index=["category: Mugs", "price: low"])
    return values, pd.DataFrame({"zero-shot": [1200, 3], "random": [1200, np.nan]}, index=values.index)


def test_small_groups_are_starred_and_have_no_colour() -> None:
    cells, sound, small = groups_heatmap(*groups(), percent=True, least=30).data
    # Beside the mean of the row, .3.
    assert cells.z[0] == pytest.approx([1 / 3, -1 / 3])
    assert np.isnan(np.array(cells.z[1], dtype=float)).all()
    assert list(sound.text) == ["40%", "20%", "–"]
    assert list(small.text) == ["20%*"]
    assert sound.textfont.color is None
    assert small.textfont.color
    assert sound.hovertext[0] == "<b>category: Mugs</b><br>zero-shot: 40%, n = 1,200"
    assert sound.hovertext[2].endswith("not measured")
    assert small.hovertext[0].endswith("n = 3<br>small group: mostly chance")


def test_every_cell_can_be_clicked_where_it_stands() -> None:
    figure = groups_heatmap(*groups(), percent=False, least=30)
    _, sound, small = figure.data
    at = {
        tuple(data): (x, y)
        for points in (sound, small)
        for data, x, y in zip(points.customdata, points.x, points.y, strict=True)
    }
    assert at == {
        ("category: Mugs", "zero-shot"): (0, 0),
        ("category: Mugs", "random"): (1, 0),
        ("price: low", "zero-shot"): (0, 1),
        ("price: low", "random"): (1, 1),
    }
    assert list(figure.layout.yaxis.ticktext) == ["category: Mugs", "price: low"]
    # The first group is at the top.
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]
    assert sound.text[0] == "0.400"


def test_long_names_are_cut_where_they_are_safe_and_whole_where_the_mouse_is() -> None:
    name = "category: Home &amp; " + 40 * "x"
    values, counts = (table.set_axis([name, "b"]) for table in groups())
    figure = groups_heatmap(values, counts, percent=True, least=30)
    shown = figure.layout.yaxis.ticktext[0]
    assert shown.startswith("category: Home &amp; x")
    assert shown.endswith("…")
    assert len(shown) < 40
    assert name in figure.data[1].hovertext[0]
    assert figure.data[1].customdata[0][0] == name


def test_the_gain_curve_is_beside_chance() -> None:
    shares = [0.05, 0.5, 1.0]
    one = pd.DataFrame({"share": shares, "value": [0.3, 0.8, 1], "low": [0.2, 0.7, 1], "high": [0.4, 0.9, 1]})
    curves = pd.concat([one.assign(method=name) for name in ("prototype", "random")])
    figure = gain_figure(shares, curves, BASELINES, marked=0.05)
    chance = next(line for line in figure.data if line.name == "by chance")
    assert (list(chance.x), list(chance.y)) == ([0, 1], [0, 1])
    assert figure.layout.shapes[0].x0 == 0.05
    line = next(line for line in figure.data if line.name == "prototype")
    assert list(line.customdata[0]) == ["prototype", " (20.0% to 40.0%)"]
    assert [band.legendgroup for band in figure.data if band.fill] == ["prototype"]
    assert not gain_figure(shares, curves, BASELINES).layout.shapes
    alone = gain_figure(shares, one.assign(method="random"), BASELINES)
    assert [band.legendgroup for band in alone.data if band.fill] == ["random"]


def test_lift_is_the_gain_over_what_chance_would_hold() -> None:
    shares = [0.05, 0.5, 1.0]
    curves = pd.DataFrame({"share": shares, "value": [0.3, 0.8, 1], "low": [0.2, 0.7, 1], "high": [0.4, 0.9, 1]})
    figure = gain_figure(shares, curves.assign(method="prototype"), BASELINES, lift=True)
    line = next(trace for trace in figure.data if trace.name == "prototype")
    chance = next(trace for trace in figure.data if trace.name == "by chance")
    assert list(line.y) == pytest.approx([6, 1.6, 1])
    assert line.customdata[0][1] == " (4.0 to 8.0)"
    assert list(chance.y) == [1, 1]
    assert figure.layout.yaxis.title.text == "Times as many buyers"


def test_sides_have_a_panel_each_and_a_point_where_a_figure_is() -> None:
    told = pd.concat([rows().query("k == 0").assign(side=side) for side in ("New products", "Known products")])
    told.loc[(told["side"] == "Known products") & (told["method"] == "random"), ["value", "low", "high"]] = np.nan
    figure = sides_figure(told, BASELINES)
    assert [note.text for note in figure.layout.annotations] == ["New products", "Known products"]
    assert list(figure.layout.yaxis.categoryarray) == [*METHODS, *BASELINES]
    points = [point for point in figure.data if point.x[0] == point.x[0]]
    assert len(points) == 7
    assert points[0].error_x.array[0] == pytest.approx(0.05)
    assert list(points[0].customdata[0]) == ["zero-shot", " (0.450 to 0.550)"]


def test_the_chosen_number_of_customers_is_marked_on_its_curve() -> None:
    figure = letters_figure([1, 10, 100], [1, 4, 9], [0.5, 3, 8], [2, 5, 10], None, 10)
    band, line, mark = figure.data
    assert list(band.y) == [2, 5, 10, 8, 3, 0.5]
    assert line.customdata[1] == " (3.0 to 5.0)"
    assert (mark.x, mark.y, mark.text) == ((10,), (4,), ("chosen: 10",))
    assert mark.textposition == "bottom right"
    assert letters_figure([1, 90], [1, 2], [1, 2], [1, 2], None, 90).data[-1].textposition == "bottom left"
    assert figure.layout.xaxis.title.text == "Customers written to"


def test_profit_has_a_panel_of_its_own_with_its_best_point() -> None:
    figure = letters_figure([1, 10, 100], [1, 4, 9], [0.5, 3, 8], [2, 5, 10], [1, 5, -3], 100)
    best = next(point for point in figure.data if point.text and "most" in point.text[0])
    assert (best.x[0], best.y[0], best.yaxis) == (10, 5, "y2")
    chosen = [(point.y[0], point.yaxis) for point in figure.data if point.x == (100,)]
    assert chosen == [(9, "y"), (-3, "y2")]
    assert (figure.layout.yaxis.title.text, figure.layout.yaxis2.title.text) == ("Later buyers", "Profit")
    assert figure.layout.xaxis2.title.text == "Customers written to"


@pytest.mark.parametrize("number", [0, 1])
def test_nothing_and_a_single_figure_without_a_range_can_be_drawn(number: int) -> None:
    told = rows(known=False)[:number].assign(side="New products", share=0.5, name="A", gain=0.1, x=0.1, y=0.2)
    table = pd.DataFrame([[0.5]], index=["all"], columns=["zero-shot"])[:number]
    sizes, nothing = [7][:number], [np.nan][:number]
    figures = [
        shots_curve(told, BASELINES, y_title="", percent=True),
        groups_heatmap(table, table * 100, percent=True, least=30),
        trade_off(told, BASELINES, x_title="", y_title="", x_percent=True, y_percent=True),
        gain_figure([0.5][:number], told, BASELINES),
        sides_figure(told, BASELINES),
        letters_figure(sizes, sizes, nothing, nothing, nothing, 7),
    ]
    for figure in figures:
        figure.to_json()
        told_of = [trace for trace in figure.data if trace.name != "by chance" and trace.y]
        assert "nan" not in "".join(f"{trace.customdata} {trace.hovertext} {trace.text}" for trace in told_of)
        assert len(told_of) >= number


def test_many_methods_make_a_figure_higher_and_repeat_colours() -> None:
    names = [f"Method {at}" for at in range(13)]
    told = pd.concat([rows()[:3].assign(method=name) for name in names])
    many, few = (shots_curve(part, [], y_title="", percent=True) for part in (told, told[:3]))
    assert many.layout.height > few.layout.height
    assert [line.name for line in many.data if line.showlegend is not False] == names
    assert colour_of("Method 10", names) == METHOD_COLOURS[0]


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
