"""Why a customer is shown a product: what speaks for it, measured by taking it away and scoring again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recsys_core.adaptation.adapted_model import AdaptedModel
from recsys_core.content.unit_rows import unit_sparse_rows
from recsys_core.content.words import readable
from recsys_core.errors import UnknownCustomer
from recsys_core.models.content_space import ContentVectors
from recsys_core.models.head import NewProducts


def explain(adapted: AdaptedModel, customer_id: str, product_id: str, top: int = 3) -> pd.DataFrame:
    """The strongest reasons for one pair: kind ("history", "word" or "supporter"), id, name, effect.

    history: a product that the customer bought; word: a word, category level, brand or tag of the new product;
    supporter: a customer who bought it already. effect: by how much the score falls without it (> 0); at most `top` of
    each kind, strongest first. `id` is the product, word or customer; `name` is readable (a word) or the id again.
    Raises UnknownProduct, and UnknownCustomer for one without history.
    """
    customer = adapted.source.customer_ids_.get_indexer(pd.Index([customer_id]))[0]
    if customer < 0:
        raise UnknownCustomer(
            f"Customer “{customer_id}” has no history in the catalog, so there is nothing to explain: "
            "nothing speaks for one product more than another."
        )
    product = adapted.positions([product_id])[0]
    pair = _Pair(adapted, customer, product)
    parts = [pair.without_history(), pair.without_words(), pair.without_supporters()]
    best = [part[part["effect"] > 0].nlargest(top, "effect", keep="first") for part in parts]
    return pd.concat(best, ignore_index=True)


class _Pair:
    def __init__(self, adapted: AdaptedModel, customer: int, product: int):
        self.adapted, self.placed, self.product = adapted, adapted.placed, product
        self.history = adapted.source.weights_[customer]
        self.customer_side = self.placed.scorer.customers(self.history)
        self.support = self.placed.support[:, [product]].T.tocsr()

    def without_history(self) -> pd.DataFrame:
        bought = self.history.indices
        everything = sp.vstack([self.history, _each_left_out(self.history)], format="csr")
        side = self.adapted.side.take(np.array([self.product]))
        scores = side.scores(self.placed.scorer.customers(everything))[:, 0]
        ids = self.adapted.source.product_ids_[bought].tolist()
        return _frame("history", ids, ids, scores[0] - scores[1:])

    def without_words(self) -> pd.DataFrame:
        words = self.placed.content.words[[self.product]]
        variants = sp.vstack([words, unit_sparse_rows(_each_left_out(words))], format="csr", dtype=np.float32)
        prices = np.repeat(self.placed.price_levels[[self.product]], variants.shape[0], axis=0)
        content = self.placed.space.vectors(variants, prices)
        support = sp.vstack([self.support] * variants.shape[0], format="csr")
        vocabulary = self.placed.space.counts.vocabulary
        names = [vocabulary[token] for token in words.indices]
        effect = self._effect(self._new(content, support))
        return _frame("word", names, [readable(name) for name in names], effect)

    def without_supporters(self) -> pd.DataFrame:
        ids = self.adapted.source.customer_ids_[self.support.indices].tolist()
        variants = sp.vstack([self.support, _each_left_out(self.support)], format="csr", dtype=np.float32)
        product = self._new(self._content(), self.support)
        return _frame("supporter", ids, ids, self._effect(product.repeated(0, len(ids) + 1).with_supporters(variants)))

    def _new(self, content: ContentVectors, support: sp.csr_matrix) -> NewProducts:
        """The product again and again, with those contents and supports."""
        same = np.full(support.shape[0], self.product)
        pace = self.placed.launch.pace[same]
        return self.placed.through_places(self.placed.scorer.new_products(content, support, pace), same)

    def _content(self) -> ContentVectors:
        return self.placed.content.take(np.array([self.product]))

    def _effect(self, variants: NewProducts) -> np.ndarray:
        """By how much the score of the first variant falls in each of the others."""
        scores = self.adapted.adapter.side(self.placed.scorer, variants).scores(self.customer_side)[0]
        return scores[0] - scores[1:]


def _each_left_out(row: sp.csr_matrix) -> sp.csr_matrix:
    """(n_entries, width): for each stored entry of `row` one row in which that one is missing."""
    variant, entry = np.nonzero(~np.eye(row.nnz, dtype=bool))
    where = (variant, row.indices[entry])
    return sp.csr_matrix((row.data[entry], where), (row.nnz, row.shape[1]), dtype=np.float32)


def _frame(kind: str, ids: list[str], names: list[str], effect: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "kind": pd.Series([kind] * len(ids), dtype="str"),
            "id": pd.Series(ids, dtype="str"),
            "name": pd.Series(names, dtype="str"),
            "effect": np.asarray(effect, dtype=np.float64),
        }
    )
