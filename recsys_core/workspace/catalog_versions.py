"""The versions of the catalog: what an import makes of the newest, what was there before, and what hangs on each."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from recsys_core.errors import AlreadyThere, LaunchdeskError, NotThere
from recsys_core.tables.columns import CUSTOMER, KINDS, Kind
from recsys_core.tables.difference import Combined, Difference, difference
from recsys_core.workspace.frames import read_frames
from recsys_core.workspace.pieces import (
    Piece,
    from_json,
    read_apart,
    read_table,
    update_table,
    write_table,
)
from recsys_core.workspace.records import CatalogVersion
from recsys_core.workspace.tables import ADAPTED, ATLASES, BACKTESTS, CATALOGS, LAUNCHES, MODELS
from recsys_core.workspace.workspace import Workspace, customer_count, fields_of, no_interactions


def publish_combined(
    workspace: Workspace,
    combined: Mapping[Kind, Combined],
    *,
    before: CatalogVersion | None,
    files: Sequence[Mapping[str, Any]],
    report: Mapping[str, Any],
    who: str | None = None,
) -> CatalogVersion:
    """Keeps what an import made of the tables of the newest version (`before`; None: there was none) as the next one.

    Tables that aren't in `combined` stay as they are. Where nothing changes, no version is made and `before` is returned.
    Raises AlreadyThere if another version came, or `before` went, meanwhile.
    """
    folder = workspace.pieces_folder
    old = {} if before is None else pieces_of(workspace, before)
    tables = dict(old)
    for kind, one in combined.items():
        if (one.before is None) != (kind not in old):
            raise ValueError(f"{kind} were combined with another version of the catalog than the one given")
        if kind in old:
            tables[kind] = update_table(folder, old[kind], one.gone, one.fresh)
        else:
            tables[kind] = write_table(folder, one.frame)
    if "interactions" not in tables:
        tables["interactions"] = write_table(folder, no_interactions())
    if before is not None and tables == old:
        _check_newest(workspace.catalog_version(), before)
        return before
    return workspace.publish_tables(
        tables,
        customers=_customers(workspace, tables, combined, before),
        files=files,
        report=report,
        check=lambda ids: _refuse_unless(ids[:1] == ([] if before is None else [before.id])),
        who=who,
        difference={kind: one.difference.counts() for kind, one in combined.items()},
    )


def versions(workspace: Workspace) -> list[CatalogVersion]:
    """All of them, newest first."""
    with workspace.begin() as connection:
        rows = connection.execute(sa.select(CATALOGS).order_by(CATALOGS.c.number.desc())).all()
    return [CatalogVersion(**fields_of(row)) for row in rows]


def restore(workspace: Workspace, version_id: str, who: str | None = None) -> CatalogVersion:
    """Makes the tables of an older version the newest again, as a version of their own; they are not copied.

    Where they are the newest already, that version is returned. Raises NotThere.
    """
    version, newest = workspace.needed_catalog_version(version_id), workspace.needed_catalog_version()
    if version.id == newest.id or (version.tables is not None and version.tables == newest.tables):
        return newest
    return workspace.publish_tables(
        pieces_of(workspace, version),
        customers=version.customers,
        files=version.files,
        report=version.report,
        check=unless_deleted(version.id),
        who=who,
        restored_from=version.id,
    )


def unless_deleted(version_id: str) -> Callable[[list[str]], None]:
    """A check for `Workspace.publish_tables`: raises NotThere if that version is not among the others any more."""

    def check(ids: list[str]) -> None:
        if version_id not in ids:
            raise NotThere("This version of the catalog was deleted meanwhile. Nothing was changed; choose another.")

    return check


def compare(workspace: Workspace, a: str, b: str) -> dict[Kind, Difference]:
    """What changed from version a to version b, for each table that either has. Raises NotThere, DamagedArtefact."""
    tables = [pieces_of(workspace, workspace.needed_catalog_version(version_id)) for version_id in (a, b)]
    compared: dict[Kind, Difference] = {}
    for kind in KINDS:
        if any(kind in one for one in tables):
            before, after, shared = read_apart(workspace.pieces_folder, *(one.get(kind, []) for one in tables))
            told = difference(_with_columns(before, after), _with_columns(after, before), kind)
            compared[kind] = replace(told, unchanged=told.unchanged + shared)
    return compared


def _with_columns(frame: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """A table that isn't there as one without rows."""
    return frame if len(frame.columns) else other.head(0)


def pieces_of(workspace: Workspace, version: CatalogVersion) -> dict[Kind, list[Piece]]:
    """The pieces of each table of a version; those of an older workspace's are written first. Raises DamagedArtefact."""
    if version.tables is not None:
        return {kind: from_json(version.tables[kind]) for kind in KINDS if kind in version.tables}
    frames = read_frames(workspace.catalog_folder(version.id))
    return {kind: write_table(workspace.pieces_folder, frames[kind]) for kind in KINDS if kind in frames}


