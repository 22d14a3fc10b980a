"""What is done to a product's side is done to its scores."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from recsys_core.models.head import CustomerSide, ProductSide, Term

RNG = np.random.default_rng(0)
CUSTOMERS = CustomerSide(
    RNG.normal(size=(5, 4)).astype(np.float32), sp.random(5, 9, 0.5, "csr", dtype=np.float32, random_state=0)
)


def side(seed: int, terms: int) -> ProductSide:
    rng = np.random.default_rng(seed)
    return ProductSide(
        rng.normal(size=(3, 4)).astype(np.float32),
        sp.random(3, 9, 0.5, "csr", dtype=np.float32, random_state=seed),
        tuple(Term(i + 1.0, rng.normal(size=(3, 4)).astype(np.float32)) for i in range(terms)),
    )


@pytest.mark.parametrize("factor", [2.5, np.array([2.0, 0.0, -1.0])])
def test_times_multiplies_scores(factor: float | np.ndarray) -> None:
    whole = side(1, terms=2)
    np.testing.assert_allclose(
        whole.times(factor).scores(CUSTOMERS), factor * whole.scores(CUSTOMERS), rtol=1e-4, atol=1e-5
    )


def test_plus_take_and_stored_after_factors_for_each_product() -> None:
    both = side(1, terms=2).times(np.array([2.0, 0.5, -1.0])).plus(side(2, terms=1))
    scores = both.scores(CUSTOMERS)
    expected = np.array([2.0, 0.5, -1.0]) * side(1, terms=2).scores(CUSTOMERS) + side(2, terms=1).scores(CUSTOMERS)
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(both.take(np.array([2, 0])).scores(CUSTOMERS), scores[:, [2, 0]], atol=1e-6)
    np.testing.assert_array_equal(ProductSide.of_arrays(both.arrays()).scores(CUSTOMERS), scores)
