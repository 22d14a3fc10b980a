"""What is known of a catalog's categories, at each level of their paths: profiles, similarities, groups, places on a map.

Made once for a version of the catalog, kept as an artefact, and read by whoever shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recsys_core.artefacts import load_arrays, load_frame, save_arrays
from recsys_core.categories.groups import Groups
from recsys_core.categories.levels import Categories, depth
from recsys_core.categories.similarity import VIEWS, CrossPurchases, View, by_meaning, combined, lift_of
from recsys_core.content.unit_rows import unit_rows, unit_sparse_rows
from recsys_core.content.words import WordCounts, readable
from recsys_core.dataset import Dataset
from recsys_core.errors import NotThere
from recsys_core.run_context import RunContext
from recsys_core.tables.columns import PRODUCT

WORDS = 30
"""So many words, at most, are kept of each category."""
DIMENSIONS = 64
"""Of the vectors by which categories are grouped and laid out."""
SHOWN = 5000
"""So many products, at most, have a place on the map: each category's best sellers first."""


@dataclass(frozen=True)
class Level:
    """The categories at one level. Matrices are (n, n), in the order of `names`."""

    names: list[str]
    profiles: pd.DataFrame
    """A row a category: products, customers, sales (pairs of customer and product), price_low, price, price_high (quartiles)."""
    similarity: dict[str, np.ndarray]
    """View → float32, -1 to 1; without a view that couldn't be computed."""
    shared: np.ndarray
    """float32 customers who bought in both; on the diagonal, in the one."""
    customers: int
    groups: Groups
    points: dict[str, np.ndarray]
    """Layout ("pca", "tsne") → (n, 2) float32."""
    without: dict[str, str]
    """View that couldn't be computed → why."""
    words: pd.DataFrame
    """What tells each category from others: category (position), word, weight (0 to 1), heaviest first."""

    @cached_property
    def lift(self) -> np.ndarray:
        """See `lift_of`."""
        return lift_of(self.shared, self.customers)


