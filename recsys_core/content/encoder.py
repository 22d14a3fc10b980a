"""What turns products into vectors that can be compared: any text encoder."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recsys_core.run_context import RunContext


class Encoder(Protocol):
    def encode(self, products: pd.DataFrame, *, run: RunContext) -> np.ndarray | sp.csr_matrix:
        """(n_products, dimensions) float32, rows of length 1, or 0 for a product that says nothing."""
