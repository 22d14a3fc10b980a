"""The likeliest categories of a product, and what speaks for each: scores, the tree, brands, nearest products, names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recsys_core.categories.levels import parents
from recsys_core.categories.title_features import READ, first_phrase, spellings
from recsys_core.content.encoder import Encoder
from recsys_core.content.product_text import text_of, titles_of
from recsys_core.content.unit_rows import unit_sparse_rows
from recsys_core.run_context import RunContext
from recsys_core.tables.columns import CATEGORY_SEPARATOR

AT_MOST = 12
"""Candidates of a product; on a public shop 94 % of the products' own categories are among them."""
NEAR = 60
"""So many nearest products vote."""
SHARPNESS = 4
"""Their votes weigh as much as their cosine to this power."""
BRAND_PRIOR = 2.0
"""Products of a brand that the shop's mean stands for."""
BLOCK = 1024


@dataclass(frozen=True)
class Candidates:
    category: np.ndarray
    """(n, k) position, likeliest first."""
    features: np.ndarray
    """(n, k, n_features) float32."""

    def take(self, rows: np.ndarray) -> Candidates:
        return Candidates(self.category[rows], self.features[rows])

    @staticmethod
    def joined(parts: list[Candidates]) -> Candidates:
        return Candidates(
            np.concatenate([part.category for part in parts]), np.concatenate([part.features for part in parts])
        )


class Evidence:
    """What can speak for a product's being in a category, of products known and new."""

    def __init__(
        self,
        names: list[str],
        products: pd.DataFrame,
        sentences: np.ndarray | None,
        meaning: np.ndarray,
        encoder: Encoder | None,
        run: RunContext,
    ):
        """names: the categories' paths; sentences: (n_products, dimensions) what `encoder` made of the products; meaning:
        (n_products, dimensions) other vectors of them; rows of length 1 or 0."""
        self.names = names
        self.spaces = [meaning] if sentences is None else [sentences, meaning]
        above = parents(names)
        self.group = pd.factorize(pd.Series(above))[0]
        """(n_categories,) those with the same parent have the same number."""
        self.parent = pd.Index(names).get_indexer(pd.Index(above))
        """(n_categories,) position of the parent; -1: it isn't a category of its own."""
        self.depth = np.array([name.count(CATEGORY_SEPARATOR) for name in names])
        brands = products["brand"].map(text_of) if "brand" in products else pd.Series("", products.index)
        self.brand = pd.factorize(brands.replace("", None))[0]
        """(n_products,) number of the brand; -1: none."""
        self.texts = _by_spelling(names, products)
        """(n_products, dimensions) of products and (n_categories, dimensions) of the categories' names, rows of length 1 or 0."""
        if sentences is not None and encoder is not None:
            self.texts += _by_meaning(names, sentences, encoder, run)

    def candidates(
        self,
        rows: np.ndarray,
        margins: np.ndarray,
        log_chances: np.ndarray,
        learned: np.ndarray,
        of_learned: np.ndarray,
        *,
        run: RunContext,
    ) -> Candidates:
        """Of the products `rows` (n,), by what was learned on others. Raises Cancelled.

        margins, log_chances: (n, n_categories) of two models; learned: (m,) products, of_learned: (m,) their categories.
        """
        if len(rows) > BLOCK:
            # All products × categories at once would take several times the memory of the scores.
            blocks = [slice(start, start + BLOCK) for start in range(0, len(rows), BLOCK)]
            return Candidates.joined(
                [
                    self.candidates(rows[some], margins[some], log_chances[some], learned, of_learned, run=run)
                    for some in blocks
                ]
            )
        run.check()
        scores = margins + log_chances
        category = np.argsort(-scores, axis=1, kind="stable")[:, :AT_MOST]
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        count = np.bincount(of_learned, minlength=len(self.names))
        features = [
            *(np.take_along_axis(said, category, axis=1) for said in (margins, log_chances, scores, chances)),
            np.tile(np.arange(category.shape[1]), (len(rows), 1)),
            np.log1p(count)[category],
            *self._by_tree(category, chances),
            *self._by_brand(rows, category, learned, of_learned, count),
        ]
        votes = [vote for space in self.spaces for vote in _votes(space, rows, category, learned, of_learned)]
        for ours, theirs in self.texts:
            votes.append(np.take_along_axis(dense(ours[rows] @ theirs.T), category, axis=1))
        best = [vote - vote.max(axis=1, keepdims=True) for vote in [features[2], *votes]]
        return Candidates(category, np.stack([*features, *votes, *best], axis=2).astype(np.float32))

    def _by_tree(self, category: np.ndarray, chances: np.ndarray) -> Iterator[np.ndarray]:
        first, parent, n = category[:, :1], self.parent, len(self.names)
        yield parent[category] == first
        yield category == parent[first]
        yield self.group[category] == self.group[first]
        in_group = chances @ sp.csr_matrix((np.ones(n), (np.arange(n), self.group)))
        yield in_group[np.arange(len(category))[:, None], self.group[category]]
        children = np.flatnonzero(parent >= 0)
        below = sp.csr_matrix((np.ones(len(children)), (children, parent[children])), (n, n))
        yield np.take_along_axis(chances @ below, category, axis=1)
        above = np.take_along_axis(chances, np.maximum(parent[category], 0), axis=1)
        yield np.where(parent[category] >= 0, above, 0)
        yield self.depth[category]

    def _by_brand(
        self, rows: np.ndarray, category: np.ndarray, learned: np.ndarray, of_learned: np.ndarray, count: np.ndarray
    ) -> Iterator[np.ndarray]:
        n_brands = int(self.brand.max(initial=-1)) + 1
        branded = self.brand[learned] >= 0
        where = (self.brand[learned][branded], of_learned[branded])
        # A last row for products without a brand.
        sold = sp.csr_matrix((np.ones(branded.sum()), where), (n_brands + 1, len(self.names)))
        brand = np.where(self.brand[rows] >= 0, self.brand[rows], n_brands)
        total = np.asarray(sold.sum(axis=1)).ravel()[brand, None]
        here = np.take_along_axis(sold[brand].toarray(), category, axis=1)
        usual = ((count + 0.5) / len(learned))[category]
        yield here
        yield np.broadcast_to(total, category.shape)
        yield np.log((here + BRAND_PRIOR * usual) / (total + BRAND_PRIOR) / usual)


