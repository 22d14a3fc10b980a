"""Folders that a killed publication left behind, or that were replaced."""

from __future__ import annotations

import shutil
import time
from collections.abc import Collection
from pathlib import Path

ORPHAN_AGE = 3600.0
"""Seconds after which a folder that no row names is taken for a leftover; a younger one may be about to get its row."""


def sweep_folder(parent: Path, known: Collection[str]) -> None:
    """Removes what is in `parent`, isn't among the `known` names, and is old enough."""
    if not parent.is_dir():
        return
    for folder in parent.iterdir():
        if folder.name not in known and time.time() - folder.stat().st_mtime > ORPHAN_AGE:
            shutil.rmtree(folder, ignore_errors=True)
