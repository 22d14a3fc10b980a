"""Edges between categories whose figures are known."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from recsys_core.categories.graph import KINDS, around, category_graph, layout

NAMES = ["Kitchen > Mugs", "Kitchen > Cups", "Home>Garden > Rakes", "Home > Garden>Spades", "Toys", "Books"]
MUGS, CUPS, RAKES, SPADES, TOYS, BOOKS = range(6)


def symmetric(n: int, pairs: dict[tuple[int, int], float], diagonal: float) -> np.ndarray:
    values = np.zeros((n, n), dtype=np.float32)
    for (one, other), value in pairs.items():
        values[one, other] = values[other, one] = value
    np.fill_diagonal(values, diagonal)
    return values


SIMILARITY = symmetric(6, {(MUGS, CUPS): 0.63, (MUGS, RAKES): 0.1, (RAKES, SPADES): -0.4, (TOYS, MUGS): np.nan}, 1)
SHARED = symmetric(
    6, {(MUGS, CUPS): 37, (MUGS, TOYS): 1200, (CUPS, TOYS): 2, (RAKES, SPADES): 9, (TOYS, RAKES): 3}, 5000
)
LIFT = symmetric(6, {(MUGS, CUPS): 2.4, (MUGS, TOYS): 5, (CUPS, TOYS): 8, (RAKES, SPADES): 0.9, (TOYS, RAKES): 1.01}, 7)
LIFT[BOOKS] = LIFT[:, BOOKS] = np.nan


def shop() -> nx.MultiGraph:
    return category_graph(NAMES, SIMILARITY, SHARED, LIFT)


def many(n: int) -> nx.MultiGraph:
    """Categories under three parents, all bought together and all alike, more or less."""
    rng = np.random.default_rng(0)
    values = rng.random((n, n), dtype=np.float32)
    values = (values + values.T) / 2
    names = [f"Parent {position % 3} > Child {position}" for position in range(n)]
    return category_graph(names, values, np.full((n, n), 50), 1 + values)


def test_every_edge_says_why_it_is_there() -> None:
    graph = shop()
    assert [graph.nodes[position]["name"] for position in graph] == NAMES
    reasons = {
        (*sorted((one, other)), kind): reason for one, other, kind, reason in graph.edges(keys=True, data="reason")
    }
    assert reasons == {
        (MUGS, CUPS, "same parent"): "Both are kinds of Kitchen",
        (RAKES, SPADES, "same parent"): "Both are kinds of Garden",
        (MUGS, CUPS, "also bought"): "37 customers bought in both, 2.4 times as many as by chance",
        (MUGS, TOYS, "also bought"): "1,200 customers bought in both, 5.0 times as many as by chance",
        (RAKES, TOYS, "also bought"): "3 customers bought in both, hardly more than by chance",
        (MUGS, CUPS, "similar"): "What they are about is alike (similarity 0.63)",
        (MUGS, RAKES, "similar"): "What they are about is alike (similarity 0.10)",
    }
    assert graph.edges[MUGS, CUPS, "also bought"]["shared"] == 37
    assert graph.edges[MUGS, CUPS, "also bought"]["lift"] == pytest.approx(2.4)
    assert graph.edges[MUGS, CUPS, "similar"]["similarity"] == pytest.approx(0.63)


def test_one_customer_is_enough_if_one_says_so() -> None:
    one = symmetric(2, {(0, 1): 1}, 1)
    graph = category_graph(["a", "b"], np.eye(2), one, 3 * one, least_shared=1)
    assert graph.edges[0, 1, "also bought"]["reason"].startswith("1 customer bought in both, 3.0 times")


def test_each_category_reaches_out_to_the_highest_only() -> None:
    n = 6
    place = np.arange(n)
    similarity = 1 - np.abs(place[:, None] - place[None, :]) / n
    names = [f"P > {position}" for position in range(n)]
    graph = category_graph(names, similarity, np.full((n, n), 9), 1 + similarity, nearest=1, bought=2)
    # Each to one beside it; of two equally near ones to the first.
    chain = [(position, position + 1) for position in range(n - 1)]
    for kind in ("same parent", "similar"):
        assert sorted((min(e[:2]), max(e[:2])) for e in graph.edges(keys=True) if e[2] == kind) == chain
    bought = {tuple(sorted(edge[:2])) for edge in graph.edges(keys=True) if edge[2] == "also bought"}
    assert bought == {*chain, (0, 2), (3, 5)}


def test_around_a_category_those_with_most_links_come_first_then_the_strongest() -> None:
    table = around(shop(), MUGS)
    assert list(table) == ["category", "name", "kinds", "reasons", "links"]
    assert table["category"].tolist() == [CUPS, TOYS, RAKES]
    assert table["name"].tolist() == [NAMES[CUPS], "Toys", NAMES[RAKES]]
    assert table["links"].tolist() == [3, 1, 1]
    assert table["kinds"].tolist() == ["same parent, also bought, similar", "also bought", "similar"]
    assert table["reasons"][0] == (
        "Both are kinds of Kitchen; 37 customers bought in both, 2.4 times as many as by chance; "
        "What they are about is alike (similarity 0.63)"
    )
    assert around(shop(), MUGS, at_most=1)["category"].tolist() == [CUPS]
    assert around(shop(), BOOKS).empty
    assert list(around(shop(), BOOKS)) == list(table)


def test_the_layout_shows_neighbours_and_theirs() -> None:
    nodes, edges = layout(shop(), MUGS)
    assert list(zip(nodes["category"], nodes["kind"], strict=True)) == [
        (MUGS, "centre"),
        (CUPS, "neighbour"),
        (TOYS, "neighbour"),
        (RAKES, "neighbour"),
        (SPADES, "further"),
    ]
    assert np.hypot(nodes["x"], nodes["y"]).tolist() == pytest.approx([0, 1, 1, 1, 2])
    assert len(edges) == shop().number_of_edges()
    at = nodes.set_index("category")
    assert np.array_equal(at.loc[edges["source"], ["x", "y"]].to_numpy(), edges[["x0", "y0"]].to_numpy())
    assert np.array_equal(at.loc[edges["target"], ["x", "y"]].to_numpy(), edges[["x1", "y1"]].to_numpy())
    assert list(edges) == ["source", "target", "kind", "reason", "x0", "y0", "x1", "y1"]
    alone, none = layout(shop(), BOOKS)
    assert alone["kind"].tolist() == ["centre"]
    assert none.empty


def test_one_and_two_categories() -> None:
    one = category_graph(["A > B"], np.ones((1, 1)), np.ones((1, 1)), np.ones((1, 1)))
    assert one.number_of_nodes() == 1
    assert one.number_of_edges() == 0
    two = category_graph(["A > B", "A > C"], np.eye(2), np.zeros((2, 2)), np.full((2, 2), np.nan))
    assert [*two.edges(keys=True)] == [(0, 1, "same parent")]
    assert around(two, 1)["category"].tolist() == [0]
    nodes, edges = layout(two, 0)
    assert nodes["kind"].tolist() == ["centre", "neighbour"]
    assert len(edges) == 1


def test_two_thousand_categories_have_few_edges_and_a_layout_that_stands_apart() -> None:
    n = 2_000
    graph = many(n)
    assert n * 3 / 2 * len(KINDS) <= graph.number_of_edges() <= n * 3 * len(KINDS)
    nodes, edges = layout(graph, 7)
    counts = nodes["kind"].value_counts()
    assert counts["neighbour"] <= 12
    assert counts["further"] <= 2 * counts["neighbour"]
    assert nodes["category"].is_unique
    where = nodes["x"].to_numpy() + 1j * nodes["y"].to_numpy()
    apart = np.abs(where[:, None] - where[None, :])[np.triu_indices(len(where), 1)]
    assert apart.min() > 0.5
    again = layout(many(n), 7)
    assert nodes.equals(again[0])
    assert edges.equals(again[1])
