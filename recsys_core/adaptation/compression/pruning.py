"""Pruning: the entries that move a product's scores least are left out (Han et al. 2015).

An entry v in a column x moves them by |v| · σ(x) over the customers. The mean v · E[x] of what is left out goes to the
entry of the constant, so that no product rises or falls as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recsys_core.models.head import CustomerSide, ProductSide, Term

BLOCK = 512


@dataclass(frozen=True)
class Columns:
    """Mean and spread (standard deviation) of each column over customers."""

    mean: np.ndarray
    """(width,)."""
    spread: np.ndarray
    """(width,)."""

    @classmethod
    def of(cls, customers: CustomerSide) -> tuple[Columns, Columns]:
        """Those of the dense and those of the sparse part."""
        x, s = customers.dense.astype(np.float64), customers.sparse
        n = max(len(x), 1)
        mean, square = (
            np.bincount(s.indices, weights=data, minlength=s.shape[1]) / n
            for data in (s.data, s.data.astype(float) ** 2)
        )
        dense = cls(x.sum(axis=0) / n, _root((x**2).sum(axis=0) / n - (x.sum(axis=0) / n) ** 2))
        return dense, cls(mean, _root(square - mean**2))


def pruned(side: ProductSide, keep: float, customers: CustomerSide) -> ProductSide:
    """The side with the share `keep` of each product's entries, and what the others come to on average.

    customers: those whose spread counts; 0 < keep <= 1.
    """
    dense_columns, sparse_columns = Columns.of(customers)
    both = Columns(
        np.concatenate([dense_columns.mean, sparse_columns.mean]),
        np.concatenate([dense_columns.spread, sparse_columns.spread]),
    )
    width = side.dense.shape[1]
    kept, lost = _largest(sp.hstack([sp.csr_matrix(side.dense), side.sparse], format="csr"), both, keep)
    terms = tuple(Term(term.weight, _pruned_rows(term.theta, dense_columns, keep)) for term in side.terms)
    return ProductSide(_with_constant(kept[:, :width].toarray(), lost), kept[:, width:].tocsr(), terms)


def _pruned_rows(rows: np.ndarray, columns: Columns, keep: float) -> np.ndarray:
    kept, lost = _largest(sp.csr_matrix(rows), columns, keep)
    return _with_constant(kept.toarray(), lost)


def _with_constant(dense: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """`dense` with what was lost added to the constant, its last column; whose own entry, without spread, goes first."""
    dense[:, -1] += lost
    return dense


def _largest(rows: sp.csr_matrix, columns: Columns, keep: float) -> tuple[sp.csr_matrix, np.ndarray]:
    """The entries of each row that move it most, and (n,) the mean of the others."""
    parts = [sp.csr_matrix((0, rows.shape[1]), dtype=np.float32)]
    lost: list[np.ndarray] = [np.zeros(0)]
    for start in range(0, rows.shape[0], BLOCK):
        block = rows[start : start + BLOCK]
        counts, n = np.diff(block.indptr), block.shape[0]
        row = np.repeat(np.arange(n), counts)
        order = np.lexsort((-np.abs(block.data) * columns.spread[block.indices], row))
        rank = np.empty(block.nnz, dtype=np.int64)
        rank[order] = np.arange(block.nnz) - np.repeat(block.indptr[:-1], counts)
        stays = rank < np.ceil(keep * counts)[row]
        gone = np.where(stays, 0, block.data * columns.mean[block.indices])
        lost.append(np.bincount(row, weights=gone, minlength=n))
        kept = sp.csr_matrix((np.where(stays, block.data, 0), block.indices, block.indptr), block.shape)
        kept.eliminate_zeros()
        parts.append(kept)
    return sp.vstack(parts, format="csr", dtype=np.float32), np.concatenate(lost).astype(np.float32)


def _root(variance: np.ndarray) -> np.ndarray:
    # Below what the arithmetic can tell from zero a column is constant.
    return np.sqrt(np.where(variance > 1e-12, variance, 0))
