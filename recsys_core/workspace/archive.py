"""A whole workspace as one zip that can be carried elsewhere: its records as JSON, and the data files that they name."""

from __future__ import annotations

import hashlib
import json
import re
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa

from recsys_core.artefacts import MANIFEST, write_atomically
from recsys_core.code_version import code_version
from recsys_core.errors import DamagedArtefact, LaunchdeskError
from recsys_core.run_context import RunContext
from recsys_core.workspace.database import now
from recsys_core.workspace.frames import plain_disk_errors
from recsys_core.workspace.json_values import json_ready
from recsys_core.workspace.pieces import from_json
from recsys_core.workspace.tables import ADAPTED, ATLASES, BACKTESTS, CATALOGS, LAUNCHES, MODELS, PLACEMENTS, metadata
from recsys_core.workspace.workspace import Workspace

FORMAT = 1
RECORDS = "workspace.json"
PIECES = "pieces"
FOLDERS = {"models": MODELS, "atlases": ATLASES, "backtests": BACKTESTS}
"""Folder → table; each row has a folder of its id in it."""

LARGEST_ARCHIVE = 64 * 2**30
"""Bytes that the files of an archive may have together, unpacked."""
LARGEST_JSON = 64 * 2**20
"""Bytes of one JSON file: it is read as a whole."""
BLOCK = 2**20

_FILE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}\.(parquet|safetensors|json)")
DIGEST = re.compile(r"[0-9a-f]{64}")
AGAIN = "Nothing was imported. Export the workspace again, and import that file as it is."

Rows = dict[str, list[dict[str, Any]]]
"""Table → its rows in the order in which they were made, without their `number`, which a database gives anew."""


@dataclass(frozen=True)
class NamedFile:
    """A file that rows or a manifest name."""

    path: Path
    name: str
    """Within the workspace and the archive alike."""
    digest: str | None
    """SHA-256; None for a manifest."""
    rows: int | None = None
    """Of a piece of a catalog's table."""


def export_archive(workspace: Workspace, to: BinaryIO | Path, *, run: RunContext | None = None) -> dict[str, int]:
    """Writes records and data files of the workspace as one zip; returns how many rows of each table, files and bytes.

    A path is written whole or not at all. What can be made again (suggestions, vectors of texts) and what runs left stays out.
    Raises DamagedArtefact, Cancelled, and LaunchdeskError if a file was deleted meanwhile.
    """
    run = run or RunContext()
    if not isinstance(to, Path):
        with plain_disk_errors():
            return _export(workspace, to, run)
    counts: dict[str, int] = {}

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            counts.update(_export(workspace, file, run))

    with plain_disk_errors():
        write_atomically(to, write)
    return counts


def _export(workspace: Workspace, to: BinaryIO, run: RunContext) -> dict[str, int]:
    rows = _rows(workspace)
    try:
        files = list(named_files(workspace.folder, rows))
        sizes = {file.name: file.path.stat().st_size for file in files}
    except FileNotFoundError as error:
        raise _vanished() from error
    total = sum(sizes.values())
    created = now()
    about = {"format": FORMAT, "launchdesk": code_version(), "created": created.isoformat(), "tables": rows}
    text = json.dumps(about).encode()
    if total > LARGEST_ARCHIVE or len(text) > LARGEST_JSON:
        raise LaunchdeskError(
            f"The workspace's files have {total / 1e9:,.1f} GB and its records {len(text) / 1e9:,.1f} GB; an archive holds at "
            f"most {LARGEST_ARCHIVE / 1e9:,.1f} GB and {LARGEST_JSON / 1e9:,.1f} GB. Delete launches or backtests, and try again."
        )
    with zipfile.ZipFile(to, "w") as archive:
        archive.writestr(_member(RECORDS, created, len(text)), text)
        done = 0
        for file in files:
            run.progress("Packing files", done, total)
            _pack(archive, file, _member(file.name, created, sizes[file.name]), run)
            done += sizes[file.name]
        run.progress("Packing files", total, total)
    return {name: len(there) for name, there in rows.items()} | {"files": len(files), "bytes": total}


def _rows(workspace: Workspace) -> Rows:
    rows: Rows = {}
    with workspace.begin() as connection:
        # All tables as they are at one moment, whatever is published meanwhile.
        connection.exec_driver_sql(
            "BEGIN" if workspace.database.is_sqlite else "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
        )
        for table in metadata.sorted_tables:
            found = connection.execute(sa.select(table).order_by(table.c.number)).mappings()
            rows[table.name] = [json_ready({name: row[name] for name in row if name != "number"}) for row in found]
    return rows


