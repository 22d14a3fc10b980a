"""Files of a launch, checked before anything is kept: do they fit the catalog, and each other."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from recsys_core.dataset import Dataset
from recsys_core.errors import InvalidTable
from recsys_core.run_context import RunContext
from recsys_core.tables.checking import CheckedTable
from recsys_core.tables.columns import CUSTOMER, PRODUCT
from recsys_core.workspace.imports import Upload

_EXAMPLES = 3


@dataclass(frozen=True)
class CheckedProducts:
    """New products, read and checked."""

    table: CheckedTable
    in_catalog: tuple[str, ...]
    """Ids that are in the catalog already: those have history, so they aren't new."""

    def frame(self, *, leave_out_known: bool = True) -> pd.DataFrame:
        if not leave_out_known:
            return self.table.frame
        return self.table.frame[~self.table.frame[PRODUCT].isin(self.in_catalog)].reset_index(drop=True)

    def sentences(self) -> list[str]:
        if not self.in_catalog:
            return []
        count = len(self.in_catalog)
        return [
            f"{_many(count, 'product')} {_are(count)} in the catalog already{_such(self.in_catalog)}. "
            "What is in the catalog has its history there, and isn't new."
        ]


@dataclass(frozen=True)
class CheckedSales:
    """First sales, read and checked against a launch and the catalog. All of them are kept; not all count."""

    table: CheckedTable
    other_products: tuple[str, ...]
    """Ids of products that aren't in the launch, the most frequent first."""
    other_rows: int
    unknown_customers: int
    """Distinct customers of the launch's sales whom the catalog doesn't know."""
    unknown_rows: int
    products_sold: int
    """How many of the launch's products have a first sale."""

    def sentences(self) -> list[str]:
        said = []
        if self.other_rows:
            said.append(
                f"{_many(self.other_rows, 'sale')} {_are(self.other_rows)} of products that aren't in the launch"
                f"{_such(self.other_products)}. They are kept, but don't count."
            )
        if self.unknown_customers:
            said.append(
                f"{_many(self.unknown_rows, 'sale')} {_are(self.unknown_rows)} by "
                f"{_many(self.unknown_customers, 'customer')} whom the catalog doesn't know: without a history, they say "
                "nothing of who else may like a product."
            )
        return said


def check_new_products(upload: Upload, catalog: Dataset | None, run: RunContext = RunContext()) -> CheckedProducts:
    """Raises InvalidTable if the file can't be used or has no good row."""
    table = upload.check("products", run=run)
    if table.frame.empty:
        raise InvalidTable(f"“{upload.name}” has no usable product: {table.summary()} Mend it and try again.")
    known = (
        table.frame[PRODUCT].isin(catalog.product_ids) if catalog is not None else pd.Series(False, table.frame.index)
    )
    return CheckedProducts(table, tuple(table.frame.loc[known, PRODUCT]))


def check_first_sales(
    upload: Upload, product_ids: pd.Index, catalog: Dataset | None, run: RunContext = RunContext()
) -> CheckedSales:
    """`product_ids` are the launch's. Raises InvalidTable if the file can't be used or has no good row."""
    table = upload.check("interactions", run=run)
    if table.frame.empty:
        raise InvalidTable(f"“{upload.name}” has no usable sale: {table.summary()} Mend it and try again.")
    ours = table.frame[PRODUCT].isin(product_ids)
    other, sales = table.frame[~ours], table.frame[ours]
    strange = sales[:0] if catalog is None else sales[~sales[CUSTOMER].isin(catalog.customer_ids)]
    return CheckedSales(
        table=table,
        other_products=tuple(other[PRODUCT].value_counts().index),
        other_rows=len(other),
        unknown_customers=int(strange[CUSTOMER].nunique()),
        unknown_rows=len(strange),
        products_sold=int(sales[PRODUCT].nunique()),
    )


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun if count == 1 else noun + 's'}"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _such(ids: tuple[str, ...]) -> str:
    more = len(ids) - _EXAMPLES
    return ": " + ", ".join(f"“{id_}”" for id_ in ids[:_EXAMPLES]) + (f" and {more:,} more" if more > 0 else "")
