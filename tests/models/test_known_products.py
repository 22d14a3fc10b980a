"""Known products for known customers."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from recsys_core.models import known_products
from recsys_core.models.known_products import KnownProducts, ease
from recsys_core.run_context import RunContext

RUN = RunContext()


def test_ease_is_the_least_squares_answer_with_a_diagonal_of_zeros() -> None:
    """Each column apart: ridge regression of a product on all others (Steck 2019, equation 2)."""
    bought = sp.random(60, 7, 0.4, "csr", dtype=np.float32, random_state=0)
    bought.data[:] = 1
    x, penalty = bought.toarray().astype(np.float64), 3.0
    found = ease(bought, penalty)
    for product in range(7):
        others = np.delete(x, product, axis=1)
        expected = np.linalg.solve(others.T @ others + penalty * np.eye(6), others.T @ x[:, product])
        np.testing.assert_allclose(np.delete(found[:, product], product), expected, atol=1e-5)
    assert (np.diag(found) == 0).all()


def test_customers_find_the_rest_of_what_they_love(supporter_source, supporter_shop) -> None:
    """A fifth of a theme's products was bought; among those that weren't, the theme's stand first."""
    known = KnownProducts.of(supporter_source, run=RUN)
    customers = np.arange(0, 250, 5)
    scores = known.scores(customers)
    scores[supporter_source.weights_[customers].nonzero()] = -np.inf
    best = np.argsort(-scores, axis=1)[:, :10]
    theme = supporter_source.product_ids_.str[1].astype(int).to_numpy()
    loved = np.array([np.bincount(theme[supporter_source.weights_[c].indices]).argmax() for c in customers])
    assert (theme[best] == loved[:, None]).mean() > 0.9


def test_products_beyond_the_most_sold_go_by_the_formula(supporter_source, monkeypatch) -> None:
    whole = KnownProducts.of(supporter_source, run=RUN)
    monkeypatch.setattr(known_products, "MOST_PRODUCTS", 40)
    known = KnownProducts.of(supporter_source, run=RUN)
    assert known.together.shape == (40, 40)
    customers = np.arange(9)
    rest = np.setdiff1d(np.arange(len(supporter_source.product_ids_)), known.products)
    scores, formula = known.scores(customers), known.formula(customers) / known.scale[0]
    np.testing.assert_array_equal(scores[:, rest], formula[:, rest])
    assert not np.allclose(scores[:, known.products], formula[:, known.products])
    assert not np.allclose(whole.scores(customers)[:, rest], whole.formula(customers)[:, rest] / whole.scale[0])
