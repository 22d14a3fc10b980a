"""By what replayed products and customers are told apart: category, price, month of launch, twins; how much customers bought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys_core.selection.backtests.replayed import Stage

CATEGORIES = 8
"""So many first-level categories have a group of their own."""
TWIN = 0.9
"""From this cosine of their words on, two products are variants of one."""
FEW_BOUGHT = 2
"""Customers who bought so many products before, at most, are new ones."""
OTHER = "all others"


@dataclass(frozen=True)
class Group:
    """kind and name, for people, and which products (of `Stage.few`) or which customers (of `Stage.queries`) are in it."""

    kind: str
    name: str
    products: np.ndarray | None
    """(n_e,) bool; None: all."""
    customers: np.ndarray | None
    """(n,) bool; None: all."""

    @property
    def label(self) -> str:
        return f"{self.kind}: {self.name}"


@dataclass(frozen=True)
class Grouping:
    """Where groups end: the same for all splits of a backtest."""

    categories: list[str]
    prices: list[float]
    """Two bounds between three bands; none if few prices are known."""
    heavy: float
    """Customers who bought more products than this before are heavy buyers."""

    @classmethod
    def of(cls, stages: Sequence[Stage]) -> Grouping:
        products = pd.concat([stage.products.iloc[stage.few] for stage in stages], ignore_index=True)
        categories = _first_level(products).value_counts().head(CATEGORIES).index.tolist()
        known = products["price"].dropna() if "price" in products else pd.Series(dtype=float)
        prices = sorted(set(known.quantile([1 / 3, 2 / 3]))) if known.nunique() >= 3 else []
        bought = np.concatenate([stage.customers["bought"].to_numpy()[stage.queries.asked] for stage in stages])
        more = bought[bought > FEW_BOUGHT]
        return cls(categories, [float(price) for price in prices], float(np.median(more)) if len(more) else FEW_BOUGHT)

    def groups(self, stage: Stage) -> list[Group]:
        products = stage.products.iloc[stage.few]
        named = [("products", self._twins(products)), ("launched", _months(products)), ("price", self._bands(products))]
        named.insert(0, ("category", self._category(products)))
        found = []
        for kind, names in named:
            present = sorted(set(names.dropna()), key=self._order)
            if len(present) > 1 or kind == "products":
                found += [Group(kind, name, (names == name).to_numpy(), None) for name in present]
        bought = stage.customers["bought"].to_numpy()[stage.queries.asked]
        kinds = {
            f"new (up to {FEW_BOUGHT} before)": bought <= FEW_BOUGHT,
            f"occasional (up to {self.heavy:.0f})": (bought > FEW_BOUGHT) & (bought <= self.heavy),
            f"heavy (over {self.heavy:.0f})": bought > max(self.heavy, FEW_BOUGHT),
        }
        found += [Group("customers", name, None, inside) for name, inside in kinds.items() if inside.any()]
        return found

    def _category(self, products: pd.DataFrame) -> pd.Series:
        first = _first_level(products)
        return first.where(first.isin(self.categories) | first.isna(), OTHER)

    def _order(self, name: str) -> tuple[int, str]:
        """Large categories first; everything else by its name."""
        place = self.categories.index(name) if name in self.categories else len(self.categories)
        return place, name

    def _bands(self, products: pd.DataFrame) -> pd.Series:
        if not self.prices or "price" not in products:
            return pd.Series(None, products.index, dtype="object")
        low, high = self.prices[0], self.prices[-1]
        band = np.select(
            [products["price"] <= low, products["price"] <= high],
            [f"1: to {low:,.2f}", f"2: to {high:,.2f}"],
            "3: above",
        )
        return pd.Series(band, products.index).where(products["price"].notna())

    @staticmethod
    def _twins(products: pd.DataFrame) -> pd.Series:
        twin = products["twin_likeness"] >= TWIN
        return pd.Series(np.where(twin, "variants of known ones", "really new"), products.index)


def _first_level(products: pd.DataFrame) -> pd.Series:
    if "category" not in products:
        return pd.Series(None, products.index, dtype="object")
    return products["category"].str.split(">").str[0].str.strip()


def _months(products: pd.DataFrame) -> pd.Series:
    return products["first_sold"].dt.strftime("%Y-%m")
