"""An archive of a workspace brought into an empty one.

It may come from anywhere, so nothing in it is believed: names, sizes, records and digests are checked, nothing is ever
unpickled, and one that fails any check leaves nothing behind.
"""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import stat
import struct
import time
import uuid
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import sqlalchemy as sa
from sqlalchemy.exc import DataError, IntegrityError

from recsys_core.artefacts import MANIFEST, check_folder, sha256, sync
from recsys_core.errors import DamagedArtefact, InvalidSetting, LaunchdeskError
from recsys_core.run_context import RunContext
from recsys_core.workspace.archive import (
    AGAIN,
    BLOCK,
    FOLDERS,
    FORMAT,
    LARGEST_ARCHIVE,
    LARGEST_JSON,
    PIECES,
    RECORDS,
    NamedFile,
    Rows,
    named_files,
)
from recsys_core.workspace.archived_rows import checked_rows
from recsys_core.workspace.archived_tables import check_tables
from recsys_core.workspace.frames import plain_disk_errors
from recsys_core.workspace.leftovers import ORPHAN_AGE
from recsys_core.workspace.tables import metadata
from recsys_core.workspace.workspace import Workspace

LARGEST_INDEX = 32 * 2**20
"""Bytes of a zip's list of members, which is read as a whole: enough for two hundred thousand."""

_MEMBER = re.compile(
    rf"({'|'.join([*FOLDERS, 'catalogs', 'launches', PIECES])})(/[A-Za-z0-9_-]{{1,100}}){{0,4}}"
    r"/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}\.(parquet|safetensors|json)"
)


def import_archive(workspace: Workspace, source: Path | BinaryIO, *, run: RunContext | None = None) -> dict[str, int]:
    """Brings what `export_archive` wrote into an empty workspace; returns how many rows of each table, files and bytes.

    Raises InvalidSetting if the workspace isn't empty, DamagedArtefact if the archive isn't one, is damaged or from a newer
    version, LaunchdeskError if there is no room, Cancelled. Then nothing was changed.
    """
    run = run or RunContext()
    with _opened(source) as file, _plain_zip_errors(), zipfile.ZipFile(_Bounded(file)) as archive:  # type: ignore[arg-type]
        members = _checked_members(archive)
        rows = _read_records(archive, members.pop(RECORDS, None))
        size = sum(member.file_size for member in members.values())
        if not is_empty(workspace):
            raise _not_empty(workspace.folder)
        _remove_leftovers(workspace.folder)
        room = shutil.disk_usage(workspace.folder).free
        if size > room:
            raise LaunchdeskError(
                f"The archive needs {size / 1e9:,.1f} GB, but the disk of the workspace has {room / 1e9:,.1f} GB left. "
                "Make room and try again."
            )
        temporary = workspace.folder / f".import-{uuid.uuid4().hex[:8]}.tmp"
        try:
            with plain_disk_errors():
                temporary.mkdir()
                _unpack(archive, members.values(), size, temporary, run)
                _check_files(temporary, rows, set(members), run)
                with _moved(temporary, workspace.folder):
                    _insert(workspace, rows)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return {name: len(there) for name, there in rows.items()} | {"files": len(members), "bytes": size}


class _Bounded:
    """The archive's file, of which at most so much is read at once as an honest zip needs."""

    def __init__(self, file: BinaryIO):
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if 0 <= size <= LARGEST_INDEX:
            return self._file.read(size)
        content = self._file.read(LARGEST_INDEX + 1)
        if len(content) > LARGEST_INDEX:
            raise zipfile.BadZipFile("The list of members is too long")
        return content

    def seek(self, offset: int, whence: int = 0) -> int:
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError, OverflowError) as error:
            raise zipfile.BadZipFile("A position outside the file") from error

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True


@contextmanager
def _opened(source: Path | BinaryIO) -> Iterator[BinaryIO]:
    if not isinstance(source, Path):
        yield source
        return
    try:
        file = source.open("rb")
    except OSError as error:
        raise InvalidSetting(
            f"The archive “{source}” can't be read. Check the name, and the folder that you are in."
        ) from error
    with file:
        yield file


