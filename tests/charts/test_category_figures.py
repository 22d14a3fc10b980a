from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from recsys_core.categories.tree import linkage_of
from recsys_core.charts.category_figures import (
    LEAVES,
    NAMED,
    WEBGL_FROM,
    dendrogram_figure,
    graph_figure,
    heatmap_figure,
    leaf,
    map_figure,
)

LABELS = ["Home &gt; Mugs", "Home &gt; Cups", "Garden &gt; Spades"]
SIMILARITY = np.array([[1, 0.8, -0.2], [0.8, 1, 0.1], [-0.2, 0.1, 1]], dtype=np.float32)


def many(n: int) -> tuple[np.ndarray, list[str]]:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(n, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors @ vectors.T).astype(np.float32), [f"Part {at % 7} &gt; Leaf {at}" for at in range(n)]


def test_labels_are_the_last_part_of_a_path_and_no_escape_is_cut() -> None:
    assert leaf("Home &gt; Mugs") == "Mugs"
    assert leaf("A very long name of a category indeed", 12) == "A very long…"
    assert leaf("Bath &amp; beauty", 8) == "Bath &amp; …"
    assert leaf("&lt;b&gt;&#36;x&#36;", 40) == "&lt;b&gt;&#36;x&#36;"


def test_every_cell_of_the_heatmap_can_be_clicked_but_the_diagonal() -> None:
    figure = heatmap_figure(SIMILARITY, LABELS)
    cells, points = figure.data
    assert np.isnan(np.diagonal(cells.z)).all()
    assert np.array_equal(np.diagonal(SIMILARITY), np.ones(3))
    assert [tuple(pair) for pair in points.customdata] == [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]
    assert (points.x[1], points.y[1]) == (2, 0)
    assert points.text[1] == "Home &gt; Mugs<br>Garden &gt; Spades<br>-0.20"
    assert list(figure.layout.xaxis.ticktext) == ["Mugs", "Cups", "Spades"]


@pytest.mark.parametrize("n", [NAMED, NAMED + 1])
def test_names_that_do_not_fit_are_left_to_hovering(n: int) -> None:
    figure = heatmap_figure(*many(n))
    assert (figure.layout.yaxis.showticklabels is False) == (n > NAMED)
    assert isinstance(figure.data[1], go.Scattergl) == (n * (n - 1) > WEBGL_FROM)


def test_the_tree_joins_what_is_alike_first() -> None:
    figure = dendrogram_figure(linkage_of(SIMILARITY), LABELS)
    lines, leaves = figure.data
    assert len(lines.x) == 2 * 5
    assert set(leaves.text) == set(LABELS)
    assert figure.layout.xaxis.ticktext[0] == "0.80"
    joined = {round(float(at), 2) for at in lines.x if at}
    assert joined == {0.2, 1.05}


def test_a_large_tree_is_cut_to_branches_that_count_all() -> None:
    similarity, labels = many(400)
    figure = dendrogram_figure(linkage_of(similarity), labels)
    names = figure.data[1].text
    assert len(names) == LEAVES
    hidden = sum(int(name.rpartition(" and ")[2].split()[0]) for name in names if name.endswith(" more"))
    assert hidden + LEAVES == 400
    # What is cut of a long name isn't the count.
    shown = list(figure.layout.yaxis.ticktext)
    assert sum(name.endswith(" more") for name in shown) == sum(name.endswith(" more") for name in names) > 0


def test_two_categories_have_a_tree() -> None:
    figure = dendrogram_figure(linkage_of(SIMILARITY[:2, :2]), LABELS[:2])
    low, high = figure.layout.xaxis.range
    assert low < 0.2 < high


def test_the_map_tells_what_was_picked() -> None:
    categories = pd.DataFrame(
        {"x": [0, 1], "y": [0, 1], "label": LABELS[:2], "group": [0, 1], "sales": [4, 100], "category": [0, 1]}
    )
    products = pd.DataFrame(
        {"x": [0.1, 0.2, 1.1], "y": [0, 0, 1], "label": ["a", "b", "c"], "group": [0, 0, 1], "position": [0, 1, 2]}
    )
    figure = map_figure(categories, products)
    assert len(figure.data) == 4
    assert [list(picked) for picked in figure.data[0].customdata] == [["product", 0], ["product", 1]]
    assert [list(picked) for picked in figure.data[3].customdata] == [["category", 1]]
    assert figure.data[0].marker.color == figure.data[2].marker.color != figure.data[3].marker.color
    assert figure.data[2].marker.size[0] < figure.data[3].marker.size[0]
    assert "100 sales" in figure.data[3].hovertext[0]


def test_the_graph_has_a_line_a_kind_and_a_reason_a_link() -> None:
    nodes = pd.DataFrame(
        {
            "x": [0, 1, 2],
            "y": [0, 1, 0],
            "label": LABELS,
            "size": [3, 2, 1],
            "kind": ["centre", "neighbour", "further"],
            "category": [5, 7, 9],
        }
    )
    edges = pd.DataFrame(
        {
            "x0": [0, 0],
            "y0": [0, 0],
            "x1": [1, 1],
            "y1": [1, 1],
            "kind": ["similar", "also bought"],
            "reason": ["Alike", "5 bought both"],
        }
    )
    figure = graph_figure(nodes, edges)
    shown = {trace.name: trace.showlegend for trace in figure.data if trace.mode == "lines"}
    assert shown == {"Same parent": False, "Also bought": True, "Similar": True}
    assert list(figure.data[3].text) == ["Alike", "5 bought both"]
    assert [list(picked) for picked in figure.data[4].customdata] == [[5], [7], [9]]
