"""Folders that a killed publication left behind, or that were replaced."""

from __future__ import annotations

import shutil
import time
from collections.abc import Collection
from pathlib import Path

ORPHAN_AGE = 3600.0
"""Seconds after which a folder that no row names is taken for a leftover; a younger one may be about to get its row."""


FORGOTTEN_AGE = 86400.0
"""Seconds after which a file that someone uploaded, but never imported, is taken for forgotten."""


def sweep_folder(parent: Path, known: Collection[str]) -> None:
    """Removes what is in `parent`, isn't among the `known` names, and is old enough."""
    if not parent.is_dir():
        return
    for folder in parent.iterdir():
        if folder.name not in known and time.time() - folder.stat().st_mtime > ORPHAN_AGE:
            shutil.rmtree(folder, ignore_errors=True)


def sweep_files(folder: Path, known: Collection[str] = (), age: float = ORPHAN_AGE) -> None:
    """Removes the files of `folder` that aren't among the `known` names and are older than that many seconds."""
    for file in folder.glob("*") if folder.is_dir() else ():
        if file.name not in known and time.time() - file.stat().st_mtime > age:
            file.unlink(missing_ok=True)