@dataclass(frozen=True)
class Atlas:
    levels: dict[int, Level]
    """Number of path parts that tell categories apart → these; only levels that differ from the one before."""
    products: pd.DataFrame
    """The products on the map: product_id, position in the catalog, buyers, and pca_x, pca_y, tsne_x, tsne_y."""
    text: str
    """What read the texts."""
    share: float | None
    """How much of a likeness by meaning is the pretrained encoder's; None: it isn't in it."""

    @classmethod
    def of(
        cls,
        catalog: Dataset,
        vectors: sp.csr_matrix | np.ndarray | None = None,
        *,
        text: str = "words",
        share: float | None = None,
        run: RunContext,
    ) -> Atlas:
        """vectors: (n_products, dimensions) content by any encoder; None: TF-IDF of words. Raises NotThere without categories."""
        deepest = depth(catalog.products)
        run.progress("Comparing categories", 0, deepest + 1)
        counted = WordCounts.of(catalog.products.drop(columns="category", errors="ignore"))
        words = counted.tfidf()
        vectors = words if vectors is None else vectors
        dense = _reduced(vectors, run.seed)
        buyers = np.bincount(catalog.weights.indices, minlength=len(catalog.product_ids))
        leaves = Categories.of(catalog.products)
        shown = _shown(leaves.of_product, buyers)
        run.progress("Laying out the map", 0, 1)
        layouts = {"pca": _pca(dense, leaves), "tsne": _tsne(dense, shown, run.seed)}
        levels: dict[int, Level] = {}
        for number in range(1, deepest + 1):
            run.progress("Comparing categories", number, deepest + 1)
            categories = Categories.of(catalog.products, number)
            if not levels or categories.names != next(reversed(levels.values())).names:
                told = _words(words, counted.vocabulary, categories)
                levels[number] = _level(catalog, categories, vectors, dense, layouts, told, run)
        places = {
            f"{name}_{axis}": points[shown, at] for name, points in layouts.items() for at, axis in enumerate("xy")
        }
        products = pd.DataFrame(
            {PRODUCT: catalog.product_ids.to_numpy()[shown], "position": shown, "buyers": buyers[shown]} | places
        )
        return cls(levels, products, text, share)

    def save(self, folder: Path) -> None:
        arrays: dict[str, np.ndarray] = {}
        frames = {"products": self.products}
        for number, level in self.levels.items():
            arrays |= {f"{number}.similarity.{view}": matrix for view, matrix in level.similarity.items()}
            arrays |= {f"{number}.points.{layout}": points for layout, points in level.points.items()}
            arrays |= {f"{number}.shared": level.shared, f"{number}.groups": level.groups.labels}
            frames |= {f"profiles-{number}": level.profiles, f"words-{number}": level.words}
        settings = {
            "text": self.text,
            "share": self.share,
            "levels": {
                str(number): {
                    "names": level.names,
                    "customers": level.customers,
                    "suggested": level.groups.suggested,
                    "without": level.without,
                }
                for number, level in self.levels.items()
            },
        }
        save_arrays(folder, arrays, settings, frames)

    @classmethod
    def load(cls, folder: Path) -> Atlas:
        """Raises DamagedArtefact if the folder isn't what `save` wrote."""
        arrays, settings = load_arrays(folder)

        def under(prefix: str) -> dict[str, np.ndarray]:
            return {name[len(prefix) :]: array for name, array in arrays.items() if name.startswith(prefix)}

        def level(number: str, said: dict[str, Any]) -> Level:
            return Level(
                names=said["names"],
                profiles=load_frame(folder, f"profiles-{number}"),
                similarity=under(f"{number}.similarity."),
                shared=arrays[f"{number}.shared"],
                customers=said["customers"],
                groups=Groups(arrays[f"{number}.groups"], said["suggested"]),
                points=under(f"{number}.points."),
                without=said["without"],
                words=load_frame(folder, f"words-{number}"),
            )

        levels = {int(number): level(number, said) for number, said in settings["levels"].items()}
        return cls(dict(sorted(levels.items())), load_frame(folder, "products"), settings["text"], settings["share"])


def _level(
    catalog: Dataset,
    categories: Categories,
    vectors: sp.csr_matrix | np.ndarray,
    dense: np.ndarray,
    layouts: dict[str, np.ndarray],
    words: pd.DataFrame,
    run: RunContext,
) -> Level:
    purchases = CrossPurchases.of(catalog.weights, categories)
    similarity = {"meaning": by_meaning(vectors, categories), "customers": purchases.similarity()}
    run.check()
    without: dict[str, str] = {}
    view: View = VIEWS[-1]
    try:
        similarity[view] = combined(purchases, similarity["meaning"], categories.kinship(), run.seed)
    except NotThere as error:
        without[view] = str(error)
    return Level(
        names=categories.names,
        profiles=_profiles(catalog, categories, purchases),
        similarity=similarity,
        shared=purchases.shared,
        customers=purchases.customers,
        groups=Groups.of(unit_rows(_means(dense, categories)), run=run),
        points={name: _means(points, categories) for name, points in layouts.items()},
        without=without,
        words=words,
    )


def _profiles(catalog: Dataset, categories: Categories, purchases: CrossPurchases) -> pd.DataFrame:
    known = categories.of_product >= 0
    at, n = categories.of_product[known], len(categories.names)
    sales = np.bincount(catalog.weights.indices, minlength=len(known))[known]
    profiles = pd.DataFrame(
        {
            "products": np.bincount(at, minlength=n),
            "customers": purchases.shared.diagonal().astype(int),
            "sales": np.bincount(at, weights=sales, minlength=n).astype(int),
        }
    )
    prices = catalog.products["price"] if "price" in catalog.products else pd.Series(np.nan, catalog.products.index)
    quartiles = prices.to_numpy(dtype=np.float64, na_value=np.nan)[known]
    grouped = pd.Series(quartiles).groupby(at)
    named = {"price_low": 0.25, "price": 0.5, "price_high": 0.75}
    return profiles.assign(**{name: grouped.quantile(share).reindex(range(n)) for name, share in named.items()})


