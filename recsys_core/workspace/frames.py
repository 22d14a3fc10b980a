"""Frames as Parquet files in checked folders."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from recsys_core.artefacts import check_folder, publish_folder
from recsys_core.errors import DamagedArtefact, LaunchdeskError


@contextmanager
def plain_disk_errors() -> Iterator[None]:
    """Turns what the system says of a full or read-only disk into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            message = "The disk of the workspace is full. Nothing was changed; make room and try again."
        elif error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            message = "The workspace can't be written to. Check the rights of its folder, or choose another one."
        else:
            raise
        raise LaunchdeskError(message) from error


def publish_frames(folder: Path, frames: Mapping[str, pd.DataFrame]) -> None:
    """Writes each frame as `<name>.parquet` into a new folder, whole or not at all."""

    def write(temporary: Path) -> None:
        for name, frame in frames.items():
            frame.to_parquet(temporary / f"{name}.parquet", index=False)

    with plain_disk_errors():
        publish_folder(folder, write)


def read_frames(folder: Path) -> dict[str, pd.DataFrame]:
    """Reads what `publish_frames` wrote; raises DamagedArtefact if it is no longer that."""
    check_folder(folder)
    try:
        return {file.stem: pd.read_parquet(file) for file in sorted(folder.glob("*.parquet"))}
    except (OSError, ValueError) as error:
        raise DamagedArtefact(f"The tables in “{folder.name}” can't be read. Import them again.") from error
