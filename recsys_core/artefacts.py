"""Safe files: written whole or not at all, and read only if they are what was written.

An artefact is a folder with `arrays.safetensors`, `settings.json`, Parquet tables where it has any, and
`manifest.json`, which holds the format version and the SHA-256 of every other file. Nothing is ever pickled.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recsys_core.errors import DamagedArtefact

if TYPE_CHECKING:
    import pandas as pd
    import scipy.sparse as sp

FORMAT = 2
MANIFEST = "manifest.json"
ARRAYS = "arrays.safetensors"
SETTINGS = "settings.json"


def sha256(path: Path) -> str:
    """SHA-256 of a file's content as 64 hex digits; the file is read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Sees to it that a file, or the entries of a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Calls `write(temporary path)` and moves what it wrote to `path` in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        write(temporary)
        sync(temporary)
        os.replace(temporary, path)
        sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def publish_folder(folder: Path, write: Callable[[Path], None]) -> None:
    """Calls `write(temporary folder)`, adds the manifest, and moves the folder to its name in one step.

    A folder within it is an artefact of its own, with its own manifest."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.tmp")
    temporary.mkdir()
    try:
        write(temporary)
        files = {file.name: sha256(file) for file in sorted(temporary.iterdir()) if file.is_file()}
        (temporary / MANIFEST).write_text(json.dumps({"format": FORMAT, "sha256": files}, indent=1))
        for file in temporary.iterdir():
            sync(file)
        sync(temporary)
        if folder.exists():
            shutil.rmtree(folder)
        os.rename(temporary, folder)
        sync(folder.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_folder(folder: Path) -> None:
    """Raises DamagedArtefact unless every file of the folder is what its manifest says."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise DamagedArtefact(
            f"The stored files in “{folder.name}” have no readable manifest. Delete it and make it again."
        ) from error
    if manifest.get("format") != FORMAT:
        raise DamagedArtefact(
            f"“{folder.name}” was written in format {manifest.get('format')}; this version reads format {FORMAT}. "
            "Update Launchdesk, or make it again."
        )
    for name, expected in manifest["sha256"].items():
        file = folder / name
        if not file.is_file():
            raise DamagedArtefact(f"The file {name} of “{folder.name}” is missing. Make it again.")
        if sha256(file) != expected:
            raise DamagedArtefact(
                f"The file {name} of “{folder.name}” was changed or cut off after it was written. Make it again."
            )


def save_arrays(
    folder: Path,
    arrays: Mapping[str, np.ndarray],
    settings: Mapping[str, Any],
    frames: Mapping[str, pd.DataFrame] | None = None,
) -> None:
    """Publishes arrays (name → array), settings (JSON) and frames (name → table) as one artefact."""
    from safetensors.numpy import save_file

    def write(temporary: Path) -> None:
        save_file({name: np.asarray(array, order="C") for name, array in arrays.items()}, temporary / ARRAYS)
        (temporary / SETTINGS).write_text(json.dumps(settings, indent=1, sort_keys=True))
        for name, frame in (frames or {}).items():
            frame.to_parquet(temporary / f"{name}.parquet", index=False)

    publish_folder(folder, write)


def load_arrays(folder: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Reads what `save_arrays` wrote; raises DamagedArtefact if it is no longer that."""
    from safetensors.numpy import load_file

    check_folder(folder)
    return load_file(folder / ARRAYS), json.loads((folder / SETTINGS).read_text())


def load_frame(folder: Path, name: str) -> pd.DataFrame:
    """Reads one of the frames of an artefact that was checked before."""
    import pandas as pd

    return pd.read_parquet(folder / f"{name}.parquet")


def part(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    """The arrays whose names begin with `prefix`, without it."""
    return {name[len(prefix) :]: array for name, array in arrays.items() if name.startswith(prefix)}


def prefixed(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    """The arrays with `prefix` before their names."""
    return {prefix + name: array for name, array in arrays.items()}


def pack_sparse(name: str, matrix: sp.csr_matrix) -> dict[str, np.ndarray]:
    """A sparse matrix as arrays of an artefact."""
    parts = {"data": matrix.data, "indices": matrix.indices, "indptr": matrix.indptr, "shape": np.asarray(matrix.shape)}
    return {f"{name}.{part}": array for part, array in parts.items()}


def unpack_sparse(name: str, arrays: Mapping[str, np.ndarray]) -> sp.csr_matrix:
    """The matrix that `pack_sparse` took apart."""
    import scipy.sparse as sp

    data, indices, indptr, shape = (arrays[f"{name}.{part}"] for part in ("data", "indices", "indptr", "shape"))
    return sp.csr_matrix((data, indices, indptr), tuple(shape))
