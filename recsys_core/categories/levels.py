"""The categories of a catalog at one level of their paths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recsys_core.errors import InvalidSetting, NotThere
from recsys_core.tables.columns import CATEGORY_SEPARATOR


@dataclass(frozen=True)
class Categories:
    """Which product is in which category."""

    names: list[str]
    """Paths such as “Kitchen > Mugs”, sorted."""
    of_product: np.ndarray
    """(n_products,) position in `names`; -1 for a product without a category."""

    @classmethod
    def of(cls, products: pd.DataFrame, level: int | None = None) -> Categories:
        """Paths cut to their first `level` parts; a path that ends before stays whole; None: all whole.

        Raises InvalidSetting for a level below 1, NotThere if no product has a category.
        """
        if level is not None and level < 1:
            raise InvalidSetting(f"There is no level {level} of categories; the first one is 1.")
        if "category" not in products or products["category"].isna().all():
            raise NotThere("The products have no categories. Import a products file with a column “category”.")
        paths = products["category"].map(lambda path: CATEGORY_SEPARATOR.join(_parts(path)[:level]), na_action="ignore")
        of_product, names = pd.factorize(paths, sort=True)
        return cls([str(name) for name in names], of_product)

    @property
    def membership(self) -> sp.csr_matrix:
        """(n_products, n_categories) float32, 1 where a product is in a category."""
        rows = np.flatnonzero(self.of_product >= 0)
        shape = (len(self.of_product), len(self.names))
        return sp.csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, self.of_product[rows])), shape)

    def kinship(self) -> np.ndarray:
        """(n_categories, n_categories) float32: the share of the longer path that both have from its beginning on."""
        parts = [_parts(name) for name in self.names]
        depth = np.array([len(path) for path in parts], dtype=np.float32)
        shared = np.zeros((len(parts), len(parts)), dtype=np.float32)
        for level in range(1, int(depth.max()) + 1):
            # Paths that end before this level are alike to none, themselves included.
            starts = [tuple(path[:level]) if len(path) >= level else (n,) for n, path in enumerate(parts)]
            codes = pd.factorize(pd.Series(starts))[0]
            deep = depth >= level
            shared += (codes[:, None] == codes[None, :]) & deep[:, None] & deep[None, :]
        return shared / np.maximum(depth[:, None], depth[None, :])


def parents(names: list[str]) -> list[str]:
    """The path above each; "" for a first level."""
    return [name.rpartition(CATEGORY_SEPARATOR)[0] for name in names]


def depth(products: pd.DataFrame, at_most: int = 6) -> int:
    """How many levels there are to tell categories apart by. Raises NotThere if no product has a category."""
    return min(at_most, max(len(_parts(name)) for name in Categories.of(products).names))


def _parts(path: str) -> list[str]:
    """“Kitchen > Mugs” or “Kitchen>Mugs” → Kitchen, Mugs."""
    return [part.strip() for part in path.split(CATEGORY_SEPARATOR.strip())]
