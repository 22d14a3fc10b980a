"""The atlas of a catalog's categories, kept: one for each version, the newest counts."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from recsys_core.errors import NotThere
from recsys_core.workspace.records import AtlasRecord
from recsys_core.workspace.tables import ATLASES
from recsys_core.workspace.workspace import Save, Workspace, fields_of, of_version

if TYPE_CHECKING:
    from recsys_core.categories.atlas import Atlas


def publish_atlas(
    workspace: Workspace, save: Save, *, catalog_version: str, settings: Mapping[str, Any], summary: Mapping[str, Any]
) -> AtlasRecord:
    """Keeps an atlas as the newest of its catalog version, and removes the one before."""
    values = of_version(catalog_version, settings, summary)
    folder = _folder(workspace, values["id"])
    workspace.publish_artefact(folder, save)
    older = sa.and_(ATLASES.c.catalog_version == catalog_version, ATLASES.c.id != values["id"])
    with workspace.naming(folder, catalog_version) as connection:
        gone = connection.execute(sa.select(ATLASES.c.id).where(older)).scalars().all()
        connection.execute(sa.insert(ATLASES).values(values))
        connection.execute(sa.delete(ATLASES).where(older))
    for atlas_id in gone:
        shutil.rmtree(_folder(workspace, atlas_id), ignore_errors=True)
    return AtlasRecord(**values)


def atlas_record(workspace: Workspace, catalog_version: str) -> AtlasRecord | None:
    """The atlas of that version of the catalog; None if there is none."""
    row = workspace.newest(ATLASES, ATLASES.c.catalog_version == catalog_version)
    return None if row is None else AtlasRecord(**fields_of(row))


def load_atlas(workspace: Workspace, atlas_id: str) -> Atlas:
    """Raises NotThere, DamagedArtefact."""
    from recsys_core.categories.atlas import Atlas

    folder = _folder(workspace, atlas_id)
    if not folder.is_dir():
        raise NotThere("These figures of the categories were replaced meanwhile. Reload the page.")
    return Atlas.load(folder)


def _folder(workspace: Workspace, atlas_id: str) -> Path:
    return workspace.folder / "atlases" / atlas_id
