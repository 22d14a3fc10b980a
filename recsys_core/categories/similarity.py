"""How alike categories are: by what their products say, by who buys in both, and by both together."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recsys_core.categories.levels import Categories
from recsys_core.content.words import WordCounts
from recsys_core.dataset import Dataset
from recsys_core.errors import InvalidSetting, NotThere
from recsys_core.models.co_purchases import ones
from recsys_core.run_context import RunContext

View = Literal["meaning", "customers", "combined"]
VIEWS: tuple[View, ...] = get_args(View)
DOUBT = 5.0
"""So many customers are added to those who buy in both categories and to those expected: a few alone prove nothing."""
MIN_PAIRS = 10
"""With fewer pairs of categories nothing can be learned about what goes together."""
PENALTY = 1.0
ROUNDING = 1e-9
"""A squared length below this is what rounding leaves of nothing."""


def by_meaning(vectors: np.ndarray | sp.csr_matrix, categories: Categories) -> np.ndarray:
    """(n, n) float32, -1 to 1: the cosine of two categories' mean content vectors, each less the mean of all products.

    Without that, what the whole shop has in common makes all categories alike, above all by a pretrained encoder.
    vectors: (n_products, dimensions) float32, rows of length 1 or 0. A category like the whole shop has 0 throughout.
    """
    known = categories.of_product >= 0
    sizes = np.bincount(categories.of_product[known], minlength=len(categories.names))
    profiles = sp.diags(1 / sizes) @ categories.membership.T.astype(np.float64) @ vectors
    mean = np.asarray(vectors[known].mean(axis=0), dtype=np.float64).ravel()
    # Multiplied out, so that sparse vectors stay sparse.
    products = profiles @ profiles.T
    towards = np.asarray(profiles @ mean)
    centred = np.asarray(products.toarray() if sp.issparse(products) else products)
    centred = centred - towards[:, None] - towards[None, :] + mean @ mean
    squares = centred.diagonal()
    length = np.sqrt(np.where(squares > ROUNDING, squares, np.inf))
    return np.clip(centred / length[:, None] / length[None, :], -1, 1).astype(np.float32)


def expected_of(shared: np.ndarray, customers: int) -> np.ndarray:
    """(n, n) customers of both categories if the two had nothing to do with each other; shared: (n, n) of both, or of the one."""
    buyers = shared.diagonal()
    return np.outer(buyers, buyers) / max(customers, 1)


def lift_of(shared: np.ndarray, customers: int) -> np.ndarray:
    """(n, n) how many times as many customers of both as expected; NaN where none are expected."""
    expected = expected_of(shared, customers)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(expected > 0, shared / expected, np.nan)


class CrossPurchases:
    """Who buys in two categories, beside how many would by chance."""

    def __init__(self, bought: sp.csr_matrix):
        """bought: (n_customers, n), 1 for each category that a customer bought in."""
        self.bought = bought
        self.shared: np.ndarray = (bought.T @ bought).toarray()
        """(n, n) float32: customers of both; on the diagonal of the one."""
        self.customers = bought.shape[0]
        self.expected = expected_of(self.shared, self.customers)
        """(n, n): customers of both if the two had nothing to do with each other."""

    @classmethod
    def of(cls, weights: sp.csr_matrix, categories: Categories) -> CrossPurchases:
        """weights: (n_customers, n_products), above 0 for what a customer bought."""
        return cls(ones((weights @ categories.membership).tocsr()))

    def lift(self) -> np.ndarray:
        """See `lift_of`."""
        return lift_of(self.shared, self.customers)

    def similarity(self) -> np.ndarray:
        """(n, n) float32, -1 to 1: normalised pointwise mutual information (Bouma 2009), small numbers pulled towards 0.

        0: as many buy in both as would by chance, however big the two are.
        """
        information = np.log((self.shared + DOUBT) / (self.expected + DOUBT))
        most = -np.log((self.shared + DOUBT) / (self.customers + 2 * DOUBT))
        similarity = np.clip(information / most, -1, 1).astype(np.float32)
        np.fill_diagonal(similarity, 1)
        return similarity


def combined(purchases: CrossPurchases, meaning: np.ndarray, kinship: np.ndarray, seed: int) -> np.ndarray:
    """(n, n) float32: what meaning, kinship in the tree and known purchases say of purchases across two categories.

    Learned on the catalog: the weights are those by which the three, seen in one half of the customers, best tell the
    similarity by customers of the other half (ridge regression, each half once). Raises NotThere where there are too
    few categories or no sales to learn from.
    """
    upper = np.triu_indices(len(meaning), 1)
    if len(upper[0]) < MIN_PAIRS or not purchases.bought.nnz:
        raise NotThere(
            f"To learn which categories are bought together takes sales and at least {MIN_PAIRS} pairs of categories; "
            f"there are {len(upper[0]):,}. Compare by meaning, or at a deeper level."
        )
    first = np.random.default_rng(seed).random(purchases.customers) < 0.5
    halves = [CrossPurchases(purchases.bought[half]) for half in (first, ~first)]
    seen = [half.similarity() for half in halves]
    features = np.concatenate([_features(meaning, kinship, half)[upper] for half in seen])
    target = np.concatenate([other[upper] for other in reversed(seen)])
    # Where more customers are expected the other half's figure is surer.
    sure = np.sqrt(np.concatenate([half.expected[upper] for half in reversed(halves)]) + 1 / DOUBT)
    scaled = features * sure[:, None]
    learned = np.linalg.solve(
        scaled.T @ scaled + PENALTY * np.diag([0.0, 1, 1, 1]), scaled.T @ (target * sure).astype(np.float64)
    )
    similarity = np.clip(_features(meaning, kinship, purchases.similarity()) @ learned, -1, 1).astype(np.float32)
    np.fill_diagonal(similarity, 1)
    return similarity


def _features(meaning: np.ndarray, kinship: np.ndarray, customers: np.ndarray) -> np.ndarray:
    """(n, n, 4)."""
    return np.stack([np.ones_like(meaning), meaning, kinship, customers], axis=-1).astype(np.float64)


def product_words(products: pd.DataFrame) -> sp.csr_matrix:
    """(n_products, n_words) float32 TF-IDF of all that products say but their category, which is what's compared."""
    return WordCounts.of(products.drop(columns="category", errors="ignore")).tfidf()