@contextmanager
def _plain_zip_errors() -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, UnicodeError) as error:
        raise DamagedArtefact(
            f"This file isn't a workspace archive, or it was cut off or changed on its way. {AGAIN}"
        ) from error


def _checked_members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Name → member, all of which can be unpacked without harm."""
    members: dict[str, zipfile.ZipInfo] = {}
    seen: set[str] = set()
    for member in archive.infolist():
        # The name as it stands there: zipfile itself shortens one with a NUL.
        name = member.orig_filename
        if name != member.filename or not (name == RECORDS or _MEMBER.fullmatch(name)):
            raise _foreign(name, "has no place in a workspace")
        if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
            raise _foreign(name, "is a link or another special file")
        if member.flag_bits & 0x1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _foreign(name, "is encrypted or packed in a way that Launchdesk doesn't use")
        if name.casefold() in seen:
            raise _foreign(name, "is there twice")
        if name.endswith(".json") and member.file_size > LARGEST_JSON:
            raise _foreign(name, f"is larger than {LARGEST_JSON / 1e6:,.0f} MB")
        seen.add(name.casefold())
        members[name] = member
    if sum(member.file_size for member in members.values()) > LARGEST_ARCHIVE:
        raise DamagedArtefact(
            f"The archive would unpack to more than {LARGEST_ARCHIVE / 1e9:,.0f} GB, the most that is imported. Nothing was imported."
        )
    return members


def _foreign(name: str, why: str) -> DamagedArtefact:
    shown = "".join(letter if letter.isprintable() else "?" for letter in name[:100])
    return DamagedArtefact(f"The archive holds “{shown}”, which {why}. Launchdesk didn't write it so. {AGAIN}")


def _blocks(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """A member's content; raises DamagedArtefact unless it is exactly as long as it was declared."""
    # zipfile stops at the declared size without a word: one byte more shows what goes on.
    longer = copy.copy(member)
    longer.file_size += 1
    left = member.file_size
    with archive.open(longer) as packed:
        while block := packed.read(BLOCK):
            left -= len(block)
            if left < 0:
                break
            yield block
    if left:
        raise _foreign(member.filename, f"isn't as large as it says ({member.file_size:,} bytes)")


def _read_records(archive: zipfile.ZipFile, member: zipfile.ZipInfo | None) -> Rows:
    if member is None:
        raise DamagedArtefact(f"This zip isn't a workspace archive: it has no {RECORDS}. {AGAIN}")
    try:
        about = json.loads(b"".join(_blocks(archive, member)).decode())
        made_by, tables = about["format"], about["tables"]
        if isinstance(made_by, int) and made_by > FORMAT:
            raise DamagedArtefact(
                f"The archive was written in format {made_by} by a newer version; this one reads format {FORMAT}. Update "
                "Launchdesk, then import it. Nothing was imported."
            )
        if made_by != FORMAT:
            raise ValueError("no format of ours")
        return checked_rows(tables)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedArtefact(f"The records of the archive ({RECORDS}) can't be read. {AGAIN}") from error


def is_empty(workspace: Workspace) -> bool:
    """Whether the workspace can take an archive: it has no record of anything."""
    with workspace.begin() as connection:
        return _is_empty(connection)


def _is_empty(connection: sa.Connection) -> bool:
    return not any(
        connection.execute(sa.select(table.c.number).limit(1)).first() is not None for table in metadata.sorted_tables
    )


def _not_empty(folder: Path) -> InvalidSetting:
    return InvalidSetting(
        f"The workspace “{folder}” isn't empty, and an archive can't be mixed with what is there. Name an empty folder for it."
    )


def _remove_leftovers(folder: Path) -> None:
    """Removes what an import that was killed had unpacked."""
    for left in folder.glob(".import-*.tmp"):
        if time.time() - left.stat().st_mtime > ORPHAN_AGE:
            shutil.rmtree(left, ignore_errors=True)


