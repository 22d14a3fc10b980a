"""Files that a person gave and hasn't imported yet: on disk under names of our own, so that memory holds none of them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import BinaryIO

from recsys_core.workspace.frames import plain_disk_errors
from recsys_core.workspace.imports import Upload
from recsys_core.workspace.workspace import Workspace, new_id

_PIECE = 1 << 22


def spooled(workspace: Workspace, content: BinaryIO, name: str) -> Upload:
    """The file on disk, copied in pieces. Raises LaunchdeskError if the disk is full."""
    workspace.prepare()
    path = workspace.uploads_folder / new_id()
    try:
        with plain_disk_errors():
            path.parent.mkdir(exist_ok=True)
            with path.open("xb") as file:
                shutil.copyfileobj(content, file, _PIECE)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Upload(path, name)


def discard(upload: Upload) -> None:
    """Removes a file that isn't wanted any more."""
    if isinstance(upload.source, Path):
        upload.source.unlink(missing_ok=True)
