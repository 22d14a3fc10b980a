"""Where the products of a launch were placed in the shop's tree: by the model, or by a person, whose word goes on counting.

Placements are a frame: product_id, given (the category as it came, may be missing), category (where it was placed), by
("person" or "model"). The products as they came stay as they are; the newest placements are laid over them when a launch is read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import sqlalchemy as sa

from recsys_core.errors import DamagedArtefact
from recsys_core.tables.columns import PERSON, PLACED_BY, PRODUCT
from recsys_core.workspace.database import now
from recsys_core.workspace.frames import publish_frames, read_frames
from recsys_core.workspace.tables import PLACEMENTS

if TYPE_CHECKING:
    from recsys_core.workspace.workspace import Workspace

SUGGESTED = "suggested"
"""Folder of what a placing run suggested."""


def placed_products(products: pd.DataFrame, placements: pd.DataFrame | None) -> pd.DataFrame:
    """The products in the categories where they were placed, with a column that says by whom."""
    if placements is None or placements.empty:
        return products
    by_id = placements.set_index(PRODUCT)
    placed = products[PRODUCT].map(by_id["category"])
    return products.assign(
        category=placed.where(placed.notna(), given_categories(products)).astype("str"),
        **{PLACED_BY: products[PRODUCT].map(by_id["by"])},
    )


def given_categories(products: pd.DataFrame) -> pd.Series:
    """The products' categories as they came; all missing where the table has none."""
    return products["category"] if "category" in products else pd.Series(pd.NA, products.index, dtype="str")


def save_placements(workspace: Workspace, launch: str, placements: pd.DataFrame) -> str:
    """Keeps these as the launch's newest placements (none: it is as it came); returns their id. Raises NotThere."""
    from recsys_core.workspace.workspace import new_id

    row = workspace.launch_row(launch)
    placements_id = new_id()
    publish_frames(workspace.launch_folder(row.id) / f"placed-{placements_id}", {"placements": placements})
    values = {"id": placements_id, "created": now(), "launch": row.id, "products": len(placements)}
    with workspace.begin() as connection:
        connection.execute(sa.insert(PLACEMENTS).values(values))
    return placements_id


def remembered(workspace: Workspace) -> dict[str, str]:
    """Foreign category → where a person placed products of it, if all placed ones of the launch are there; the newest word counts."""
    with workspace.begin() as connection:
        rows = connection.execute(sa.select(PLACEMENTS).order_by(PLACEMENTS.c.number)).all()
    newest = {row.launch: row.number for row in rows}
    known: dict[str, str] = {}
    for launch in sorted(newest, key=newest.__getitem__):
        placements = workspace.placements(launch)
        if placements is not None:
            for given, placed in placements.groupby("given"):
                if placed["category"].nunique() == 1 and (placed["by"] == PERSON).any():
                    known[str(given)] = str(placed["category"].iloc[0])
    return known


def keep_suggestions(workspace: Workspace, launch: str | None, version_id: str, suggestions: pd.DataFrame) -> None:
    """Keeps what a placing run suggests for a launch, or (None) for the catalog's own products; replaces what was there.

    version_id: of the catalog whose categories are suggested.
    """
    publish_frames(_folder(workspace, launch), {"suggestions": suggestions.assign(catalog_version=version_id)})


def suggestions(workspace: Workspace, launch: str | None, version_id: str) -> pd.DataFrame | None:
    """What the newest placing run suggested in that version of the catalog; None: there was none."""
    try:
        told = read_frames(_folder(workspace, launch))["suggestions"]
    except DamagedArtefact:
        # None yet, or just being replaced; they can be made again at any time.
        return None
    told = told[told["catalog_version"] == version_id].drop(columns="catalog_version")
    return None if told.empty else told


def _folder(workspace: Workspace, launch: str | None) -> Path:
    if launch is None:
        return workspace.folder / SUGGESTED
    return workspace.launch_folder(workspace.launch_row(launch).id) / SUGGESTED
