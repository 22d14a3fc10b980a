"""The workspace: a folder of checked files and a database with one record for each thing in it.

Publishing is: files under a name of their own, synced and renamed, then one row. A reader sees the old or the new,
and what was killed in between is a folder that no row names: `sweep` removes it. Rows never hold absolute paths, so
the folder can be moved. A workspace object keeps no state but its database connections: every process sees changes
at once.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from recsys_core.artefacts import check_folder
from recsys_core.errors import DamagedArtefact, InvalidSetting, NotThere
from recsys_core.tables.columns import CUSTOMER, PRODUCT, Kind
from recsys_core.workspace.database import Database, now
from recsys_core.workspace.frames import plain_disk_errors, publish_frames, read_frames
from recsys_core.workspace.json_values import json_ready
from recsys_core.workspace.launch_names import checked_name, name_taken, normal_name
from recsys_core.workspace.leftovers import FORGOTTEN_AGE, sweep_files, sweep_folder
from recsys_core.workspace.pieces import (
    Piece,
    files_of,
    from_json,
    read_table,
    row_count,
    to_json,
    write_table,
)
from recsys_core.workspace.placements import placed_products
from recsys_core.workspace.records import AdaptedRecord, CatalogVersion, LaunchRecord, ModelRecord
from recsys_core.workspace.support import new_support
from recsys_core.workspace.tables import ADAPTED, ATLASES, BACKTESTS, CATALOGS, LAUNCHES, MODELS, PLACEMENTS, metadata
from recsys_core.workspace.text_vectors import TextVectors

if TYPE_CHECKING:
    from recsys_core.adaptation import AdaptedModel
    from recsys_core.dataset import Dataset, Launch
    from recsys_core.models.source_model import SourceModel

Save = Callable[[Path], None]
"""Writes an artefact (with its manifest) at the path it is given, whole or not at all."""


class Workspace:
    """Everything Launchdesk keeps. Cheap to make; the folder and the tables are created at first use.

    `database_url` names a Postgres database (postgresql://...); without it the records are in SQLite in the folder.
    """

    def __init__(self, folder: Path | str, database_url: str | None = None):
        self.folder = Path(folder).absolute()
        self.database = Database(database_url or f"sqlite:///{self.folder / 'launchdesk.db'}")

    def prepare(self) -> None:
        """Creates the folder. Raises InvalidSetting if it can't be."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidSetting(
                f"The workspace “{self.folder}” can't be created there. Name a folder that can be written to."
            ) from error

    def close(self) -> None:
        """Closes the database connections; the next call opens them again."""
        self.database.close()

    def publish_catalog(
        self,
        products: pd.DataFrame,
        interactions: pd.DataFrame | None,
        customers: pd.DataFrame | None,
        *,
        files: Sequence[Mapping[str, Any]],
        report: Mapping[str, Any],
    ) -> CatalogVersion:
        """Keeps three checked tables as the newest version of the catalog.

        `files` names what they were made from (name, sha256, rows). The same files as those of the newest
        version make no second one: that version is returned.
        """
        newest = self.catalog_version()
        if newest is not None and files and _hashes(files) == _hashes(newest.files):
            return newest
        if interactions is None:
            interactions = no_interactions()
        frames: dict[Kind, pd.DataFrame] = {"products": products, "interactions": interactions}
        if customers is not None:
            frames["customers"] = customers
        return self.publish_tables(
            {kind: write_table(self.pieces_folder, frame) for kind, frame in frames.items()},
            customers=customer_count(interactions, customers),
            files=files,
            report=report,
        )

    def publish_tables(
        self,
        tables: Mapping[Kind, Sequence[Piece]],
        *,
        customers: int,
        files: Sequence[Mapping[str, Any]],
        report: Mapping[str, Any],
        check: Callable[[list[str]], None] | None = None,
        **more: Any,
    ) -> CatalogVersion:
        """Keeps tables whose pieces are written as the newest version of the catalog.

        check: called with the ids of all versions, newest first, while no other version can come or go; it may raise.
        more: other fields of the version.
        """
        values = {
            "id": new_id(),
            "created": now(),
            "products": row_count(tables["products"]),
            "interactions": row_count(tables["interactions"]),
            "customers": customers,
            "files": json_ready(list(files)),
            "report": json_ready(report),
            "tables": {kind: to_json(pieces) for kind, pieces in tables.items()},
            **more,
        }
        with self.begin(alone=True) as connection:
            if check is not None:
                check(list(connection.execute(sa.select(CATALOGS.c.id).order_by(CATALOGS.c.number.desc())).scalars()))
            # Pieces are swept by those who are alone, too: what is there now stays.
            for pieces in tables.values():
                for name in files_of(pieces):
                    if not (self.pieces_folder / name).is_file():
                        raise DamagedArtefact(
                            "A part of the tables was removed before they could be kept. Nothing was changed; try again."
                        )
            connection.execute(sa.insert(CATALOGS).values(values))
        return CatalogVersion(**values)

    def catalog_version(self, version_id: str | None = None) -> CatalogVersion | None:
        """The newest version of the catalog (or the one asked for); None if there is none."""
        row = self.newest(CATALOGS, None if version_id is None else CATALOGS.c.id == version_id)
        return None if row is None else CatalogVersion(**fields_of(row))

    def needed_catalog_version(self, version_id: str | None = None) -> CatalogVersion:
        """The same. Raises NotThere if there is none."""
        version = self.catalog_version(version_id)
        if version is None:
            if version_id is not None:
                raise NotThere("This version of the catalog isn't there any more. Reload the page and choose another.")
            raise NotThere("There is no catalog in this workspace yet. Import products and interactions first.")
        return version

    def catalog(self, version_id: str | None = None) -> Dataset:
        """The newest catalog (or the one asked for). Raises NotThere, DamagedArtefact."""
        from recsys_core.dataset import Dataset

        version = self.needed_catalog_version(version_id)
        try:
            frames = self._catalog_frames(version)
        except DamagedArtefact:
            # It may have been deleted while it was read.
            self.needed_catalog_version(version.id)
            raise
        return Dataset(frames["products"], frames["interactions"], frames.get("customers"))

    def _catalog_frames(self, version: CatalogVersion) -> dict[str, pd.DataFrame]:
        if version.tables is None:
            return read_frames(self.catalog_folder(version.id))
        return {kind: read_table(self.pieces_folder, from_json(pieces)) for kind, pieces in version.tables.items()}

    def publish_model(
        self, save: Save, *, catalog_version: str, settings: Mapping[str, Any], summary: Mapping[str, Any]
    ) -> ModelRecord:
        """Keeps a source model as the newest one; `save` is called with the folder to write."""
        values = of_version(catalog_version, settings, summary)
        folder = self.model_folder(values["id"])
        self.publish_artefact(folder, save)
        with self.naming(folder, catalog_version) as connection:
            connection.execute(sa.insert(MODELS).values(values))
        return ModelRecord(**values)

    def model(self, model_id: str | None = None) -> ModelRecord | None:
        """The newest source model (or the one asked for); None if there is none."""
        row = self.newest(MODELS, None if model_id is None else MODELS.c.id == model_id)
        return None if row is None else ModelRecord(**fields_of(row))

    def load_model(self, model_id: str | None = None) -> SourceModel:
        """The newest source model (or the one asked for). Raises NotThere, DamagedArtefact."""
        record = self.model(model_id)
        if record is None:
            raise NotThere("There is no source model in this workspace yet. Train one first.")
        from recsys_core.models.source_model import SourceModel

        return SourceModel.load(self.model_folder(record.id))

    def create_launch(
        self, name: str, products: pd.DataFrame, interactions: pd.DataFrame | None = None
    ) -> LaunchRecord:
        """Keeps a batch of new products, with the support they have so far. Raises AlreadyThere, InvalidSetting."""
        name = checked_name(name)
        if self._launch_row(LAUNCHES.c.name == name) is not None:
            raise name_taken(name)
        if interactions is None:
            interactions = no_interactions()
        launch_id, support_folder = new_id(), f"support-{new_id()}"
        folder = self.launch_folder(launch_id)
        catalog = self.catalog_version()
        publish_frames(folder / "products", {"products": products})
        publish_frames(folder / support_folder, {"interactions": interactions})
        values = {
            "id": launch_id,
            "created": now(),
            "name": name,
            "products": len(products),
            "support": len(interactions),
            "support_version": 1,
            "support_folder": support_folder,
            "catalog_version": None if catalog is None else catalog.id,
        }
        try:
            with self.begin() as connection:
                connection.execute(sa.insert(LAUNCHES).values(values))
        except IntegrityError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise name_taken(name) from error
        return self.launch_record(launch_id)

    def add_support(self, launch: str, interactions: pd.DataFrame) -> LaunchRecord:
        """Adds interactions to a launch (id or name), as a new version of its support.

        Rows whose customer, product and timestamp are in the support already are left out; if that leaves
        nothing, no version is made.
        """
        while True:
            row = self.launch_row(launch)
            folder = self.launch_folder(row.id)
            there = read_frames(folder / row.support_folder)["interactions"]
            new = new_support(interactions, there)
            if new.empty:
                return self.launch_record(row.id)
            together = new if there.empty else pd.concat([there, new], ignore_index=True)
            support_folder = f"support-{new_id()}"
            publish_frames(folder / support_folder, {"interactions": together})
            # Someone else may have added support since we read: then their version is read and ours made again.
            with self.begin() as connection:
                changed = connection.execute(
                    sa.update(LAUNCHES)
                    .where(LAUNCHES.c.id == row.id, LAUNCHES.c.support_version == row.support_version)
                    .values(
                        support=len(together), support_version=row.support_version + 1, support_folder=support_folder
                    )
                ).rowcount
            if changed:
                return self.launch_record(row.id)
            shutil.rmtree(folder / support_folder, ignore_errors=True)

    def launches(self) -> list[LaunchRecord]:
        """All launches, newest first."""
        with self.begin() as connection:
            rows = connection.execute(sa.select(LAUNCHES).order_by(LAUNCHES.c.number.desc())).all()
            adapted = connection.execute(sa.select(ADAPTED).order_by(ADAPTED.c.number)).all()
            placed = connection.execute(sa.select(PLACEMENTS).order_by(PLACEMENTS.c.number)).all()
        newest, placements = ({row.launch: row for row in some} for some in (adapted, placed))
        return [_launch_record(row, newest.get(row.id), placements.get(row.id)) for row in rows]

    def launch_record(self, launch: str) -> LaunchRecord:
        """The launch with this id or name. Raises NotThere."""
        row = self.launch_row(launch)
        adapted, placed = (self.newest(table, table.c.launch == row.id) for table in (ADAPTED, PLACEMENTS))
        return _launch_record(row, adapted, placed)

    def load_launch(self, launch: str) -> Launch:
        """The products of a launch (id or name), in the categories where they were placed, and its newest support.

        Raises NotThere, DamagedArtefact.
        """
        return self.load_launch_version(launch)[0]

    def load_launch_version(self, launch: str) -> tuple[Launch, int]:
        """The same with the version of its support, which `publish_adapted` wants to know."""
        from recsys_core.dataset import Launch

        row = self.launch_row(launch)
        folder = self.launch_folder(row.id)
        products = placed_products(read_frames(folder / "products")["products"], self.placements(row.id))
        return Launch(row.name, products, read_frames(folder / row.support_folder)["interactions"]), row.support_version

    def launch_products(self, launch: str) -> pd.DataFrame:
        """The products of a launch (id or name) as they came. Raises NotThere, DamagedArtefact."""
        return read_frames(self.launch_folder(self.launch_row(launch).id) / "products")["products"]

    def placements(self, launch: str) -> pd.DataFrame | None:
        """Where the products of a launch (id or name) were placed, see `placements.py`; None: nobody placed any."""
        launch_id = self.launch_row(launch).id
        placements_id = self.launch_record(launch_id).placements
        if placements_id is None:
            return None
        return read_frames(self.launch_folder(launch_id) / f"placed-{placements_id}")["placements"]

    def rename_launch(self, launch: str, name: str) -> LaunchRecord:
        """Raises NotThere, AlreadyThere, InvalidSetting."""
        row = self.launch_row(launch)
        name = checked_name(name)
        try:
            with self.begin() as connection:
                connection.execute(sa.update(LAUNCHES).where(LAUNCHES.c.id == row.id).values(name=name))
        except IntegrityError as error:
            raise name_taken(name) from error
        return self.launch_record(row.id)

    def delete_launch(self, launch: str) -> None:
        """Removes a launch (id or name) with all that was made for it. Raises NotThere."""
        row = self.launch_row(launch)
        with self.begin() as connection:
            connection.execute(sa.delete(LAUNCHES).where(LAUNCHES.c.id == row.id))
        shutil.rmtree(self.launch_folder(row.id), ignore_errors=True)

    def publish_adapted(
        self,
        launch_id: str,
        save: Save,
        *,
        model: str,
        method: str,
        settings: Mapping[str, Any],
        summary: Mapping[str, Any],
        support_version: int | None = None,
    ) -> AdaptedRecord:
        """Keeps an adapted model as the launch's newest; `save` is called with the folder to write.

        `support_version` is the version that it learned from (see `load_launch_version`); without it, the newest.
        Raises NotThere if the launch was deleted meanwhile.
        """
        row = self.launch_row(launch_id)
        values = {
            "id": new_id(),
            "created": now(),
            "launch": row.id,
            "model": model,
            "method": method,
            "settings": json_ready(settings),
            "summary": json_ready(summary),
            "support_version": row.support_version if support_version is None else support_version,
        }
        folder = self.adapted_folder(row.id, values["id"])
        self.publish_artefact(folder, save)
        try:
            with self.begin() as connection:
                connection.execute(sa.insert(ADAPTED).values(values))
                connection.execute(sa.delete(ADAPTED).where(ADAPTED.c.launch == row.id, ADAPTED.c.id != values["id"]))
        except IntegrityError:
            shutil.rmtree(folder, ignore_errors=True)
            self.launch_row(launch_id)
            if self.model(model) is None:
                raise NotThere("The source model was deleted meanwhile. Train one, then adapt it again.") from None
            raise
        adapted = self.launch_record(row.id).adapted
        if adapted is None:
            raise NotThere(f"The launch “{row.name}” was deleted meanwhile.")
        return adapted

    def load_adapted(self, launch: str) -> AdaptedModel:
        """What was made of a launch (id or name). Raises NotThere, DamagedArtefact."""
        record = self.launch_record(launch)
        if record.adapted is None:
            raise NotThere(f"The launch “{record.name}” has no recommendations yet. Adapt it first.")
        from recsys_core.adaptation import AdaptedModel

        folder = self.adapted_folder(record.id, record.adapted.id)
        return AdaptedModel.load(folder, self.load_model(record.adapted.model))

    def run_folder(self, run_id: str) -> Path:
        """Where a run keeps its log and checkpoints."""
        return self.folder / "runs" / run_id

    def text_vectors(self) -> TextVectors:
        """Where encoders keep the vectors of texts, whatever catalog or launch these are from."""
        return TextVectors(self.folder / "texts")

    def sweep(self) -> None:
        """Removes what a killed publication left behind, and support and adapted models that were replaced."""
        if not self.folder.is_dir():
            return
        with self.begin() as connection:
            catalogs = set(connection.execute(sa.select(CATALOGS.c.id)).scalars())
            models = set(connection.execute(sa.select(MODELS.c.id)).scalars())
            atlases = set(connection.execute(sa.select(ATLASES.c.id)).scalars())
            backtests = set(connection.execute(sa.select(BACKTESTS.c.id)).scalars())
        launches = {record.id: record for record in self.launches()}
        kinds = {
            "catalogs": catalogs,
            "models": models,
            "atlases": atlases,
            "backtests": backtests,
            "launches": set(launches),
        }
        for parent, known in kinds.items():
            sweep_folder(self.folder / parent, known)
        for launch_id, record in launches.items():
            row = self._launch_row(LAUNCHES.c.id == launch_id)
            if row is not None:
                kept = {"products", "suggested", row.support_folder, f"placed-{record.placements}"}
                kept |= set() if record.adapted is None else {f"adapted-{record.adapted.id}"}
                sweep_folder(self.launch_folder(launch_id), kept)
        sweep_files(self.uploads_folder, age=FORGOTTEN_AGE)
        self.sweep_pieces()

    def sweep_pieces(self) -> None:
        """Removes the files of tables that no version of the catalog names (any more)."""
        with self.begin(alone=True) as connection:
            named = connection.execute(sa.select(CATALOGS.c.tables)).scalars().all()
            tables = [from_json(pieces) for version in named if version for pieces in version.values()]
            sweep_files(self.pieces_folder, set().union(*map(files_of, tables)))

    def begin(self, *, alone: bool = False) -> AbstractContextManager[sa.Connection]:
        """See `Database.begin`."""
        self.prepare()
        return self.database.begin(metadata, alone=alone)

    def newest(self, table: sa.Table, condition: sa.ColumnElement[bool] | None) -> Any:
        query = sa.select(table).order_by(table.c.number.desc()).limit(1)
        with self.begin() as connection:
            return connection.execute(query if condition is None else query.where(condition)).one_or_none()

    def _launch_row(self, condition: sa.ColumnElement[bool]) -> Any:
        return self.newest(LAUNCHES, condition)

    def launch_row(self, launch: str) -> Any:
        name = normal_name(launch)
        row = self._launch_row(LAUNCHES.c.id == name)
        if row is None:
            row = self._launch_row(LAUNCHES.c.name == name)
        if row is None:
            raise NotThere(f"There is no launch “{name}” in this workspace. Create it, or pick one that is there.")
        return row

    def publish_artefact(self, folder: Path, save: Save) -> None:
        self.prepare()
        with plain_disk_errors():
            folder.parent.mkdir(parents=True, exist_ok=True)
            save(folder)
        try:
            check_folder(folder)
        except DamagedArtefact:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    @property
    def pieces_folder(self) -> Path:
        return self.folder / "pieces"

    @property
    def uploads_folder(self) -> Path:
        """Where files wait until they are imported."""
        return self.folder / "uploads"

    @contextmanager
    def naming(self, folder: Path, catalog_version: str) -> Iterator[sa.Connection]:
        """A transaction for the row that names a new artefact, made of that version.

        Where the version was deleted meanwhile, the artefact goes with it. Raises NotThere.
        """
        try:
            with self.begin() as connection:
                yield connection
        except IntegrityError:
            shutil.rmtree(folder, ignore_errors=True)
            self.needed_catalog_version(catalog_version)
            raise

    def catalog_folder(self, version_id: str) -> Path:
        """Where an older Launchdesk kept the tables of a version."""
        return self.folder / "catalogs" / version_id

    def model_folder(self, model_id: str) -> Path:
        return self.folder / "models" / model_id

    def launch_folder(self, launch_id: str) -> Path:
        return self.folder / "launches" / launch_id

    def adapted_folder(self, launch_id: str, adapted_id: str) -> Path:
        return self.launch_folder(launch_id) / f"adapted-{adapted_id}"


