"""A graph of categories: siblings in the tree, bought by the same people, alike; each edge says why it is there."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pandas as pd

from recsys_core.tables.columns import CATEGORY_SEPARATOR

SAME_PARENT, ALSO_BOUGHT, SIMILAR = KINDS = ("same parent", "also bought", "similar")
SPREAD = 0.35
"""Radians to which a neighbour's own neighbours stand off its direction at most."""


def category_graph(
    names: list[str],
    similarity: np.ndarray,
    shared: np.ndarray,
    lift: np.ndarray,
    nearest: int = 3,
    bought: int = 3,
    least_shared: int = 3,
) -> nx.MultiGraph:
    """Nodes 0 to n - 1 with `name`; edges keyed by kind, with `reason` and the figures behind it.

    similarity: (n, n), -1 to 1, NaN counts as 0. shared: (n, n) customers of both. lift: (n, n) how many times as many
    as by chance, NaN where none are expected. All are symmetric. Each category is linked to the `nearest` most similar
    of its siblings (all would be too many under a broad parent) and of all categories, and to the `bought` of highest
    lift among those that at least `least_shared` customers bought in as well.
    """
    graph = nx.MultiGraph()
    graph.add_nodes_from((position, {"name": name}) for position, name in enumerate(names))
    alike = np.nan_to_num(similarity)
    for parent, members in _siblings(names).items():
        reason = f"Both are kinds of {parent[-1]}"
        among = _without_diagonal(alike[np.ix_(members, members)])
        for one, other in members[_highest(among, nearest)].tolist():
            graph.add_edge(one, other, SAME_PARENT, reason=reason, similarity=float(alike[one, other]))
    proven = np.where((lift > 1) & (shared >= least_shared), lift, -np.inf)
    for one, other in _highest(_without_diagonal(proven), bought).tolist():
        customers, times = int(shared[one, other]), float(lift[one, other])
        graph.add_edge(one, other, ALSO_BOUGHT, reason=_bought_in_both(customers, times), lift=times, shared=customers)
    positive = np.where(alike > 0, alike, -np.inf)
    for one, other in _highest(_without_diagonal(positive), nearest).tolist():
        figure = float(alike[one, other])
        reason = f"What they are about is alike (similarity {figure:.2f})"
        graph.add_edge(one, other, SIMILAR, reason=reason, similarity=figure)
    return graph


def around(graph: nx.MultiGraph, category: int, at_most: int = 12) -> pd.DataFrame:
    """A category's neighbours: category (position), name, kinds, reasons, links (how many edges).

    Those with the most links come first, among them those with the strongest one.
    """
    rows = []
    for other in _neighbours(graph, category)[:at_most]:
        edges = graph[category][other]
        kinds = [kind for kind in KINDS if kind in edges]
        reasons = "; ".join(edges[kind]["reason"] for kind in kinds)
        rows.append((other, graph.nodes[other]["name"], ", ".join(kinds), reasons, len(kinds)))
    return pd.DataFrame(rows, columns=["category", "name", "kinds", "reasons", "links"])


def layout(graph: nx.MultiGraph, category: int, at_most: int = 12) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Where to draw a category, its first neighbours, and up to two further ones of each; and the edges among them,
    but for those between two further ones.

    Nodes: category, name, x, y, kind (centre, neighbour, further). Neighbours stand on a circle of radius 1, clockwise
    from the top, the further ones on one of radius 2 behind the neighbour that brought them, so that nodes stand apart.
    Edges: source, target, kind, reason, x0, y0, x1, y1; one for each kind, source before target.
    """
    neighbours = _neighbours(graph, category)[:at_most]
    placed: dict[int, tuple[float, float, str]] = {category: (0.0, 0.0, "centre")}
    sector = 2 * np.pi / max(len(neighbours), 1)
    angles = np.pi / 2 - sector * np.arange(len(neighbours))
    for neighbour, angle in zip(neighbours, angles, strict=True):
        placed[neighbour] = (float(np.cos(angle)), float(np.sin(angle)), "neighbour")
    off = min(sector / 4, SPREAD)
    for neighbour, angle in zip(neighbours, angles, strict=True):
        further = [other for other in _neighbours(graph, neighbour) if other not in placed][:2]
        for other, turn in zip(further, (off, -off) if len(further) == 2 else (0.0,), strict=False):
            placed[other] = (float(2 * np.cos(angle + turn)), float(2 * np.sin(angle + turn)), "further")
    nodes = pd.DataFrame(
        [(other, graph.nodes[other]["name"], *where) for other, where in placed.items()],
        columns=["category", "name", "x", "y", "kind"],
    )
    # Links between the outermost only hide the others.
    outer = {other for other, (_, _, kind) in placed.items() if kind == "further"}
    among = graph.subgraph(placed).edges(keys=True, data="reason")
    shown = [edge for edge in among if not {edge[0], edge[1]} <= outer]
    edges = pd.DataFrame(
        [
            (one, other, kind, reason, *placed[one][:2], *placed[other][:2])
            for one, other, kind, reason in sorted((min(a, b), max(a, b), kind, reason) for a, b, kind, reason in shown)
        ],
        columns=["source", "target", "kind", "reason", "x0", "y0", "x1", "y1"],
    )
    return nodes, edges


def _siblings(names: list[str]) -> dict[tuple[str, ...], np.ndarray]:
    """Positions of the categories under each parent that has several; those at the top have no parent."""
    below: dict[tuple[str, ...], list[int]] = {}
    for position, name in enumerate(names):
        parent = tuple(part.strip() for part in name.split(CATEGORY_SEPARATOR.strip())[:-1])
        if parent:
            below.setdefault(parent, []).append(position)
    return {parent: np.array(members) for parent, members in below.items() if len(members) > 1}


def _without_diagonal(values: np.ndarray) -> np.ndarray:
    """A copy of (n, n) with -inf where a category meets itself."""
    return np.where(np.eye(len(values), dtype=bool), -np.inf, values)


def _highest(values: np.ndarray, at_most: int) -> np.ndarray:
    """(pairs, 2) row and column of each row's highest values, those of -inf left out; of equal ones the first.

    values: (n, n).
    """
    columns = np.argsort(-values, axis=1, kind="stable")[:, :at_most]
    rows = np.broadcast_to(np.arange(len(values))[:, None], columns.shape)
    there = values[rows, columns] > -np.inf
    return np.column_stack([rows[there], columns[there]])


def _bought_in_both(customers: int, lift: float) -> str:
    times = f"{lift:,.1f}"
    more = "hardly more than by chance" if times == "1.0" else f"{times} times as many as by chance"
    return f"{customers:,} customer{'' if customers == 1 else 's'} bought in both, {more}"


def _neighbours(graph: nx.MultiGraph, category: int) -> list[int]:
    """Those with most links first, then those with the strongest one, then by position."""

    def order(other: int) -> tuple[int, float, int]:
        edges = graph[category][other]
        return -len(edges), -max(_strength(edge) for edge in edges.values()), other

    return sorted(graph[category], key=order)


def _strength(edge: dict[str, Any]) -> float:
    """At most 1. A lift counts as the share of customers that chance doesn't explain, to compare with a similarity."""
    return 1 - 1 / edge["lift"] if "lift" in edge else edge["similarity"]
