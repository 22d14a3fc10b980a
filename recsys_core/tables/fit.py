"""How the three tables of a shop fit together."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from recsys_core.tables.columns import CUSTOMER, PRODUCT
from recsys_core.tables.difference import arrow
from recsys_core.tables.rows import is_in, repeated

_EXAMPLES = 3


@dataclass(frozen=True)
class FitReport:
    """Counts of what fits and what doesn't. Nothing is dropped by it."""

    products: int
    customers: int | None
    """Rows of the customers' table; None where there is none."""
    interactions: int
    unknown_product: int
    """Interactions that name a product which isn't in the products' table."""
    unknown_customer: int
    """Interactions that name a customer who isn't in the customers' table; 0 where there is none."""
    unknown_products: tuple[str, ...]
    """The product ids behind `unknown_product`, the most frequent first."""
    unknown_customers: tuple[str, ...]
    """The customer ids behind `unknown_customer`, the most frequent first."""
    products_without_interaction: int
    customers_without_history: int
    duplicates: int
    """Interactions that equal an earlier one in all columns."""

    def sentences(self) -> list[str]:
        """The findings in plain words, the good ones too."""
        said = []
        if self.unknown_product:
            said.append(
                f"{_many(self.unknown_product, 'interaction')} of {self.interactions:,} "
                f"{_names(self.unknown_product)} a product that isn't in the products file{_such(self.unknown_products)}."
            )
        if self.unknown_customer:
            said.append(
                f"{_many(self.unknown_customer, 'interaction')} of {self.interactions:,} "
                f"{_names(self.unknown_customer)} a customer who isn't in the customers file{_such(self.unknown_customers)}."
            )
        if not said:
            known = "product" if self.customers is None else "product and customer"
            said.append(
                f"Every interaction names a {known} that is there." if self.interactions else "No interactions."
            )
        if self.products_without_interaction:
            said.append(f"{_have(self.products_without_interaction, 'product')} no interaction yet.")
        if self.customers_without_history:
            said.append(f"{_have(self.customers_without_history, 'customer')} no history yet.")
        if self.duplicates:
            said.append(
                f"{_many(self.duplicates, 'interaction')} "
                f"{'equals' if self.duplicates == 1 else 'equal'} an earlier one in every column; all were kept."
            )
        return said


def fit_together(products: pd.DataFrame, interactions: pd.DataFrame, customers: pd.DataFrame | None) -> FitReport:
    """Counts how the typed tables of a shop fit together.

    Where there is no customers' table, every customer who is named counts as known.
    """
    strange_products = ~is_in(interactions[PRODUCT], products[PRODUCT])
    unknown_products = interactions.loc[strange_products, PRODUCT].value_counts()
    unknown_customers = pd.Series(dtype="int64")
    silent_customers = 0
    if customers is not None:
        strange_customers = ~is_in(interactions[CUSTOMER], customers[CUSTOMER])
        unknown_customers = interactions.loc[strange_customers, CUSTOMER].value_counts()
        silent_customers = int((~is_in(customers[CUSTOMER], interactions[CUSTOMER])).sum())
    return FitReport(
        products=len(products),
        customers=None if customers is None else len(customers),
        interactions=len(interactions),
        unknown_product=int(unknown_products.sum()),
        unknown_customer=int(unknown_customers.sum()),
        unknown_products=tuple(unknown_products.index),
        unknown_customers=tuple(unknown_customers.index),
        products_without_interaction=int((~is_in(products[PRODUCT], interactions[PRODUCT])).sum()),
        customers_without_history=silent_customers,
        duplicates=_duplicates(interactions),
    )


def _duplicates(interactions: pd.DataFrame) -> int:
    if not len(interactions):
        return 0
    return int(repeated(arrow(interactions).columns).sum())


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _have(count: int, noun: str) -> str:
    return f"{_many(count, noun)} {'has' if count == 1 else 'have'}"


def _names(count: int) -> str:
    return "names" if count == 1 else "name"


def _such(ids: tuple[str, ...]) -> str:
    shown = ", ".join(f'"{id_}"' for id_ in ids[:_EXAMPLES])
    more = len(ids) - _EXAMPLES
    return f": {shown}" + (f" and {more:,} more" if more > 0 else "")