def new_id() -> str:
    return uuid.uuid4().hex[:16]


def of_version(catalog_version: str, settings: Mapping[str, Any], summary: Mapping[str, Any]) -> dict[str, Any]:
    """The row of something new that was made of that version of the catalog."""
    return {
        "id": new_id(),
        "created": now(),
        "catalog_version": catalog_version,
        "settings": json_ready(settings),
        "summary": json_ready(summary),
    }


def fields_of(row: Any) -> dict[str, Any]:
    fields = dict(row._mapping)
    del fields["number"]
    return fields


def no_interactions() -> pd.DataFrame:
    return pd.DataFrame({CUSTOMER: [], PRODUCT: []}, dtype="str")


def customer_count(interactions: pd.DataFrame, customers: pd.DataFrame | None) -> int:
    """How many distinct customers bought or are listed."""
    buyers = interactions[CUSTOMER].dropna()
    return int((buyers if customers is None else pd.concat([buyers, customers[CUSTOMER]])).nunique())


def _hashes(files: Sequence[Mapping[str, Any]]) -> list[str]:
    return sorted(str(file.get("sha256")) for file in files)


def _launch_record(row: Any, adapted: Any, placed: Any) -> LaunchRecord:
    fields = fields_of(row) | {"placements": placed.id if placed is not None and placed.products else None}
    del fields["support_folder"]
    if adapted is None:
        return LaunchRecord(**fields, adapted=None)
    stale = row.support_version > adapted.support_version
    return LaunchRecord(**fields, adapted=AdaptedRecord(**fields_of(adapted), stale=stale))
