"""Rows scaled to length 1. scikit-learn's `normalize` refuses matrices without rows or columns, which are ordinary here."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp


def unit_rows(matrix: np.ndarray) -> np.ndarray:
    """Float32 rows of length 1; a row of zeros stays."""
    length = np.sqrt(np.einsum("ij,ij->i", matrix, matrix))
    return (matrix / np.where(length > 0, length, 1)[:, None]).astype(np.float32)


def unit_sparse_rows(matrix: sp.csr_matrix) -> sp.csr_matrix:
    """The same for a sparse matrix."""
    matrix = matrix.tocsr()
    squares = np.concatenate([[0], np.cumsum(matrix.data.astype(np.float64) ** 2)])[matrix.indptr]
    length = np.sqrt(np.maximum(np.diff(squares), 0))
    scale = np.repeat(1 / np.where(length > 0, length, 1), np.diff(matrix.indptr))
    return sp.csr_matrix(((matrix.data * scale).astype(np.float32), matrix.indices, matrix.indptr), matrix.shape)
