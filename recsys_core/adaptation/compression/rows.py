"""Rows of numbers in little room: 8-bit values with a scale for each row, and 8-bit steps from column to column.

The steps are the relative indices of Han, Mao & Dally 2016 ("Deep Compression"): where the next entry is further away than
8 bits can say, a zero is put in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

LARGEST_INT8 = 127
LONGEST_STEP = 255
DENSE_BELOW = 40
"""Columns for each customer below which a product of sparse customers with dense columns is the faster one."""
AT_ONCE = 32
"""Rows made dense at once; more fall out of the processor's cache."""


@dataclass(frozen=True)
class DenseRows:
    values: np.ndarray
    """(n, width) float32 or int8."""
    scale: np.ndarray
    """(n,) float32 by which a row's values are multiplied."""

    def __len__(self) -> int:
        return len(self.scale)

    def floats(self) -> np.ndarray:
        """(n, width) float32."""
        return self.values * self.scale[:, None]

    def times(self, customers: np.ndarray) -> np.ndarray:
        """(n_customers, n) float32 products with dense customers (n_customers, width)."""
        return (customers @ self.values.astype(np.float32, copy=False).T) * self.scale

    def take(self, products: np.ndarray) -> DenseRows:
        return DenseRows(self.values[products], self.scale[products])

    def between(self, start: int, stop: int) -> DenseRows:
        """Those rows, without a copy."""
        return DenseRows(self.values[start:stop], self.scale[start:stop])

    def arrays(self) -> dict[str, np.ndarray]:
        return {"values": self.values, "scale": self.scale}


@dataclass(frozen=True)
class SteppedRows:
    """The same for rows that are mostly zeros."""

    values: np.ndarray
    """(m,) float32 or int8: row by row, by column."""
    steps: np.ndarray
    """(m,) uint8: columns since the entry before; the first of a row counts from -1."""
    starts: np.ndarray
    """(n + 1,) int64: where each row begins, and the last one ends."""
    scale: np.ndarray
    """(n,) float32 by which a row's values are multiplied."""
    width: int

    def __len__(self) -> int:
        return len(self.scale)

    def columns(self) -> np.ndarray:
        """(m,) int64: the column of each entry."""
        first, last = self.starts[0], self.starts[-1]
        gone = np.concatenate([[0], np.cumsum(self.steps[first:last], dtype=np.int64)])
        starts = self.starts - first
        return gone[1:] - np.repeat(gone[starts[:-1]], np.diff(starts)) - 1

    def matrix(self) -> sp.csr_matrix:
        """(n, width) float32, not scaled."""
        starts = (self.starts - self.starts[0]).astype(np.int32)
        return sp.csr_matrix((self._floats(), self.columns().astype(np.int32), starts), (len(self), self.width))

    def transposed(self) -> np.ndarray:
        """(width, n) float32, not scaled."""
        dense = np.zeros((self.width, len(self)), dtype=np.float32)
        dense[self.columns(), np.repeat(np.arange(len(self)), np.diff(self.starts))] = self._floats()
        return dense

    def floats(self) -> np.ndarray:
        """(n, width) float32."""
        return self.transposed().T * self.scale[:, None]

    def times(self, customers: np.ndarray | sp.csr_matrix) -> np.ndarray:
        """(n_customers, n) float32 products with customers (n_customers, width)."""
        if self.starts[0] == self.starts[-1]:
            return np.zeros((customers.shape[0], len(self)), dtype=np.float32)
        if isinstance(customers, np.ndarray):
            return (customers @ self.transposed()) * self.scale
        if self.width > DENSE_BELOW * customers.shape[0]:
            return (customers @ self.matrix().T).toarray() * self.scale
        parts = [
            customers @ self.between(start, start + AT_ONCE).transposed() for start in range(0, len(self), AT_ONCE)
        ]
        return np.hstack(parts) * self.scale

    def _floats(self) -> np.ndarray:
        return self.values[self.starts[0] : self.starts[-1]].astype(np.float32, copy=False)

    def take(self, products: np.ndarray) -> SteppedRows:
        counts = np.diff(self.starts)[products]
        starts = np.concatenate([[0], np.cumsum(counts)])
        where = np.arange(starts[-1]) + np.repeat(self.starts[products] - starts[:-1], counts)
        return SteppedRows(self.values[where], self.steps[where], starts, self.scale[products], self.width)

    def between(self, start: int, stop: int) -> SteppedRows:
        """Those rows, without a copy."""
        starts = self.starts[start : stop + 1]
        return SteppedRows(self.values, self.steps, starts, self.scale[start:stop], self.width)

    def arrays(self) -> dict[str, np.ndarray]:
        width = np.array([self.width])
        return {
            "values": self.values,
            "steps": self.steps,
            "starts": self.starts,
            "scale": self.scale,
            "width": width,
        }


