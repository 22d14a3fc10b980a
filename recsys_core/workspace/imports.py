"""From files to the workspace: read and check them, see what they would change, then keep the good rows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from recsys_core.artefacts import sha256
from recsys_core.errors import AlreadyThere, InvalidTable
from recsys_core.run_context import RunContext
from recsys_core.tables.checking import CheckedTable, read_table
from recsys_core.tables.columns import CUSTOMER, KINDS, PRODUCT, UNIQUE, Kind
from recsys_core.tables.difference import Combined, Missing, OnDuplicate, combine
from recsys_core.tables.fit import FitReport, fit_together
from recsys_core.tables.mapping import Mapping
from recsys_core.tables.near_twins import near_twins_in_catalog
from recsys_core.workspace.catalog_versions import publish_combined
from recsys_core.workspace.records import CatalogVersion, LaunchRecord
from recsys_core.workspace.workspace import Workspace


@dataclass(frozen=True)
class Upload:
    """A file as it was given, and what was chosen of how to read it."""

    source: Path | bytes
    name: str
    """As the user knows it; only ever shown."""
    mapping: Mapping = field(default_factory=Mapping)

    @classmethod
    def of(cls, path: Path, mapping: Mapping = Mapping()) -> Upload:
        """Raises InvalidTable if there is no such file."""
        name = _shown(path.name)
        try:
            is_there = path.is_file()
        except OSError:  # the name is too long
            is_there = False
        if not is_there:
            raise InvalidTable(
                f"There is no file “{_shown(str(path))}”. Check the name, and the folder that you are in."
            )
        return cls(path, name, mapping)

    def digest(self) -> str:
        return hashlib.sha256(self.source).hexdigest() if isinstance(self.source, bytes) else sha256(self.source)

    def check(self, kind: Kind, on_duplicate: OnDuplicate = "keep", run: RunContext = RunContext()) -> CheckedTable:
        """Raises InvalidTable if the file as a whole can't be used."""
        return read_table(self.source, kind, name=self.name, mapping=self.mapping, on_duplicate=on_duplicate, run=run)


def _shown(name: str) -> str:
    """A name that may hold any bytes as text that can be shown and stored."""
    return name.encode("utf-8", "replace").decode()


@dataclass(frozen=True)
class Plan:
    """What an import would make of the catalog; nothing is kept yet."""

    before: CatalogVersion | None
    """The catalog that it was planned for."""
    combined: dict[Kind, Combined]
    """The tables that were given, each with what it changes."""
    fit: FitReport
    """Of the whole catalog, as it would be."""
    files: list[dict[str, Any]]
    report: dict[str, Any]
    notes: tuple[str, ...] = ()
    """What else a person should know, in sentences."""

    @property
    def changes_nothing(self) -> bool:
        return self.before is not None and all(some.difference.nothing_changed for some in self.combined.values())

    def sentences(self) -> list[str]:
        """What changes in each table, in words; then the notes."""
        return [*(some.difference.sentence() for some in self.combined.values()), *self.notes]

    def publish(self, workspace: Workspace, who: str | None = None) -> CatalogVersion:
        """Keeps it as the newest version of the catalog; the one before, where it changes nothing.

        Raises InvalidTable if no product is left, AlreadyThere if another import was quicker.
        """
        if self.before is not None and self.changes_nothing:
            return self.before
        return publish_combined(
            workspace, self.combined, before=self.before, files=self.files, report=self.report, who=who
        )


