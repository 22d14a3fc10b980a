"""Content neighbours: the cosine of a customer's summed TF-IDF history and a product's TF-IDF row. The bar to clear."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recsys_core.artefacts import load_arrays, load_frame, pack_sparse, save_arrays, unpack_sparse
from recsys_core.content.unit_rows import unit_sparse_rows
from recsys_core.content.words import WordCounts
from recsys_core.dataset import Dataset
from recsys_core.run_context import RunContext


class ContentNeighbours:
    """Scores any product that has text, for customers with history; a customer without one gets 0 for everything.

    serves_new_products: yes, by their text. serves_new_customers: no; such a one gets a score of 0.
    """

    serves_new_products = True
    serves_new_customers = False

    customer_ids_: pd.Index
    weights_: sp.csr_matrix
    """(n_customers, n_products) the catalog's damped interactions."""
    counts_: WordCounts

    def fit(self, catalog: Dataset, *, run: RunContext) -> Self:
        run.check()
        self.customer_ids_, self.weights_ = catalog.customer_ids, catalog.weights
        self.counts_ = WordCounts.of(catalog.products)
        return self

    def score(self, customers: pd.Index, products: pd.DataFrame) -> np.ndarray:
        """(n_customers, n_products) float32, 0 to 1; `products` are rows of a product table, new or known."""
        tfidf = self.counts_.with_products(products).tfidf()
        n_catalog = self.weights_.shape[1]
        positions = self.customer_ids_.get_indexer(customers)
        known = sp.diags((positions >= 0).astype(np.float32))
        histories = (known @ self.weights_[np.maximum(positions, 0)]) @ tfidf[:n_catalog]
        return (unit_sparse_rows(histories) @ tfidf[n_catalog:].T).toarray().astype(np.float32)

    def save(self, folder: Path) -> None:
        frames = {
            "customers": pd.DataFrame({"customer_id": self.customer_ids_}),
            "words": pd.DataFrame({"word": pd.Series(self.counts_.vocabulary, dtype="str")}),
        }
        arrays = pack_sparse("weights", self.weights_) | pack_sparse("counts", self.counts_.counts)
        save_arrays(folder, arrays, {"attributes": self.counts_.attributes}, frames)

    @classmethod
    def load(cls, folder: Path) -> ContentNeighbours:
        arrays, settings = load_arrays(folder)
        model = cls()
        model.customer_ids_ = pd.Index(load_frame(folder, "customers")["customer_id"], dtype="str")
        model.weights_ = unpack_sparse("weights", arrays)
        words = load_frame(folder, "words")["word"].tolist()
        model.counts_ = WordCounts(words, unpack_sparse("counts", arrays), settings["attributes"])
        return model