Rows = DenseRows | SteppedRows


def rows_of(arrays: Mapping[str, np.ndarray]) -> Rows:
    """The rows whose `arrays()` were saved."""
    if "steps" not in arrays:
        return DenseRows(arrays["values"], arrays["scale"])
    return SteppedRows(arrays["values"], arrays["steps"], arrays["starts"], arrays["scale"], int(arrays["width"][0]))


def packed(matrix: np.ndarray | sp.csr_matrix, int8: bool) -> Rows:
    """The rows of a dense (n, width) or sparse matrix, exact or as int8 with a symmetric scale for each row.

    As int8 every number is off by half a row's scale at most. What is sparse stays so; what is dense is kept the smaller way.
    """
    if not isinstance(matrix, np.ndarray):
        return _stepped(matrix, int8)
    stepped = _stepped(sp.csr_matrix(matrix), int8)
    if stepped.values.nbytes + stepped.steps.nbytes + stepped.starts.nbytes < matrix.size * stepped.values.itemsize:
        return stepped
    values = np.ascontiguousarray(matrix, dtype=np.float32)
    largest = np.abs(values).max(axis=1, initial=0)
    if int8:
        return DenseRows(_rounded(values, largest[:, None]), _scale(largest))
    return DenseRows(values, np.ones_like(largest))


def _stepped(matrix: sp.csr_matrix, int8: bool) -> SteppedRows:
    matrix = matrix.tocsr().astype(np.float32)
    matrix.sum_duplicates()
    scale = np.ones(matrix.shape[0], dtype=np.float32)
    if int8:
        largest = np.abs(matrix).max(axis=1).toarray().ravel() if matrix.shape[1] else np.zeros_like(scale)
        scale = _scale(largest)
        each = np.repeat(largest, np.diff(matrix.indptr))
        matrix = sp.csr_matrix((_rounded(matrix.data, each), matrix.indices, matrix.indptr), matrix.shape)
    # What was rounded to zero needs no room.
    matrix.eliminate_zeros()
    return SteppedRows(*_steps(matrix), scale, matrix.shape[1])


def _steps(matrix: sp.csr_matrix) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values, steps and starts of a matrix with sorted columns."""
    counts = np.diff(matrix.indptr)
    before = np.concatenate([[-1], matrix.indices[:-1]]).astype(np.int64)[: matrix.nnz]
    before[matrix.indptr[:-1][counts > 0]] = -1
    gaps = matrix.indices - before
    zeros = (gaps - 1) // LONGEST_STEP
    end = np.concatenate([[0], np.cumsum(zeros + 1)])
    values = np.zeros(end[-1], dtype=matrix.dtype)
    steps = np.full(end[-1], LONGEST_STEP, dtype=np.uint8)
    values[end[1:] - 1] = matrix.data
    steps[end[1:] - 1] = gaps - LONGEST_STEP * zeros
    return values, steps, end[matrix.indptr].astype(np.int64)


def _scale(largest: np.ndarray) -> np.ndarray:
    return (np.where(largest > 0, largest, LARGEST_INT8) / LARGEST_INT8).astype(np.float32)


def _rounded(values: np.ndarray, largest: np.ndarray) -> np.ndarray:
    return np.rint(values / _scale(largest)).astype(np.int8)
