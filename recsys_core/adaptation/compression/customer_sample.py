"""Some of the catalog's customers, by whom it is judged what matters to a score."""

from __future__ import annotations

import numpy as np

from recsys_core.models.head import CustomerSide, Scorer


def customer_sample(scorer: Scorer, size: int, seed: int) -> CustomerSide:
    """At most `size` customers with history, drawn by the seed."""
    known = np.flatnonzero(np.diff(scorer.weights.indptr))
    chosen = np.random.default_rng(seed).permutation(known)[:size]
    return scorer.customers(scorer.weights[np.sort(chosen)])
