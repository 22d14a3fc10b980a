"""A case: a catalog, new products cut out of it, their first sales, and what came true. Needs no more than numpy, pandas and scipy.

A case is a folder with products.csv, interactions.csv, customers.csv (if any), new_products.csv, few_shot/new_products.csv,
few_shot/support_K.csv, and the truth: truth/zero_shot.parquet (all new products) and truth/few_shot.parquet (those of few_shot/)
with the customer_id, product_id pairs to be found.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import scipy.sparse as sp

SHOTS = (1, 2, 5, 10)
Candidates = Literal["zero_shot", "few_shot"]
"""Which new products are ranked: all of them, or those with enough buyers for a few-shot query."""


def read_pairs(path: Path) -> pd.DataFrame:
    """The distinct customer_id, product_id pairs of a CSV or Parquet file, as text."""
    columns = ["customer_id", "product_id"]
    if path.suffix == ".parquet":
        frame = pd.read_parquet(path, columns=columns).astype(str)
    else:
        frame = pd.read_csv(path, usecols=columns, dtype=str, keep_default_na=False)
    return frame[columns].drop_duplicates(ignore_index=True)


def pair_matrix(pairs: pd.DataFrame, customers: pd.Index, products: pd.Index) -> sp.csr_matrix:
    """(n_customers, n_products) float32 with 1 for each pair; pairs of unknown customers or products are left out."""
    row, column = (
        ids.get_indexer(pd.Index(pairs[name])) for ids, name in ((customers, "customer_id"), (products, "product_id"))
    )
    known = (row >= 0) & (column >= 0)
    ones = np.ones(known.sum(), dtype=np.float32)
    return sp.csr_matrix((ones, (row[known], column[known])), (len(customers), len(products)))


@dataclass(frozen=True)
class Case:
    """A case read from its folder; everything is read when it is first asked for."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    def table(self, name: str) -> pd.DataFrame:
        """A product table as text, with NaN for an empty cell."""
        return pd.read_csv(self.folder / name, dtype=str, keep_default_na=False, na_values=[""])

    @cached_property
    def products(self) -> pd.DataFrame:
        return self.table("products.csv")

    @cached_property
    def new_products(self) -> pd.DataFrame:
        return self.table("new_products.csv")

    @cached_property
    def pairs(self) -> pd.DataFrame:
        return read_pairs(self.folder / "interactions.csv")

    @cached_property
    def customers(self) -> pd.Index:
        """The customers with history, in the order of the file."""
        return pd.Index(self.pairs["customer_id"].unique())

    @cached_property
    def baskets(self) -> sp.csr_matrix:
        """(n_customers, n_products): who bought what before the launch."""
        return pair_matrix(self.pairs, self.customers, pd.Index(self.products["product_id"]))

    def candidates(self, which: Candidates) -> pd.Index:
        if which == "zero_shot":
            return pd.Index(self.new_products["product_id"])
        return pd.Index(self.table("few_shot/new_products.csv")["product_id"])

    def truth(self, which: Candidates) -> tuple[np.ndarray, sp.csr_matrix]:
        """The customers (n,) with something to find, as positions, and what it is: (n, n_candidates)."""
        pairs = read_pairs(self.folder / f"truth/{which}.parquet")
        relevant = pair_matrix(pairs, self.customers, self.candidates(which))
        if relevant.nnz < len(pairs):
            raise SystemExit(
                f"{len(pairs) - relevant.nnz} pairs of {self.folder}/truth/{which}.parquet name a customer without "
                "history or a product that isn't a candidate; make the case anew."
            )
        who = np.flatnonzero(np.diff(relevant.indptr))
        return who, relevant[who]

    def support_file(self, shots: int) -> Path:
        return self.folder / f"few_shot/support_{shots}.csv"

    def support(self, shots: int) -> sp.csr_matrix:
        """(n_customers, n_candidates): the first `shots` buyers of each few-shot product."""
        return pair_matrix(read_pairs(self.support_file(shots)), self.customers, self.candidates("few_shot"))
