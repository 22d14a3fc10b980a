"""The source model's towers, pruned or in 8 bits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recsys_core.adaptation.compression.recipe import Recipe
from recsys_core.adaptation.compression.rows import Rows, packed
from recsys_core.models.head import Head

TOWERS = ("customer_tower", "product_tower")


def with_smaller_towers(head: Head, recipe: Recipe) -> tuple[Head, int]:
    """The head as it scores with smaller towers, and the bytes that these take.

    Pruning leaves the largest entries of each row. The recipe mustn't have a student: a tower is one already.
    """
    customer, product = (_packed(getattr(head, name), recipe) for name in TOWERS)
    size = sum(array.nbytes for rows in (customer, product) for array in rows.arrays().values())
    return replace(head, customer_tower=customer.floats(), product_tower=product.floats()), size


def tower_bytes(head: Head) -> int:
    return sum(getattr(head, name).nbytes for name in TOWERS)


def _packed(tower: np.ndarray, recipe: Recipe) -> Rows:
    return packed(_largest(tower, recipe.keep) if "prune" in recipe.steps else tower, "int8" in recipe.steps)


def _largest(rows: np.ndarray, keep: float) -> np.ndarray:
    count = max(1, int(np.ceil(keep * rows.shape[1])))
    least = np.sort(np.abs(rows), axis=1)[:, -count:][:, :1]
    return np.where(np.abs(rows) >= least, rows, 0)
