"""The pictures of the Categories page: heatmap, tree, map and graph, each with its numbers as a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import streamlit as st

from recsys_core.categories.graph import around, category_graph, layout
from recsys_core.categories.tree import leaf_order, linkage_of
from recsys_core.charts.category_figures import dendrogram_figure, graph_figure, heatmap_figure, map_figure
from recsys_core.tables.columns import PRODUCT
from recsys_core.ui.catalog_view import counts
from recsys_core.ui.category_choice import Chosen, category_of_products, choose_category
from recsys_core.ui.category_pair import pair
from recsys_core.ui.launch_choice import linked_choice
from recsys_core.ui.numbers import counted
from recsys_core.ui.picture_files import clicked, file_row, picture
from recsys_core.ui.plain import for_html

MOST_IN_HEATMAP = 100
LAYOUTS = {"pca": "PCA (far apart means different)", "tsne": "t-SNE (close together means alike)"}
HEADINGS: dict[str, Any] = {
    "category": "Category",
    "title": st.column_config.TextColumn("Title", width="large"),
    **{
        name: st.column_config.NumberColumn(name.capitalize(), format="localized")
        for name in ("products", "customers", "sales", "buyers")
    },
    "price": st.column_config.NumberColumn("Usual price", format="%.2f"),
}


def heatmap(chosen: Chosen) -> None:
    """All pairs, ordered by the tree; a click shows the pair below."""
    shown = _part(chosen)
    order = shown[leaf_order(linkage_of(chosen.similarity[np.ix_(shown, shown)]), len(shown))]
    figure = heatmap_figure(chosen.similarity[np.ix_(order, order)], [chosen.label(at) for at in order])
    kind = _file_row(chosen, "similarity", lambda: _pairs(chosen, order))
    event = st.plotly_chart(
        figure,
        config=_picture(chosen, "heatmap", kind),
        on_select="rerun",
        selection_mode="points",
        key=f"heatmap-{chosen.atlas_id}-{chosen.number}-{chosen.view}-{hash(tuple(order))}",
        alt="How alike every two categories are, ordered so that like ones stand together.",
    )
    cells = clicked(event)
    if cells:
        row, column = (int(order[int(at)]) for at in cells[0][:2])
        pair(chosen, row, column)
    else:
        nearest = _nearest(chosen)
        st.caption(
            "Click a cell to see what the two share. Below: the chosen category and the one that is most like it."
        )
        if nearest is not None:
            pair(chosen, chosen.category, nearest)


def tree(chosen: Chosen) -> None:
    """Which categories join first."""
    n = len(chosen.level.names)
    if n < 2:
        st.info("A tree takes two categories; this level has one.")
        return
    kind = _file_row(chosen, "tree", lambda: _merges(chosen))
    st.plotly_chart(
        dendrogram_figure(linkage_of(chosen.similarity), [chosen.label(at) for at in range(n)]),
        config=_picture(chosen, "tree", kind),
        key="dendrogram",
        alt="The tree of categories: like ones join further left.",
    )
    st.caption("Like categories join further left (average linkage: by the mean likeness of all pairs).")


def category_map(chosen: Chosen) -> None:
    """Categories and products in two dimensions; a lasso lists what is inside."""
    left, right = st.columns([1.3, 2], vertical_alignment="bottom")
    with left:
        name = linked_choice("Layout", list(LAYOUTS), LAYOUTS.__getitem__, "layout")
    groups = chosen.level.groups
    most = len(groups.labels) + 1
    number = groups.suggested
    if most > 2:
        number = right.slider(
            "Groups",
            2,
            most,
            groups.suggested,
            key=f"groups-{chosen.number}",
            help=f"k-means on what the categories' products say. {groups.suggested} is suggested: there the groups "
            "are furthest apart beside their size (silhouette).",
        )
    categories, products = _placed(chosen, name, groups.into(number))
    kind = _file_row(chosen, "map", lambda: categories.drop(columns="label"))
    event = st.plotly_chart(
        map_figure(categories, products),
        config=_picture(chosen, "map", kind),
        on_select="rerun",
        selection_mode=("points", "box", "lasso"),
        key=f"map-{chosen.atlas_id}-{chosen.number}-{name}-{number}",
        alt="Categories and products in two dimensions, by what they say.",
    )
    picked = clicked(event)
    if not picked:
        st.caption("Large points are categories, by sales; small ones products. Draw a lasso around some to list them.")
        return
    inside = [int(at) for kind_, at in picked if kind_ == "category"]
    titles = [int(at) for kind_, at in picked if kind_ == "product"]
    if inside:
        st.markdown(f"**{counted(len(inside), 'category', 'categories')}**")
        st.dataframe(
            _profiles(chosen, inside),
            hide_index=True,
            column_config=HEADINGS,
            key="picked-categories",
            alt="Categories inside.",
        )
    if titles:
        st.markdown(f"**{counted(len(titles), 'product')}**")
        rows = products.set_index("position").loc[titles, ["title", "buyers"]]
        st.dataframe(rows, hide_index=True, column_config=HEADINGS, key="picked", alt="Products inside.")


def graph(chosen: Chosen) -> None:
    """One category with its neighbours; a click goes on to one of them."""
    level = chosen.level
    everything = _graph(chosen.atlas_id, chosen.number, chosen.view, chosen)
    near = around(everything, chosen.category)
    if near.empty:
        st.info("Nothing is known that links this category to another one.")
        return
    nodes, edges = layout(everything, chosen.category)
    nodes = nodes.assign(
        label=[chosen.label(at, 60) for at in nodes["category"]],
        size=np.sqrt(level.profiles["sales"].to_numpy()[nodes["category"]] + 1.0),
    )
    kind = _file_row(chosen, "neighbours", lambda: near.drop(columns="category"))
    event = st.plotly_chart(
        graph_figure(nodes, edges.assign(reason=[for_html(reason, 200) for reason in edges["reason"]])),
        config=_picture(chosen, "graph", kind),
        on_select="rerun",
        selection_mode="points",
        key=f"graph-{chosen.number}-{chosen.view}-{chosen.category}",
        alt="The category with its neighbours and theirs.",
    )
    for node in clicked(event)[:1]:
        choose_category(chosen, int(node[0]))
    st.caption("Click a category to go on from there.")
    rows = st.dataframe(
        near[["name", "kinds", "reasons"]],
        hide_index=True,
        column_config={
            "name": st.column_config.TextColumn("Neighbour", width="medium"),
            "kinds": st.column_config.TextColumn("Linked by"),
            "reasons": st.column_config.TextColumn("Why", width="large"),
        },
        on_select="rerun",
        selection_mode="single-row",
        key=f"near-{chosen.number}-{chosen.view}-{chosen.category}",
        alt="The neighbours of the category with the reason for each link.",
    )
    for row in rows.selection.rows:
        choose_category(chosen, int(near["category"].iloc[row]))


@st.cache_resource(max_entries=4, show_spinner=False)
def _graph(atlas_id: str, number: int, view: str, _chosen: Chosen) -> nx.MultiGraph:
    level = _chosen.level
    return category_graph(level.names, _chosen.similarity, level.shared, level.lift)


def _part(chosen: Chosen) -> np.ndarray:
    """Positions in the heatmap: all, or where these are too many to read, the largest or those like the chosen one."""
    n = len(chosen.level.names)
    if n <= MOST_IN_HEATMAP:
        return np.arange(n)
    largest, like = f"The {MOST_IN_HEATMAP} that sell most", f"The {MOST_IN_HEATMAP} most like the chosen one"
    how = st.segmented_control(
        f"Of {n:,} categories", [largest, like], default=largest, required=True, key="heatmap-part", width="content"
    )
    merit = chosen.level.profiles["sales"].to_numpy().astype(float)
    if how == like:
        merit = chosen.similarity[chosen.category].astype(float)
        merit[chosen.category] = np.inf
    return np.sort(np.argsort(-merit, kind="stable")[:MOST_IN_HEATMAP])


def _placed(chosen: Chosen, name: str, group: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    level, products = chosen.level, chosen.atlas.products
    points = level.points[name]
    categories = pd.DataFrame(
        {
            "category": np.arange(len(level.names)),
            "name": level.names,
            "label": [chosen.label(at) for at in range(len(level.names))],
            "x": points[:, 0],
            "y": points[:, 1],
            "group": group,
            "sales": level.profiles["sales"],
        }
    )
    known = counts(chosen.version.id).products.set_index(PRODUCT)
    title = known["title"] if "title" in known else pd.Series(known.index, known.index)
    titles = title.reindex(products[PRODUCT]).fillna("").to_numpy()
    category = category_of_products(chosen.version.id, chosen.number)[products[PRODUCT]].to_numpy()
    rows = pd.DataFrame(
        {
            "position": np.arange(len(products)),
            "title": titles,
            "label": [for_html(text, 120) for text in titles],
            "x": products[f"{name}_x"],
            "y": products[f"{name}_y"],
            "buyers": products["buyers"],
            "group": group[category],
        }
    )
    return categories, rows


def _profiles(chosen: Chosen, inside: list[int]) -> pd.DataFrame:
    rows = chosen.level.profiles.iloc[inside][["products", "customers", "sales", "price"]]
    return rows.assign(category=[chosen.level.names[at] for at in inside])[["category", *rows.columns]]


def _pairs(chosen: Chosen, order: np.ndarray) -> pd.DataFrame:
    row, column = np.nonzero(~np.eye(len(order), dtype=bool))
    first, second = order[row], order[column]
    names = np.array(chosen.level.names, dtype=object)
    frame = pd.DataFrame({"category": names[first], "other": names[second]})
    for view in sorted(chosen.level.similarity):
        frame[view] = chosen.level.similarity[view][first, second].round(4)
    frame["shared_customers"] = chosen.level.shared[first, second].astype(int)
    frame["lift"] = chosen.level.lift[first, second].round(3)
    return frame


def _merges(chosen: Chosen) -> pd.DataFrame:
    joined = linkage_of(chosen.similarity)
    n = len(chosen.level.names)
    names = [*chosen.level.names, *(f"join {number + 1}" for number in range(len(joined)))]
    return pd.DataFrame(
        {
            "join": names[n:],
            "first": [names[int(at)] for at in joined[:, 0]],
            "second": [names[int(at)] for at in joined[:, 1]],
            "similarity": (1 - joined[:, 2]).round(4),
            "categories": joined[:, 3].astype(int),
        }
    )


def _nearest(chosen: Chosen) -> int | None:
    row = chosen.similarity[chosen.category].astype(float)
    row[chosen.category] = -np.inf
    return int(row.argmax()) if len(row) > 1 else None


def _file_row(chosen: Chosen, what: str, make: Callable[[], pd.DataFrame]) -> str:
    return file_row(_name(chosen, what), what, make)


def _picture(chosen: Chosen, what: str, kind: str) -> dict[str, Any]:
    return picture(_name(chosen, what), kind)


def _name(chosen: Chosen, what: str) -> str:
    return f"categories-{what}-level-{chosen.number}-{chosen.view}"