@dataclass(frozen=True)
class CheckedFiles:
    """Checked tables; nothing is kept yet."""

    tables: dict[Kind, CheckedTable]
    files: list[dict[str, Any]]
    """Name, kind, sha256 and rows of each."""

    @classmethod
    def of(cls, uploads: Map[Kind, Upload], tables: dict[Kind, CheckedTable]) -> CheckedFiles:
        """Of files that were checked one by one."""
        files = [
            {"name": upload.name, "kind": kind, "sha256": upload.digest(), "rows": tables[kind].rows_read}
            for kind, upload in uploads.items()
        ]
        return cls(tables, files)

    def frame(self, kind: Kind) -> pd.DataFrame | None:
        return self.tables[kind].frame if kind in self.tables else None

    @property
    def rejected(self) -> int:
        return sum(len(table.rejected) for table in self.tables.values())

    def report(self) -> dict[str, Any]:
        """What the check found, as JSON."""
        return {
            "tables": {
                kind: {
                    "summary": table.summary(),
                    "notes": list(table.notes),
                    "rejected": len(table.rejected),
                    "mapping": table.mapping.model_dump(exclude_none=True),
                }
                for kind, table in self.tables.items()
            }
        }

    def plan(
        self,
        workspace: Workspace,
        on_duplicate: OnDuplicate = "keep",
        missing: Missing = "keep",
        run: RunContext = RunContext(),
    ) -> Plan:
        """What these tables would change in the workspace's catalog. Tables that weren't given stay as they are.

        Raises InvalidTable if the catalog would have no product.
        """
        before = workspace.catalog_version()
        catalog = None if before is None else workspace.catalog(before.id)
        there = {kind: None if catalog is None else catalog.table(kind) for kind in KINDS}
        sales = self.tables.get("interactions")
        if missing == "remove" and sales is not None and len(sales.rejected) and catalog is not None:
            raise InvalidTable(
                f"{len(sales.rejected):,} rows of {sales.name} were rejected. Removing what the file lacks would remove the "
                "sales of the catalog that they stand for. Mend them first, or let the catalog's rows stay."
            )
        combined = {
            kind: combine(there[kind], table.frame, kind, on_duplicate, missing, table.rejected_ids)
            for kind, table in run.track(self.tables.items(), "Comparing with the catalog", len(self.tables))
        }
        frames = there | {kind: some.frame for kind, some in combined.items()}
        products, interactions = frames["products"], frames["interactions"]
        if products is None or products.empty:
            raise InvalidTable(
                "There would be no product in the catalog. Give a file of products with a row that can be used."
            )
        if "title" not in products:
            raise InvalidTable("No product would have a title. Give a file of products with a column for it.")
        nothing = pd.DataFrame({CUSTOMER: [], PRODUCT: []}, dtype="str")
        fit = fit_together(products, nothing if interactions is None else interactions, frames["customers"])
        notes = _told_by_one_side(there["interactions"], self.frame("interactions"))
        for kind, table in self.tables.items():
            name, known = UNIQUE[kind], there[kind]
            if name is not None and known is not None:
                notes += near_twins_in_catalog(known[name], table.frame[name], table.rows, f"{name} in {table.name}")
        report = self.report() | {"fit": fit.sentences(), "notes": notes}
        return Plan(before, combined, fit, self.files, report, tuple(notes))

    def publish(self, workspace: Workspace, who: str | None = None) -> CatalogVersion:
        """Adds the good rows to the catalog; what is there already stays as it is. See `Plan.publish`."""
        return self.plan(workspace).publish(workspace, who)

    def publish_launch(self, workspace: Workspace, name: str) -> LaunchRecord:
        """Keeps the good rows as a launch; for one of that name with the same products, the sales are added to its support.

        Raises InvalidTable if no product is left, AlreadyThere if the name is taken by a launch of other products.
        """
        products, sales = self.tables["products"].frame, self.frame("interactions")
        try:
            return workspace.create_launch(name, products, sales)
        except AlreadyThere:
            there = workspace.load_launch(name)
            if set(there.product_ids) != set(products[PRODUCT]):
                raise
        return workspace.launch_record(name) if sales is None else workspace.add_support(name, sales)


def already_known(workspace: Workspace, products: pd.DataFrame) -> list[str]:
    """Ids of a launch's products that the catalog has already: they are not new, and their history isn't used here."""
    if workspace.catalog_version() is None:
        return []
    known = workspace.catalog().product_ids
    return products.loc[products[PRODUCT].isin(known), PRODUCT].tolist()


def _told_by_one_side(before: pd.DataFrame | None, new: pd.DataFrame | None) -> list[str]:
    """A note where the catalog's interactions, or the file's, lack a column by which sales are told apart."""
    if before is None or before.empty or new is None:
        return []
    notes = []
    for name, what in (("timestamp", "times"), ("event_type", "kinds of event")):
        if (name in before) != (name in new):
            has, lacks = ("catalog", "file") if name in before else ("file", "catalog")
            notes.append(
                f"The interactions of the {has} have {what}, those of the {lacks} don't: no row can be told to be in both, so "
                "all of the file's count as new. If some are in the catalog already, they will count twice."
            )
    return notes


def check_files(
    uploads: Map[Kind, Upload], on_duplicate: OnDuplicate = "keep", run: RunContext = RunContext()
) -> CheckedFiles:
    """Reads and checks the files that were given. Raises InvalidTable."""
    tables = {kind: upload.check(kind, on_duplicate, run) for kind, upload in uploads.items()}
    if "products" in tables and tables["products"].frame.empty:
        raise InvalidTable(
            f"“{uploads['products'].name}” has no usable product: {tables['products'].summary()} Mend it and try again."
        )
    return CheckedFiles.of(uploads, tables)
