"""Products of sparse matrices whose result is dense: who cares for what, of many customers and many products.

SciPy's own product looks every entry of the result up one by one. Here the columns that many right-hand rows fill, few as they
are, are held dense and added up row by row; the many others, that hardly any row fills, take SciPy's way.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

OFTEN = 0.02
"""A column that at least this share of the rows fill is held dense; measured on customers' words and baskets."""
ELEMENTS = 2**25
"""So many numbers, at most, are held dense."""


class FilledProducts:
    """The right-hand side, ready for one left-hand side after another."""

    def __init__(self, rows: sp.csr_matrix):
        """rows: (n, m) float32."""
        columns = rows.T.tocsr()
        filled = np.diff(columns.indptr)
        often = np.argsort(-filled, kind="stable")[: ELEMENTS // max(rows.shape[0], 1)]
        often = np.sort(often[filled[often] > OFTEN * rows.shape[0]])
        is_often = np.zeros(rows.shape[1], dtype=bool)
        is_often[often] = True
        self._is_often = is_often
        self._position = np.where(is_often, np.cumsum(is_often), np.cumsum(~is_often)).astype(np.int32) - 1
        self._often, self._seldom = columns[is_often].toarray(), columns[~is_often]

    def times(self, left: sp.csr_matrix) -> np.ndarray:
        """left (b, m) @ rows.T: (b, n) float32."""
        is_often, position = self._is_often[left.indices], self._position[left.indices]
        ends = np.concatenate([[0], np.cumsum(is_often)])[left.indptr]
        often = sp.csr_matrix((left.data[is_often], position[is_often], ends), (left.shape[0], len(self._often)))
        seldom = sp.csr_matrix(
            (left.data[~is_often], position[~is_often], left.indptr - ends), (left.shape[0], self._seldom.shape[0])
        )
        total: np.ndarray = often @ self._often
        if seldom.nnz and self._seldom.nnz:
            total += (seldom @ self._seldom).toarray()
        return total