def similarity_table(
    catalog: Dataset,
    level: int | None = None,
    by: View = "combined",
    vectors: np.ndarray | sp.csr_matrix | None = None,
    *,
    run: RunContext,
) -> pd.DataFrame:
    """Every ordered pair of categories: category, other, similarity, shared_customers, lift; the most alike first.

    vectors: (n_products, dimensions) content by any encoder; None: TF-IDF of words. Lift is NaN where a category has no
    customer. Raises InvalidSetting, NotThere.
    """
    if by not in VIEWS:
        raise InvalidSetting(f"Categories can't be compared by “{by}”. Choose one of: {', '.join(VIEWS)}.")
    categories = Categories.of(catalog.products, level)
    run.check()
    purchases = CrossPurchases.of(catalog.weights, categories)
    if by == "customers":
        similarity = purchases.similarity()
    else:
        similarity = by_meaning(product_words(catalog.products) if vectors is None else vectors, categories)
        run.check()
        if by == "combined":
            similarity = combined(purchases, similarity, categories.kinship(), run.seed)
    row, column = np.nonzero(~np.eye(len(categories.names), dtype=bool))
    order = np.lexsort([-similarity[row, column], row])
    row, column = row[order], column[order]
    names = np.array(categories.names, dtype=object)
    return pd.DataFrame(
        {
            "category": names[row],
            "other": names[column],
            "similarity": similarity[row, column],
            "shared_customers": purchases.shared[row, column].astype(np.int64),
            "lift": purchases.lift()[row, column],
        }
    )
