"""An adapted model as the page needs it: loaded once for all sessions, with the catalog's titles and customers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from recsys_core.errors import NotThere
from recsys_core.tables.columns import CUSTOMER, PLACE, PRODUCT
from recsys_core.ui.launch_uncertainty import certainty_of
from recsys_core.ui.session import workspace
from recsys_core.workspace import LaunchRecord, Workspace
from recsys_core.workspace.exports import customer_table

if TYPE_CHECKING:
    from recsys_core.adaptation.adapted_model import AdaptedModel
    from recsys_core.dataset import Dataset
    from recsys_core.selection.certainty import Certainty

OURS = ("orders", "products_bought", "last_order")
"""The columns of `Loaded.customers` that `customer_table` adds to the shop's own."""


@dataclass(frozen=True)
class Loaded:
    """Shared by all sessions: never changed."""

    id: str
    """Of the adapted record; what caches go by."""
    adapted: AdaptedModel
    products: pd.DataFrame
    """The catalog's, without texts that aren't shown: product_id, title, category."""
    customers: pd.DataFrame
    """See `customer_table`: customer_id, the shop's own columns, orders, products_bought, last_order."""
    titles: dict[str, str] = field(repr=False)
    """Of the catalog's and the launch's products; the id where there is no title, and after one that several have."""
    certainty: Certainty | None = None
    """What first sales are worth; None where that isn't known."""

    @property
    def attributes(self) -> list[str]:
        """The shop's own columns of its customers."""
        return [str(name) for name in self.customers if name != CUSTOMER and name not in OURS]

    @property
    def new_products(self) -> pd.DataFrame:
        """The launch's products as they are shown: in the category where they were placed, whether they go by it or not."""
        products = self.adapted.launch.products
        return products.assign(category=products[PLACE]) if PLACE in products else products

    def orders(self, customer_id: str) -> int:
        """Orders so far, of a customer with history."""
        at = self.adapted.source.customer_ids_.get_indexer(pd.Index([customer_id]))[0]
        return int(self.customers["orders"].to_numpy()[at])

    def title(self, product_id: str) -> str:
        return self.titles.get(product_id, product_id)

    def customer_name(self, customer_id: str) -> str:
        """The id with what the shop says of the customer: “12347 (Iceland)”."""
        at = self.adapted.source.customer_ids_.get_indexer(pd.Index([customer_id]))[0]
        if at < 0:
            return customer_id
        row = self.customers.iloc[at]
        said = [str(row[name]) for name in self.attributes[:3] if pd.notna(row[name]) and str(row[name]).strip()]
        return f"{customer_id} ({', '.join(said)})" if said else customer_id


def load(record: LaunchRecord) -> Loaded:
    """What the newest adaptation of that launch made. Raises NotThere, DamagedArtefact."""
    if record.adapted is None:
        raise NotThere(f"The launch “{record.name}” has no recommendations yet. Press Recommend first.")
    return _loaded(workspace(), record.id, record.adapted.id)


@st.cache_resource(max_entries=4, show_spinner="Opening the recommendations …")
def _loaded(_workspace: Workspace, launch_id: str, adapted_id: str) -> Loaded:
    adapted = _workspace.load_adapted(launch_id)
    record = _workspace.launch_record(launch_id).adapted
    model = None if record is None else _workspace.model(record.model)
    if model is None or record is None:
        raise NotThere(
            "The source model of these recommendations isn't in the workspace any more. Adapt the launch again."
        )
    loaded = describe(adapted_id, adapted, _workspace.catalog(model.catalog_version))
    return replace(loaded, certainty=certainty_of(record.summary))


def describe(adapted_id: str, adapted: AdaptedModel, catalog: Dataset) -> Loaded:
    """Puts an adapted model and the catalog that its source model learned from together."""
    shown = [name for name in (PRODUCT, "title", "category") if name in catalog.products]
    titles = _titles(catalog.products) | _titles(adapted.launch.products)
    return Loaded(adapted_id, adapted, catalog.products[shown], customer_table(catalog), titles)


def _titles(products: pd.DataFrame) -> dict[str, str]:
    named = products["title"].fillna(products[PRODUCT])
    # Two products of one title can be told apart by the id only.
    named = named.where(~named.duplicated(keep=False), named + " (" + products[PRODUCT] + ")")
    return dict(zip(products[PRODUCT], named, strict=True))


@st.cache_resource(max_entries=2, show_spinner=False)
def _catalog(_workspace: Workspace, version_id: str) -> Dataset:
    return _workspace.catalog(version_id)


def newest_catalog() -> Dataset | None:
    """The newest catalog, to check a launch's files against; None if there is none."""
    version = workspace().catalog_version()
    return None if version is None else _catalog(workspace(), version.id)