def _customers(
    workspace: Workspace,
    tables: Mapping[Kind, Sequence[Piece]],
    combined: Mapping[Kind, Combined],
    before: CatalogVersion | None,
) -> int:
    """See `customer_count`; reads no more than it must."""
    if before is not None and not {"interactions", "customers"} & set(combined):
        return before.customers

    def frame(kind: Kind) -> pd.DataFrame:
        if kind in combined:
            return combined[kind].frame
        return read_table(workspace.pieces_folder, tables[kind], columns=[CUSTOMER])

    return customer_count(frame("interactions"), frame("customers") if "customers" in tables else None)


def _check_newest(newest: CatalogVersion | None, before: CatalogVersion) -> None:
    _refuse_unless(newest is not None and newest.id == before.id)


def _refuse_unless(still: bool) -> None:
    if not still:
        raise AlreadyThere(
            "The catalog was changed by someone else since these files were checked. Nothing was imported. "
            "Check the files again: you then see what they change now."
        )


@dataclass(frozen=True)
class Uses:
    """What was made of a version of the catalog."""

    models: tuple[str, ...]
    """Ids of source models."""
    launches: tuple[str, ...]
    """Names of the launches whose recommendations were made by one of these models."""
    atlases: tuple[str, ...]
    backtests: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.models or self.launches or self.atlases or self.backtests)

    def sentence(self) -> str:
        """For example: 2 source models, the recommendations of “May” and “June”, 1 backtest; empty if there is nothing."""
        parts = [_count(len(self.models), "source model")] if self.models else []
        if self.launches:
            *others, last = [f"“{name}”" for name in self.launches]
            parts.append(f"the recommendations of {', '.join(others)}{' and ' if others else ''}{last}")
        parts += ["the figures of its categories"] if self.atlases else []
        parts += [_count(len(self.backtests), "backtest")] if self.backtests else []
        return ", ".join(parts)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def uses(workspace: Workspace, version_id: str) -> Uses:
    """What was made of that version."""
    with workspace.begin() as connection:
        return _uses(connection, version_id)


def _uses(connection: sa.Connection, version_id: str) -> Uses:
    def made(table: sa.Table) -> tuple[str, ...]:
        found = sa.select(table.c.id).where(table.c.catalog_version == version_id).order_by(table.c.number)
        return tuple(connection.execute(found).scalars())

    adapted = sa.select(ADAPTED.c.launch).where(ADAPTED.c.model.in_(_models_of(version_id)))
    names = sa.select(LAUNCHES.c.name).where(LAUNCHES.c.id.in_(adapted)).order_by(LAUNCHES.c.number)
    return Uses(made(MODELS), tuple(connection.execute(names).scalars()), made(ATLASES), made(BACKTESTS))


def _models_of(version_id: str) -> sa.Select[tuple[str]]:
    return sa.select(MODELS.c.id).where(MODELS.c.catalog_version == version_id)


def delete_version(workspace: Workspace, version_id: str, *, with_uses: bool = False) -> None:
    """Removes a version of the catalog; with_uses: and all that was made of it. Launches stay, without recommendations.

    If it is the newest, the one before is the newest then. Raises NotThere; LaunchdeskError if something was made of
    it, which the error names, and with_uses is False.
    """
    try:
        with workspace.begin(alone=True) as connection:
            folders = _delete(workspace, connection, version_id, with_uses)
    except IntegrityError as error:
        raise LaunchdeskError(
            "Something was just made of this version of the catalog. Nothing was deleted; look at it again first."
        ) from error
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    workspace.sweep_pieces()


def _delete(workspace: Workspace, connection: sa.Connection, version_id: str, with_uses: bool) -> list[Path]:
    """Deletes the rows; returns the folders that they named."""
    if connection.execute(sa.select(CATALOGS.c.id).where(CATALOGS.c.id == version_id)).one_or_none() is None:
        raise NotThere("This version of the catalog isn't there any more. Reload the page.")
    used = _uses(connection, version_id)
    if used and not with_uses:
        raise LaunchdeskError(
            f"This was made of this version of the catalog: {used.sentence()}. Nothing was deleted. "
            "Delete it together with the version, or keep the version."
        )
    folders = [workspace.catalog_folder(version_id)]
    by_its_models = ADAPTED.c.model.in_(_models_of(version_id))
    for row in connection.execute(sa.select(ADAPTED.c.id, ADAPTED.c.launch).where(by_its_models)):
        folders.append(workspace.adapted_folder(row.launch, row.id))
    folders += [workspace.model_folder(model_id) for model_id in used.models]
    folders += [workspace.folder / "atlases" / atlas_id for atlas_id in used.atlases]
    folders += [workspace.folder / "backtests" / backtest_id for backtest_id in used.backtests]
    connection.execute(sa.delete(ADAPTED).where(by_its_models))
    for table in (MODELS, ATLASES, BACKTESTS):
        connection.execute(sa.delete(table).where(table.c.catalog_version == version_id))
    connection.execute(sa.update(LAUNCHES).where(LAUNCHES.c.catalog_version == version_id).values(catalog_version=None))
    connection.execute(sa.delete(CATALOGS).where(CATALOGS.c.id == version_id))
    return folders
