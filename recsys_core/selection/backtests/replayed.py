"""One split, replayed: what every way of recommending said at each number of first sales, and what came true. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recsys_core.artefacts import load_arrays, load_frame, save_arrays


@dataclass(frozen=True)
class Queries:
    """Who bought which of some products later, one customer after another."""

    asked: np.ndarray
    """(n,) positions of the customers, rising."""
    customer: np.ndarray
    """(m,) which of `asked`, rising."""
    product: np.ndarray
    """(m,) position among the products."""
    n_products: int

    @classmethod
    def of(cls, customer: np.ndarray, product: np.ndarray, n_products: int) -> Queries:
        """Of pairs (m,): positions of customers and of products."""
        order = np.lexsort((product, customer))
        asked, row = np.unique(customer[order], return_inverse=True)
        return cls(asked, row, product[order], n_products)

    @property
    def relevant(self) -> sp.csr_matrix:
        """(n, n_products) of ones."""
        ones = np.ones(len(self.customer), dtype=np.float32)
        return sp.csr_matrix((ones, (self.customer, self.product)), (len(self.asked), self.n_products))

    @property
    def counts(self) -> np.ndarray:
        """(n,) how many each has to find."""
        return np.bincount(self.customer, minlength=len(self.asked))

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        parts = {"asked": self.asked, "customer": self.customer, "product": self.product}
        return {f"{name}.{part}": array for part, array in parts.items()} | {f"{name}.n": np.array([self.n_products])}

    @classmethod
    def of_arrays(cls, name: str, arrays: Mapping[str, np.ndarray]) -> Queries:
        asked, customer, product = (arrays[f"{name}.{part}"] for part in ("asked", "customer", "product"))
        return cls(asked, customer, product, int(arrays[f"{name}.n"][0]))


@dataclass(frozen=True)
class Stage:
    """What is the same for every way of recommending: products, customers, support, and what is to be found."""

    name: str
    reached: float
    """See `Split.reached`."""
    days: float | None
    """From a new product's first sale to the end, on average; None without times."""
    whole: int
    """Customers with a history; in a large shop `customers` is a random draw of them."""
    shots: list[int]
    """Rising."""
    customers: pd.DataFrame
    """customer_id, bought (known products before): those who are asked."""
    products: pd.DataFrame
    """product_id, title, category, price, first_sold, buyers (later, known ones), twin (title of a known product that it is nearly
    the same as), twin_likeness (cosine): all new products."""
    known: int
    """Products of the catalog."""
    few: np.ndarray
    """(n_e,) positions of the products that have enough buyers for every number of first sales."""
    support: np.ndarray
    """(n_e, most shots) customers' positions, first buyers first."""
    queries: Queries
    """Of `few`: who bought them after the most first sales. The same for every number of first sales."""
    everything: Queries
    """Of all new products, without first sales."""
    likeness: np.ndarray
    """(m,) of the pairs of `queries`: cosine of the customer's history with the product's text."""
    known_queries: Queries
    """Known products that customers bought later."""
    known_found: np.ndarray
    """(n_w, top) bool: whether that place of a customer's list of known products was one to be found."""
    content: np.ndarray
    """(n_e, d) float32 dense content vectors."""

    def save(self, folder: Path) -> None:
        arrays = {
            "few": self.few,
            "support": self.support,
            "likeness": self.likeness,
            "known_found": self.known_found,
            "content": self.content,
        }
        for name in ("queries", "everything", "known_queries"):
            arrays |= getattr(self, name).arrays(name)
        settings = {
            "name": self.name,
            "reached": self.reached,
            "days": self.days,
            "whole": self.whole,
            "shots": self.shots,
            "known": self.known,
        }
        save_arrays(folder, arrays, settings, {"customers": self.customers, "products": self.products})

    @classmethod
    def load(cls, folder: Path) -> Stage:
        """Raises DamagedArtefact."""
        arrays, settings = load_arrays(folder)
        fields: dict[str, Any] = settings | {name: array for name, array in arrays.items() if "." not in name}
        fields |= {name: Queries.of_arrays(name, arrays) for name in ("queries", "everything", "known_queries")}
        return cls(**fields | {name: load_frame(folder, name) for name in ("customers", "products")})


@dataclass(frozen=True)
class Said:
    """What one way of recommending said on a stage; S numbers of first sales, lists of K."""

    way: str
    lists: np.ndarray
    """(S, n_asked, K) positions among `few`, -1 behind the last. A product's first buyers, all `Stage.support` of them, aren't asked
    for it: for every number of first sales the same pairs are ranked."""
    in_list: np.ndarray
    """(S, m) rank of each pair of `queries` in the customer's list of all of `few`."""
    in_audience: np.ndarray
    """(S, m) rank of each pair among all customers for that product."""
    everything: np.ndarray
    """(n, K) lists of all new products, for the customers of `Stage.everything`."""
    together: np.ndarray
    """(S, n_w, K) int8: lists of known and new products in one, for those asked for known ones: 0 miss, 1 a known product that
    was bought, 2 a new one."""
    chances: list[dict[str, Any]]
    """As JSON, a row for each number of first sales and bin of listed pairs: shots and what `reliability` gives; [] where no
    probability is known."""
    days: float | None
    """How long after its first sale a product's chances reach; None: as long as it is sold."""
    seconds: float = 0.0
    """That it took, with what it had to learn."""

    def save(self, folder: Path) -> None:
        arrays = {
            "lists": self.lists,
            "in_list": self.in_list,
            "in_audience": self.in_audience,
            "everything": self.everything,
            "together": self.together,
        }
        save_arrays(
            folder, arrays, {"way": self.way, "chances": self.chances, "days": self.days, "seconds": self.seconds}
        )

    @classmethod
    def load(cls, folder: Path) -> Said:
        """Raises DamagedArtefact."""
        arrays, settings = load_arrays(folder)
        return cls(**settings | arrays)


@dataclass(frozen=True)
class Replayed:
    """A stage with all that was said on it."""

    stage: Stage
    said: list[Said]
    unable: dict[str, str]
    """Ways that couldn't be replayed → why."""

    def of(self, way: str) -> Said | None:
        return next((said for said in self.said if said.way == way), None)
