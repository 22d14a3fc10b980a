"""Baselines that know nothing of content: what sells, and who buys."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from recsys_core.artefacts import load_arrays, load_frame, save_arrays
from recsys_core.dataset import Dataset
from recsys_core.errors import UnknownProduct
from recsys_core.run_context import RunContext


class Popularity:
    """Scores a product by its number of buyers, the same for every customer.

    serves_new_customers: yes. serves_new_products: no; asking for one raises UnknownProduct.
    """

    serves_new_products = False
    serves_new_customers = True

    product_ids_: pd.Index
    buyers_: np.ndarray
    """(n_products,) distinct customers who bought each product."""

    def fit(self, catalog: Dataset, *, run: RunContext) -> Self:
        run.check()
        self.product_ids_ = catalog.product_ids
        self.buyers_ = np.bincount(catalog.weights.indices, minlength=len(catalog.product_ids)).astype(np.float32)
        return self

    def score(self, customers: pd.Index, products: pd.Index) -> np.ndarray:
        """(n_customers, n_products) float32. Raises UnknownProduct."""
        positions = self.product_ids_.get_indexer(products)
        if (positions < 0).any():
            raise UnknownProduct(
                f"Product “{products[positions < 0][0]}” has never been sold, so its popularity isn't known. "
                "Use content neighbours or a source model for new products."
            )
        return np.broadcast_to(self.buyers_[positions], (len(customers), len(products))).astype(np.float32)

    def save(self, folder: Path) -> None:
        save_arrays(folder, {"buyers": self.buyers_}, {}, {"products": pd.DataFrame({"product_id": self.product_ids_})})

    @classmethod
    def load(cls, folder: Path) -> Popularity:
        model = cls()
        model.buyers_ = load_arrays(folder)[0]["buyers"]
        model.product_ids_ = pd.Index(load_frame(folder, "products")["product_id"], dtype="str")
        return model


class CustomerActivity:
    """Scores a customer by the number of products bought, the same for every product: hard to beat for an audience.

    serves_new_products: yes. serves_new_customers: no; such a one gets a score of 0.
    """

    serves_new_products = True
    serves_new_customers = False

    customer_ids_: pd.Index
    bought_: np.ndarray
    """(n_customers,) distinct products that each customer bought."""

    def fit(self, catalog: Dataset, *, run: RunContext) -> Self:
        run.check()
        self.customer_ids_ = catalog.customer_ids
        self.bought_ = np.diff(catalog.weights.indptr).astype(np.float32)
        return self

    def score(self, customers: pd.Index, products: pd.Index) -> np.ndarray:
        """(n_customers, n_products) float32."""
        positions = self.customer_ids_.get_indexer(customers)
        activity = np.where(positions >= 0, np.append(self.bought_, 0)[positions], 0)
        return np.broadcast_to(activity[:, None], (len(customers), len(products))).astype(np.float32)

    def save(self, folder: Path) -> None:
        save_arrays(
            folder, {"bought": self.bought_}, {}, {"customers": pd.DataFrame({"customer_id": self.customer_ids_})}
        )

    @classmethod
    def load(cls, folder: Path) -> CustomerActivity:
        model = cls()
        model.bought_ = load_arrays(folder)[0]["bought"]
        model.customer_ids_ = pd.Index(load_frame(folder, "customers")["customer_id"], dtype="str")
        return model
