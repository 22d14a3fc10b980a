"""The catalog's customers as a scorer sees them, encoded once: a merchandiser asks for one list after another."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from recsys_core.evaluation.ranking import BLOCK
from recsys_core.models.head import CustomerSide, Scorer

KEPT_BYTES = 2**27
"""So much is kept of a launch at most, on a shop of about 50,000 customers enough for all; others are encoded anew each time."""


class KnownCustomers:
    """Encodes customers by their positions. Blocks as `evaluation.ranking` asks for them are kept; threads may ask at once."""

    def __init__(self, scorer: Scorer):
        self._scorer = scorer
        self._kept: dict[int, CustomerSide] = {}
        self._bytes = 0

    def side(self, customers: np.ndarray) -> CustomerSide:
        """customers: (n,) positions; -1 is a customer without history."""
        number = self._block(customers)
        if number in self._kept:
            return self._kept[number]
        histories = self._scorer.weights[np.maximum(customers, 0)]
        if (customers < 0).any():
            histories = sp.diags((customers >= 0).astype(np.float32)) @ histories
        side = self._scorer.customers(histories.tocsr())
        size = side.dense.nbytes + side.sparse.data.nbytes + side.sparse.indices.nbytes
        if number >= 0 and self._bytes + size <= KEPT_BYTES:
            self._kept[number] = side
            self._bytes += size
        return side

    def _block(self, customers: np.ndarray) -> int:
        """The number of the block that those customers are, -1 if they are none."""
        if not len(customers) or customers[0] % BLOCK:
            return -1
        whole = np.arange(customers[0], min(customers[0] + BLOCK, self._scorer.weights.shape[0]))
        return int(customers[0]) // BLOCK if np.array_equal(customers, whole) else -1
