from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from recsys_core.content import filled_products
from recsys_core.content.filled_products import FilledProducts


def matrix(rows: int, columns: int, density: float, seed: int) -> sp.csr_matrix:
    return sp.random(rows, columns, density, "csr", dtype=np.float32, random_state=seed)


def mixed() -> sp.csr_matrix:
    """Columns that many rows fill, that few fill, and that none fills, in turn."""
    whole = matrix(200, 90, 1.0, 1).toarray()
    whole[:, 1::3] *= matrix(200, 30, 0.01, 2).toarray() > 0
    whole[:, 2::3] = 0
    return sp.csr_matrix(whole)


@pytest.mark.parametrize(
    "rows", [mixed(), matrix(200, 90, 0.5, 3), matrix(200, 90, 0.001, 4), sp.csr_matrix((200, 90), dtype=np.float32)]
)
@pytest.mark.parametrize("elements", [2**25, 200 * 5, 0])
def test_it_is_the_plain_product(rows: sp.csr_matrix, elements: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filled_products, "ELEMENTS", elements)
    left = matrix(33, 90, 0.3, 5)
    made = FilledProducts(rows).times(left)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, (left @ rows.T).toarray(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("b", "n", "m"), [(0, 4, 5), (3, 0, 5), (3, 4, 0)])
def test_nothing_to_multiply(b: int, n: int, m: int) -> None:
    left, rows = sp.csr_matrix((b, m), dtype=np.float32), sp.csr_matrix((n, m), dtype=np.float32)
    np.testing.assert_array_equal(FilledProducts(rows).times(left), np.zeros((b, n)))
