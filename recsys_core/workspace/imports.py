"""From files to the workspace: read and check all of them, show what was found, then keep the good rows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from recsys_core.artefacts import sha256
from recsys_core.errors import AlreadyThere, InvalidTable
from recsys_core.tables.checking import CheckedTable, read_table
from recsys_core.tables.columns import CUSTOMER, PRODUCT, Kind
from recsys_core.tables.fit import FitReport, fit_together
from recsys_core.workspace.records import CatalogVersion, LaunchRecord
from recsys_core.workspace.workspace import Workspace


@dataclass(frozen=True)
class Upload:
    """A file as it was given."""

    source: Path | bytes
    name: str
    """As the user knows it; only ever shown."""

    @classmethod
    def of(cls, path: Path) -> Upload:
        """Raises InvalidTable if there is no such file."""
        if not path.is_file():
            raise InvalidTable(f"There is no file “{path}”. Check the name, and the folder that you are in.")
        return cls(path, path.name)

    def digest(self) -> str:
        return hashlib.sha256(self.source).hexdigest() if isinstance(self.source, bytes) else sha256(self.source)


@dataclass(frozen=True)
class CheckedFiles:
    """Checked tables and how they fit together; nothing is kept yet."""

    tables: dict[Kind, CheckedTable]
    files: list[dict[str, Any]]
    """Name, kind, sha256 and rows of each."""
    fit: FitReport

    def frame(self, kind: Kind) -> pd.DataFrame | None:
        return self.tables[kind].frame if kind in self.tables else None

    @property
    def rejected(self) -> int:
        return sum(len(table.rejected) for table in self.tables.values())

    def report(self) -> dict[str, Any]:
        """What the check found, as JSON."""
        return {
            "tables": {
                kind: {"summary": table.summary(), "notes": list(table.notes), "rejected": len(table.rejected)}
                for kind, table in self.tables.items()
            },
            "fit": self.fit.sentences(),
        }

    def publish(self, workspace: Workspace) -> CatalogVersion:
        """Keeps the good rows as the newest version of the catalog. Raises InvalidTable if no product is left.

        Tables that weren't given are kept from the version before.
        """
        before = workspace.catalog() if workspace.catalog_version() else None
        interactions, customers = self.frame("interactions"), self.frame("customers")
        if before is not None:
            interactions = before.interactions if interactions is None else interactions
            customers = before.customers if customers is None else customers
        return workspace.publish_catalog(
            self.tables["products"].frame, interactions, customers, files=self.files, report=self.report()
        )

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


def check_files(uploads: dict[Kind, Upload]) -> CheckedFiles:
    """Reads and checks products, and interactions and customers where given. Raises InvalidTable."""
    tables = {kind: read_table(upload.source, kind, name=upload.name) for kind, upload in uploads.items()}
    if not len(tables["products"].frame):
        raise InvalidTable(
            f"“{uploads['products'].name}” has no usable product: {tables['products'].summary()} Mend it and try again."
        )
    files = [
        {"name": upload.name, "kind": kind, "sha256": upload.digest(), "rows": tables[kind].rows_read}
        for kind, upload in uploads.items()
    ]
    nothing = pd.DataFrame({CUSTOMER: [], PRODUCT: []}, dtype="str")
    frames = {kind: table.frame for kind, table in tables.items()}
    fit = fit_together(frames["products"], frames.get("interactions", nothing), frames.get("customers"))
    return CheckedFiles(tables, files, fit)