def _votes(
    space: np.ndarray, rows: np.ndarray, category: np.ndarray, learned: np.ndarray, of_learned: np.ndarray
) -> list[np.ndarray]:
    """For each candidate the likeness of the nearest learned product in it, the votes of all near ones, and their share."""
    likeness = space[rows] @ space[learned].T
    near = min(NEAR, len(learned))
    best = np.argpartition(-likeness, near - 1, axis=1)[:, :near]
    cosine, there = np.maximum(np.take_along_axis(likeness, best, axis=1), 0), of_learned[best]
    nearest, votes = np.zeros((2, *category.shape), dtype=np.float32)
    for at in range(category.shape[1]):
        alike = np.where(there == category[:, at, None], cosine, 0)
        nearest[:, at], votes[:, at] = alike.max(axis=1), (alike**SHARPNESS).sum(axis=1)
    return [nearest, votes, votes / np.maximum(votes.sum(axis=1, keepdims=True), 1e-6)]


def _by_spelling(names: list[str], products: pd.DataFrame) -> list[tuple[sp.csr_matrix, sp.csr_matrix]]:
    """Titles beside names and whole paths, and the titles' first phrases beside names."""
    titles = [title[:READ] for title in titles_of(products)]
    parts = [name.split(CATEGORY_SEPARATOR) for name in names]
    texts = [
        titles,
        [first_phrase(title) for title in titles],
        [path[-1] for path in parts],
        [" ".join(path) for path in parts],
    ]
    spelled = unit_sparse_rows(spellings([text for some in texts for text in some]))
    n, n_names = len(titles), len(names)
    whole, phrases, last, paths = (
        spelled[at : at + size] for at, size in ((0, n), (n, n), (2 * n, n_names), (2 * n + n_names, n_names))
    )
    return [(whole, last), (whole, paths), (phrases, last)]


def _by_meaning(
    names: list[str], sentences: np.ndarray, encoder: Encoder, run: RunContext
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Products beside names alone and with what stands above them, as the encoder reads them."""
    ends = [[" ".join(name.split(CATEGORY_SEPARATOR)[-parts:]) for name in names] for parts in (1, 2)]
    return [(sentences, dense(encoder.encode(pd.DataFrame({"title": texts}), run=run))) for texts in ends]


def dense(vectors: np.ndarray | sp.csr_matrix) -> np.ndarray:
    return vectors if isinstance(vectors, np.ndarray) else vectors.toarray()
