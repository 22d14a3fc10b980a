"""A new version of the catalog whose products were given categories."""

from __future__ import annotations

import pandas as pd

from recsys_core.tables.columns import PRODUCT
from recsys_core.tables.difference import difference
from recsys_core.workspace.catalog_versions import pieces_of, unless_deleted
from recsys_core.workspace.pieces import read_table, write_table
from recsys_core.workspace.records import CatalogVersion
from recsys_core.workspace.workspace import Workspace, new_id


def publish_placed_catalog(workspace: Workspace, version: CatalogVersion, placements: pd.DataFrame) -> CatalogVersion:
    """That version with those products (product_id, category) that have no category in those; all else stays. Raises NotThere."""
    tables = pieces_of(workspace, workspace.needed_catalog_version(version.id))
    products = read_table(workspace.pieces_folder, tables["products"])
    placed = products[PRODUCT].astype("str").map(placements.set_index(PRODUCT)["category"])
    category = products["category"].where(products["category"].notna(), placed).astype("str")
    # Written whole, so that the products keep their order; the other tables are shared with that version.
    tables["products"] = write_table(workspace.pieces_folder, products.assign(category=category))
    return workspace.publish_tables(
        tables,
        customers=version.customers,
        # The same files with another content: they mustn't be taken for the version that they made.
        files=[{**file, "sha256": f"{file.get('sha256')} placed {new_id()}"} for file in version.files],
        report=version.report | {"placed": len(placements)},
        check=unless_deleted(version.id),
        difference={"products": difference(products, products.assign(category=category), "products").counts()},
    )
