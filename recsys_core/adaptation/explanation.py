"""Why a customer is shown a product: what speaks for it, measured by taking it away and scoring again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recsys_core.adaptation.adapted_model import AdaptedModel
from recsys_core.adaptation.customer_terms import fit_theta, support_task
from recsys_core.content.unit_rows import unit_sparse_rows
from recsys_core.content.words import readable
from recsys_core.errors import UnknownCustomer
from recsys_core.models.co_purchases import Placement
from recsys_core.models.content_space import ContentVectors
from recsys_core.models.head import ProductSide


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
        self.adapted, self.customer, self.product = adapted, customer, product
        self.history = adapted.source.weights_[customer]
        self.customer_side = adapted.scorer.customers(self.history)
        self.product_side = ProductSide(adapted.products.dense[[product]], adapted.products.sparse[[product]])
        self.theta = None if adapted.theta is None else adapted.theta[[product]]
        self.full = self._score(self.product_side)[0]

    def _score(self, products: ProductSide) -> np.ndarray:
        theta = None if self.theta is None else np.repeat(self.theta, products.dense.shape[0], axis=0)
        return self.adapted.combine(self.customer_side, products, theta)[0]

    def without_history(self) -> pd.DataFrame:
        bought = self.history.indices
        variants = sp.csr_matrix(np.repeat(self.history[:, bought].toarray(), len(bought), axis=0))
        variants = variants.multiply(1 - np.eye(len(bought), dtype=np.float32)).tocsr()
        columns = sp.csr_matrix(
            (np.ones(len(bought), dtype=np.float32), (np.arange(len(bought)), bought)),
            (len(bought), self.history.shape[1]),
        )
        encoded = self.adapted.scorer.customers((variants @ columns).tocsr())
        scores = self.adapted.combine(encoded, self.product_side, self.theta)[:, 0]
        ids = self.adapted.source.product_ids_[bought].tolist()
        return _frame("history", ids, ids, self.full - scores)

    def without_words(self) -> pd.DataFrame:
        words = self.adapted.content.words[[self.product]]
        tokens = words.indices
        price = self.adapted.price_levels[[self.product]]
        n = len(tokens)
        kept = sp.csr_matrix(np.repeat(words[:, tokens].toarray(), n, axis=0) * (1 - np.eye(n, dtype=np.float32)))
        columns = sp.csr_matrix((np.ones(n, dtype=np.float32), (np.arange(n), tokens)), (n, words.shape[1]))
        variants = unit_sparse_rows((kept @ columns).tocsr())
        content = ContentVectors(variants, self.adapted.source.space_.dense(variants, np.repeat(price, n, axis=0)))
        support = sp.vstack([self._shown_support()] * n, format="csr") if n else self._shown_support()[:0]
        scores = (
            self._score(self.adapted.side(content, self.adapted.scorer.place(content), support)) if n else np.zeros(0)
        )
        names = [self.adapted.vocabulary[token] for token in tokens]
        return _frame("word", names, [readable(name) for name in names], self.full - scores)

    def _shown_support(self) -> sp.csr_matrix:
        """(1, n_customers): the support that the products' side takes in."""
        support = self.adapted.support[:, [self.product]].T.tocsr()
        return support if self.adapted.uses_support else sp.csr_matrix(support.shape, dtype=np.float32)

    def without_supporters(self) -> pd.DataFrame:
        support = self.adapted.support[:, [self.product]].T.tocsr()
        n = support.nnz
        ids = self.adapted.source.customer_ids_[support.indices].tolist()
        if not n:
            return _frame("supporter", [], [], np.zeros(0))
        variants = sp.csr_matrix(np.repeat(support[:, support.indices].toarray(), n, axis=0) * (1 - np.eye(n)))
        columns = sp.csr_matrix((np.ones(n), (np.arange(n), support.indices)), (n, support.shape[1]))
        variants = (variants @ columns).tocsr().astype(np.float32)
        variants.eliminate_zeros()
        if self.adapted.uses_support:
            content, placement = self._repeated(n)
            return _frame(
                "supporter", ids, ids, self.full - self._score(self.adapted.side(content, placement, variants))
            )
        if self.theta is not None:
            return _frame("supporter", ids, ids, self._terms_without(variants))
        return _frame("supporter", [], [], np.zeros(0))

    def _repeated(self, n: int) -> tuple[ContentVectors, Placement]:
        """The product's content and placement, n times."""
        at = np.full(n, self.product)
        content, placement = self.adapted.content, self.adapted.placement
        return (
            ContentVectors(content.words[at], content.dense[at]),
            Placement(placement.together[at], placement.baskets[at], placement.taste[at]),
        )

    def _terms_without(self, variants: sp.csr_matrix) -> np.ndarray:
        """Effects of taking one supporter away and fitting θ again, beside a fit with all of them."""
        adapted, n = self.adapted, variants.shape[0]
        assert adapted.adapters is not None
        everyone = adapted.support[:, [self.product]].T.tocsr().astype(np.float32)
        side = ProductSide(
            np.repeat(self.product_side.dense, n + 1, axis=0),
            sp.vstack([self.product_side.sparse] * (n + 1), format="csr"),
        )
        support = sp.vstack([everyone, variants], format="csr").T.tocsr()
        task = support_task(adapted.scorer, adapted.source.weights_, side, support, adapted.adapters.settings)
        theta = fit_theta(task, adapted.adapters.settings)
        scores = adapted.combine(self.customer_side, side, theta)[0]
        return scores[0] - scores[1:]


def _frame(kind: str, ids: list[str], names: list[str], effect: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "kind": pd.Series([kind] * len(ids), dtype="str"),
            "id": pd.Series(ids, dtype="str"),
            "name": pd.Series(names, dtype="str"),
            "effect": np.asarray(effect, dtype=np.float64),
        }
    )
