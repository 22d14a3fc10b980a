"""A tree of categories by how alike they are, whatever their paths say."""

from __future__ import annotations

import numpy as np
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

ORDERED = 300
"""Up to so many categories the tree's branches are turned so that neighbours are alike; beyond, it takes too long."""


def linkage_of(similarity: np.ndarray) -> np.ndarray:
    """(n - 1, 4) average linkage as SciPy has it, its heights 1 - similarity, 0 to 2; (0, 4) for fewer than two.

    similarity: (n, n), -1 to 1; NaN counts as 0, and of two different figures for a pair their mean.
    """
    n = len(similarity)
    if n < 2:
        return np.empty((0, 4))
    known = np.nan_to_num(similarity.astype(np.float64))
    distance = np.clip(1 - (known + known.T) / 2, 0, 2)
    return hierarchy.linkage(squareform(distance, checks=False), "average", optimal_ordering=n <= ORDERED)


def leaf_order(linkage: np.ndarray, n: int) -> np.ndarray:
    """(n,) positions of the categories from left to right.

    linkage: (n - 1, 4).
    """
    return hierarchy.leaves_list(linkage) if n > 1 else np.arange(n)