def _words(words: sp.csr_matrix, vocabulary: list[str], categories: Categories) -> pd.DataFrame:
    """The WORDS heaviest words of each category's summed TF-IDF that say something to a person."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    telling = [not word.isascii() or (len(word) > 2 and word not in ENGLISH_STOP_WORDS) for word in vocabulary]
    words = (words @ sp.diags(np.array(telling, dtype=np.float32))).tocsr()
    words.eliminate_zeros()
    summed = unit_sparse_rows((categories.membership.T @ words).tocsr())
    row = np.repeat(np.arange(summed.shape[0]), np.diff(summed.indptr))
    order = np.lexsort([-summed.data, row])
    place = np.arange(len(order)) - summed.indptr[row[order]]
    order = order[place < WORDS]
    return pd.DataFrame(
        {
            "category": row[order],
            "word": pd.Series([readable(vocabulary[at]) for at in summed.indices[order]], dtype="str"),
            "weight": summed.data[order],
        }
    )


def _means(rows: np.ndarray, categories: Categories) -> np.ndarray:
    """(n_categories, dimensions) float32 of those products of each that have a row; 0 where none has."""
    there = np.isfinite(rows).all(axis=1)
    members = categories.membership.T.tocsr() @ sp.diags(there.astype(np.float32))
    sizes = np.asarray(members.sum(axis=1)).ravel()
    means: np.ndarray = members @ np.where(there[:, None], rows, 0) / np.maximum(sizes, 1)[:, None]
    return means.astype(np.float32)


def _reduced(vectors: sp.csr_matrix | np.ndarray, seed: int) -> np.ndarray:
    """(n_products, at most DIMENSIONS) float32 less their mean: the first singular directions of the content."""
    from sklearn.utils.extmath import randomized_svd

    size = min(DIMENSIONS, min(vectors.shape) - 1)
    if size < 1:
        return np.zeros((vectors.shape[0], 1), dtype=np.float32)
    left, lengths, _ = randomized_svd(vectors, size, n_iter=3, random_state=seed)
    dense = left * lengths
    return np.asarray(dense - dense.mean(axis=0), dtype=np.float32)


def _pca(dense: np.ndarray, categories: Categories) -> np.ndarray:
    """(n_products, 2): along the two directions in which the means of the categories differ most."""
    means = _means(dense, categories)
    axes = np.linalg.svd(means - means.mean(axis=0), full_matrices=False)[2][:2]
    points = dense @ axes.T
    return np.pad(points, ((0, 0), (0, 2 - points.shape[1]))).astype(np.float32)


def _tsne(dense: np.ndarray, shown: np.ndarray, seed: int) -> np.ndarray:
    """(n_products, 2) by t-SNE (van der Maaten and Hinton 2008) of the products that are shown; NaN for the others."""
    from sklearn.manifold import TSNE

    points = np.full((len(dense), 2), np.nan, dtype=np.float32)
    # Where all products say the same there is nothing to lay out.
    points[shown] = 0
    if len(shown) > 3 and np.ptp(dense[shown], axis=0).max() > 1e-6:
        near = min(30.0, (len(shown) - 1) / 3)
        start = "pca" if dense.shape[1] > 1 else "random"
        points[shown] = TSNE(perplexity=near, init=start, random_state=seed).fit_transform(dense[shown])
    return points


def _shown(of_product: np.ndarray, buyers: np.ndarray) -> np.ndarray:
    """Positions of at most SHOWN products: every category's best seller, every one's second, and so on."""
    order = np.lexsort([-buyers, of_product])
    order = order[of_product[order] >= 0]
    category = of_product[order]
    first = np.searchsorted(category, category)
    place = np.arange(len(order)) - first
    return np.sort(order[np.argsort(place, kind="stable")][:SHOWN])