def _unpack(
    archive: zipfile.ZipFile, members: Iterable[zipfile.ZipInfo], size: int, folder: Path, run: RunContext
) -> None:
    done = 0
    for member in members:
        path = folder / member.filename
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            for block in _blocks(archive, member):
                run.progress("Unpacking files", done, size)
                file.write(block)
                done += len(block)
            file.flush()
            os.fsync(file.fileno())
    run.progress("Unpacking files", size, size)


def _check_files(root: Path, rows: Rows, names: set[str], run: RunContext) -> None:
    """Raises DamagedArtefact unless the files are exactly those that rows and manifests name, and what they were."""
    try:
        files = list(named_files(root, rows))
        if missing := {file.name for file in files} - names:
            raise DamagedArtefact(f"The file {min(missing)} is missing.")
        if more := names - {file.name for file in files}:
            raise DamagedArtefact(f"Nothing refers to the file {min(more)}.")
        for file in run.track(files, "Checking files", len(files)):
            if file.path.name == MANIFEST:
                check_folder(file.path.parent)
            elif file.rows is not None and sha256(file.path) != file.digest:
                raise DamagedArtefact(f"The file {file.name} was changed or cut off after it was written.")
        for file in files:
            run.check()
            _check_readable(file)
        check_tables(root, rows, files, run)
    except FileNotFoundError as error:
        missing_file = Path(error.filename or MANIFEST).relative_to(root).as_posix()
        raise DamagedArtefact(f"The archive lacks the file {missing_file}, which its records name. {AGAIN}") from error
    except DamagedArtefact as error:
        raise DamagedArtefact(f"The archive isn't what was exported: {error} {AGAIN}") from error


def _check_readable(file: NamedFile) -> None:
    """Raises DamagedArtefact unless the file is what its ending says."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from safetensors import SafetensorError, safe_open

    try:
        if file.path.suffix == ".parquet":
            about = pq.read_metadata(file.path)
            about.schema.to_arrow_schema()
            if file.rows not in (None, about.num_rows):
                raise DamagedArtefact(f"The file {file.name} has {about.num_rows:,} rows, not {file.rows:,}.")
        elif file.path.suffix == ".safetensors":
            with safe_open(file.path, framework="numpy"):
                pass
        else:
            json.loads(file.path.read_text())
    except (OSError, ValueError, RecursionError, pa.ArrowException, SafetensorError) as error:
        raise DamagedArtefact(f"The file {file.name} can't be read as what its ending says.") from error


@contextmanager
def _moved(temporary: Path, folder: Path) -> Iterator[None]:
    """Moves what was unpacked to its place; if the block fails, it is gone again."""
    units = [unit for top in sorted(temporary.iterdir()) for unit in sorted(top.iterdir())]
    for inner in temporary.rglob("*"):
        if inner.is_dir():
            sync(inner)
    tops = sorted({folder / unit.parent.name for unit in units})
    made = [top for top in tops if not top.exists()]
    moved: list[Path] = []
    try:
        for top in made:
            top.mkdir(exist_ok=True)
        for unit in units:
            target = folder / unit.relative_to(temporary)
            # What was unpacked long ago isn't to be taken for a leftover.
            os.utime(unit)
            if target.exists():
                # A file that is named after its content, or a folder that no row names.
                if target.is_dir():
                    raise _not_empty(folder)
                os.replace(unit, target)
            else:
                os.rename(unit, target)
                moved.append(target)
        for top in [*tops, folder]:
            sync(top)
        yield
    except BaseException:
        _remove(moved)
        for top in made:
            with suppress(OSError):
                top.rmdir()
        raise


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _insert(workspace: Workspace, rows: Rows) -> None:
    try:
        with workspace.begin(alone=True) as connection:
            if not _is_empty(connection):
                raise _not_empty(workspace.folder)
            for table in metadata.sorted_tables:
                for row in rows[table.name]:
                    connection.execute(sa.insert(table).values(row))
    except (IntegrityError, DataError) as error:
        raise DamagedArtefact(f"The records of the archive ({RECORDS}) contradict each other. {AGAIN}") from error
