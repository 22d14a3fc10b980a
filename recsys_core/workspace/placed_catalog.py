"""A new version of the catalog whose products were given categories."""

from __future__ import annotations

import pandas as pd

from recsys_core.tables.columns import PRODUCT
from recsys_core.workspace.records import CatalogVersion
from recsys_core.workspace.workspace import Workspace, new_id


def publish_placed_catalog(workspace: Workspace, version: CatalogVersion, placements: pd.DataFrame) -> CatalogVersion:
    """That version with those products (product_id, category) that have no category in those; all else stays. Raises NotThere."""
    catalog = workspace.catalog(version.id)
    placed = catalog.products[PRODUCT].map(placements.set_index(PRODUCT)["category"])
    category = catalog.products["category"].where(catalog.products["category"].notna(), placed).astype("str")
    return workspace.publish_catalog(
        catalog.products.assign(category=category),
        catalog.interactions,
        catalog.customers,
        # The same files with another content: they mustn't be taken for the version that they made.
        files=[{**file, "sha256": f"{file.get('sha256')} placed {new_id()}"} for file in version.files],
        report=version.report | {"placed": len(placements)},
    )
