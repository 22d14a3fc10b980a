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
        often = often[filled[often] > OFTEN * rows.shape[0]]
        seldom = filled > 0
        seldom[often] = False
        often, seldom = np.sort(often), np.flatnonzero(seldom)
        self._often, self._seldom = columns[often].toarray(), columns[seldom]
        self._of_often, self._of_seldom = _numbered(often, len(filled)), _numbered(seldom, len(filled))

    def times(self, left: sp.csr_matrix) -> np.ndarray:
        """left (b, m) @ rows.T: (b, n) float32."""
        total: np.ndarray = _part(left, self._of_often, len(self._often)) @ self._often
        if self._seldom.nnz:
            total += (_part(left, self._of_seldom, self._seldom.shape[0]) @ self._seldom).toarray()
        return total


def _numbered(chosen: np.ndarray, count: int) -> np.ndarray:
    """(count,) int32: which of `chosen` each column is; -1: none."""
    number = np.full(count, -1, dtype=np.int32)
    number[chosen] = np.arange(len(chosen), dtype=np.int32)
    return number


def _part(left: sp.csr_matrix, number: np.ndarray, count: int) -> sp.csr_matrix:
    """Those columns of `left` that have a number, in its order: (b, count)."""
    column = number[left.indices]
    kept = np.flatnonzero(column >= 0)
    ends = np.searchsorted(kept, left.indptr)
    return sp.csr_matrix((left.data[kept], column[kept], ends), (left.shape[0], count))