def _named_folders(rows: Rows) -> list[str]:
    """The folders of artefacts, within the workspace, that the rows name."""
    folders = [f"{folder}/{row['id']}" for folder, table in FOLDERS.items() for row in rows[table.name]]
    # Where an older version of Launchdesk kept the tables; now they are pieces.
    folders += [f"catalogs/{row['id']}" for row in rows[CATALOGS.name] if row.get("tables") is None]
    for row in rows[LAUNCHES.name]:
        folders += [f"launches/{row['id']}/products", f"launches/{row['id']}/{row['support_folder']}"]
    # The newest of a launch counts; what older rows named may have been swept.
    adapted = {row["launch"]: row for row in rows[ADAPTED.name]}
    placed = {row["launch"]: row for row in rows[PLACEMENTS.name]}
    folders += [f"launches/{launch}/adapted-{row['id']}" for launch, row in adapted.items()]
    folders += [f"launches/{launch}/placed-{row['id']}" for launch, row in placed.items() if row["products"]]
    return folders


def named_files(root: Path, rows: Rows) -> Iterator[NamedFile]:
    """The files of the artefacts that the rows name, and those of tables. Raises FileNotFoundError, DamagedArtefact."""
    for folder in _named_folders(rows):
        yield from _artefact_files(root, root / folder)
    for digest, count in sorted(_pieces(rows).items()):
        yield NamedFile(root / PIECES / f"{digest}.parquet", f"{PIECES}/{digest}.parquet", digest, count)


def _pieces(rows: Rows) -> dict[str, int]:
    """SHA-256 → rows, of every file that a catalog's tables are made of."""
    versions = [row["tables"] for row in rows[CATALOGS.name] if row.get("tables") is not None]
    pieces = [piece for tables in versions for there in tables.values() for piece in from_json(there)]
    return {piece.gone: piece.gone_rows for piece in pieces if piece.gone} | {
        piece.file: piece.rows for piece in pieces
    }


def _artefact_files(root: Path, folder: Path) -> Iterator[NamedFile]:
    name = folder.relative_to(root).as_posix()
    for file, digest in sorted(_digests(folder).items()):
        yield NamedFile(folder / file, f"{name}/{file}", digest)
    yield NamedFile(folder / MANIFEST, f"{name}/{MANIFEST}", None)
    for inner in sorted(folder.iterdir()):
        if inner.is_dir() and not inner.is_symlink() and not inner.name.startswith("."):
            yield from _artefact_files(root, inner)


def _digests(folder: Path) -> dict[str, str]:
    """File → SHA-256, as the manifest says. Raises FileNotFoundError without one, DamagedArtefact if it isn't one."""
    try:
        digests = json.loads((folder / MANIFEST).read_text())["sha256"]
        good = all(_FILE.fullmatch(name) and DIGEST.fullmatch(digest) for name, digest in digests.items())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        good = False
    if not good or MANIFEST in digests:
        raise DamagedArtefact(
            f"The stored files in “{folder.name}” have no manifest that can be read. Delete it and make it again."
        )
    return digests


def _member(name: str, created: datetime, size: int) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, created.timetuple()[:6])
    member.external_attr = (stat.S_IFREG | 0o644) << 16
    # Parquet and safetensors hardly get smaller.
    member.compress_type = zipfile.ZIP_DEFLATED if name.endswith(".json") else zipfile.ZIP_STORED
    # By which zipfile knows that a large one needs zip64.
    member.file_size = size
    return member


def _pack(archive: zipfile.ZipFile, file: NamedFile, member: zipfile.ZipInfo, run: RunContext) -> None:
    digest = hashlib.sha256()
    try:
        source = file.path.open("rb")
    except FileNotFoundError as error:
        raise _vanished() from error
    with source, archive.open(member, "w") as packed:
        while block := source.read(BLOCK):
            run.check()
            digest.update(block)
            packed.write(block)
    if file.digest not in (None, digest.hexdigest()):
        raise DamagedArtefact(
            f"The file {file.name} was changed or cut off after it was written. Delete what it belongs to, or make it again; "
            "then export."
        )


def _vanished() -> LaunchdeskError:
    return LaunchdeskError(
        "Files of the workspace were deleted while it was exported, or are missing. Try again when nobody deletes a launch "
        "or trains; if this comes again, look into the workspace's folder."
    )
