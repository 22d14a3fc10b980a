"""Vectors of texts on disk: for each encoder a folder of parts that are written once, checked when read, and never changed.

Processes may write at the same time: each adds parts of its own, and removes some only after it has published one that
holds all that was in them.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from recsys_core.artefacts import ARRAYS, load_arrays, save_arrays
from recsys_core.errors import DamagedArtefact
from recsys_core.workspace.frames import plain_disk_errors
from recsys_core.workspace.leftovers import sweep_folder

MOST_PARTS = 16
"""So many small parts stay as they are; with one more they are merged."""
SMALL = 16 * 2**20
"""Bytes below which a part is small: larger ones aren't written again."""

Part = tuple[list[str], np.ndarray]
"""Keys, and a row for each."""


class TextVectors:
    """A `VectorCache` in a folder, which is made when the first vectors come."""

    def __init__(self, folder: Path | str):
        self.folder = Path(folder)

    def get(self, encoder: str, keys: Sequence[str]) -> dict[str, np.ndarray]:
        """The vectors, each (dimensions,) float32, of those keys that are known. A damaged part is removed."""
        wanted = set(keys)
        found: dict[str, np.ndarray] = {}
        seen: set[Path] = set()
        # Another process may merge parts while they are read here: then what is missing is in one that is new.
        while len(found) < len(wanted) and (new := set(self._parts(encoder)) - seen):
            seen |= new
            for part_keys, vectors in map(_read, new):
                found |= {key: vectors[row] for row, key in enumerate(part_keys) if key in wanted}
        return found

    def put(self, encoder: str, keys: Sequence[str], vectors: np.ndarray) -> None:
        """Adds vectors, (n_keys, dimensions) float32; keys are ASCII. Raises LaunchdeskError if the disk is full."""
        folder = self._folder(encoder)
        with plain_disk_errors():
            _write(folder, keys, vectors)
            small = [part for part in self._parts(encoder) if _size(part) < SMALL]
            if len(small) > MOST_PARTS:
                _merge(folder, small)
            # What another process is writing may get its name while this one looks.
            with suppress(FileNotFoundError):
                sweep_folder(folder, {part.name for part in self._parts(encoder)})

    def _folder(self, encoder: str) -> Path:
        """A hub's names have slashes; the hash keeps those apart that look alike without."""
        readable = re.sub(r"[^A-Za-z0-9.-]+", "-", encoder).strip(".-")[:60]
        return self.folder / f"{readable}-{hashlib.sha256(encoder.encode()).hexdigest()[:8]}"

    def _parts(self, encoder: str) -> list[Path]:
        return list(self._folder(encoder).glob("part-*"))


def _write(folder: Path, keys: Sequence[str], vectors: np.ndarray) -> None:
    # safetensors has no text: the bytes, then, a row a key.
    text = np.array(keys, dtype="S")
    letters = text.view(np.uint8).reshape(len(keys), text.itemsize)
    save_arrays(folder / f"part-{uuid.uuid4().hex[:16]}", {"keys": letters, "vectors": vectors.astype(np.float32)}, {})


def _read(part: Path) -> Part:
    """What a part holds; nothing, and it is gone, if it is no longer what was written."""
    try:
        arrays, _ = load_arrays(part)
    except (DamagedArtefact, OSError):
        shutil.rmtree(part, ignore_errors=True)
        return [], np.zeros((0, 0), dtype=np.float32)
    keys = arrays["keys"]
    return keys.view(f"S{keys.shape[1]}")[:, 0].astype(str).tolist(), arrays["vectors"]


def _merge(folder: Path, parts: list[Path]) -> None:
    vectors = {key: row for keys, rows in map(_read, parts) for key, row in zip(keys, rows, strict=True)}
    if vectors:
        _write(folder, list(vectors), np.stack(list(vectors.values())))
    for part in parts:
        shutil.rmtree(part, ignore_errors=True)


def _size(part: Path) -> int:
    """Bytes; 0 for a part that another process has just removed."""
    try:
        return (part / ARRAYS).stat().st_size
    except FileNotFoundError:
        return 0
