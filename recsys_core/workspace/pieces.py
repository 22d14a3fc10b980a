"""Tables in pieces: Parquet files named by the SHA-256 of what is in them, so that versions share what they have in common.

A table is a list of pieces; of each, all rows count but those at the positions in its `gone` file. A small change adds a
small piece and marks the rows that it replaces. Small pieces at the end are joined so that each is more than twice as long as
the next: there are never more than about log2 of the number of changes, and a row is written anew about as many times.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recsys_core.artefacts import sha256, write_atomically
from recsys_core.errors import DamagedArtefact
from recsys_core.tables.difference import stacked
from recsys_core.workspace.frames import plain_disk_errors


@dataclass(frozen=True)
class Piece:
    """A file of a table. `file` and `gone` are SHA-256 of Parquet files; the rows at the positions in `gone` don't count."""

    file: str
    rows: int
    """With those that are gone."""
    gone: str | None = None
    gone_rows: int = 0

    @property
    def live(self) -> int:
        return self.rows - self.gone_rows


def to_json(pieces: Iterable[Piece]) -> list[dict[str, Any]]:
    return [asdict(piece) for piece in pieces]


def from_json(pieces: Iterable[Mapping[str, Any]]) -> list[Piece]:
    return [Piece(**piece) for piece in pieces]


def row_count(pieces: Iterable[Piece]) -> int:
    return sum(piece.live for piece in pieces)


def files_of(pieces: Iterable[Piece]) -> set[str]:
    """Names of the files that the pieces are made of."""
    return {_name(digest) for piece in pieces for digest in (piece.file, piece.gone) if digest}


def write_table(folder: Path, frame: pd.DataFrame) -> list[Piece]:
    """Keeps a whole table as one piece. The same table is the same piece, and is there once."""
    content = io.BytesIO()
    frame.to_parquet(content, index=False)
    return [Piece(_write(folder, content), len(frame))]


def update_table(folder: Path, pieces: Sequence[Piece], gone: np.ndarray, fresh: pd.DataFrame) -> list[Piece]:
    """The table without the rows that are `gone` ((rows of the table,) bool) and with the `fresh` ones at its end."""
    if len(gone) != row_count(pieces):
        raise ValueError(f"{len(gone):,} marks for a table of {row_count(pieces):,} rows")
    if not gone.any() and fresh.empty:
        return list(pieces)
    groups = [[part] for part in _parts(folder, pieces, gone, fresh) if part.live]
    if not groups:
        return write_table(folder, read_table(folder, pieces).head(0))
    for at in range(len(groups) - 1, 0, -1):
        if _live(groups[at - 1]) <= 2 * _live(groups[at]):
            groups[at - 1] += groups.pop(at)
    return [_piece(folder, group) for group in groups]


def read_table(folder: Path, pieces: Sequence[Piece], columns: Collection[str] | None = None) -> pd.DataFrame:
    """The table, default index; only those `columns`, where given. Raises DamagedArtefact."""
    return _stacked([_rows(folder, piece, _counting(folder, piece), columns) for piece in pieces])


def read_apart(
    folder: Path, pieces: Sequence[Piece], others: Sequence[Piece]
) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """The rows of each of two tables that are in no piece of both, and how many rows they share. Raises DamagedArtefact."""
    shared = 0
    counting = [{piece.file: _counting(folder, piece) for piece in table} for table in (pieces, others)]
    one, other = counting
    # Two equal pieces of one table can't be told apart by their names; such a table is read whole.
    if len(one) == len(pieces) and len(other) == len(others):
        for file in one.keys() & other.keys():
            both = one[file] & other[file]
            shared += int(both.sum())
            one[file], other[file] = one[file] & ~both, other[file] & ~both
    first, second = (
        _stacked([_rows(folder, piece, side[piece.file]) for piece in table])
        for table, side in zip((pieces, others), counting, strict=True)
    )
    return first, second, shared


@dataclass(frozen=True)
class _Part:
    """A piece of which the rows at `counting` count; or new rows, which are in no piece yet."""

    piece: Piece | None = None
    counting: np.ndarray | None = None
    """(rows of the piece,) bool; None: as the piece has it."""
    fresh: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def live(self) -> int:
        if self.piece is None:
            return len(self.fresh)
        return self.piece.live if self.counting is None else int(self.counting.sum())

    def table(self, folder: Path) -> pa.Table:
        if self.piece is None:
            return pa.Table.from_pandas(self.fresh, preserve_index=False)
        return _rows(folder, self.piece, _counting(folder, self.piece) if self.counting is None else self.counting)


def _live(parts: Iterable[_Part]) -> int:
    return sum(part.live for part in parts)


def _parts(folder: Path, pieces: Sequence[Piece], gone: np.ndarray, fresh: pd.DataFrame) -> list[_Part]:
    parts = []
    start = 0
    for piece in pieces:
        marks = gone[start : start + piece.live]
        start += piece.live
        if not marks.any():
            parts.append(_Part(piece))
            continue
        counting = _counting(folder, piece)
        counting[np.flatnonzero(counting)[marks]] = False
        parts.append(_Part(piece, counting))
    return [*parts, _Part(fresh=fresh)]


def _piece(folder: Path, parts: Sequence[_Part]) -> Piece:
    """The parts as one piece: written anew, unless it is one of which most still counts."""
    piece, counting = parts[0].piece, parts[0].counting
    if len(parts) == 1 and piece is not None and 2 * parts[0].live >= piece.rows:
        if counting is None:
            return piece
        gone = np.flatnonzero(~counting)
        return Piece(piece.file, piece.rows, _write_gone(folder, gone), len(gone))
    return write_table(folder, _stacked([part.table(folder) for part in parts]))[0]


def _stacked(tables: Sequence[pa.Table]) -> pd.DataFrame:
    # A single table keeps what pandas noted of its types.
    return tables[0].to_pandas() if len(tables) == 1 else stacked(tables).to_pandas()


def _rows(folder: Path, piece: Piece, counting: np.ndarray, columns: Collection[str] | None = None) -> pa.Table:
    """Those rows of a piece's file. Raises DamagedArtefact."""
    path = _checked(folder, piece.file)
    schema = pq.read_schema(path)
    there = [name for name in schema.names if columns is None or name in columns]
    if not counting.any():
        return schema.empty_table().select(there)
    table = pq.read_table(path, columns=there)
    return table if counting.all() else table.filter(pa.array(counting))


def _counting(folder: Path, piece: Piece) -> np.ndarray:
    """(rows of the piece,) bool: those that count. Raises DamagedArtefact."""
    counting = np.ones(piece.rows, dtype=bool)
    if piece.gone is not None:
        counting[pq.read_table(_checked(folder, piece.gone)).column("position").to_numpy()] = False
    return counting


def _write_gone(folder: Path, gone: np.ndarray) -> str:
    content = io.BytesIO()
    pq.write_table(
        pa.table({"position": pa.array(gone, pa.int64())}),
        content,
        use_dictionary=False,
        column_encoding="DELTA_BINARY_PACKED",
        compression="zstd",
    )
    return _write(folder, content)


def _write(folder: Path, content: io.BytesIO) -> str:
    digest = hashlib.sha256(content.getbuffer()).hexdigest()
    # A file that is there already is written again: it may be damaged, or so old that it is about to be swept.
    with plain_disk_errors():
        write_atomically(folder / _name(digest), lambda path: _fill(path, content))
    return digest


def _fill(path: Path, content: io.BytesIO) -> None:
    with path.open("wb") as file:
        file.write(content.getbuffer())


def _checked(folder: Path, digest: str) -> Path:
    """The file of that content. Raises DamagedArtefact."""
    path = folder / _name(digest)
    if not path.is_file():
        raise DamagedArtefact(
            f"The stored file {path.name[:8]}… of a table of the catalog is missing. "
            "Restore another version of the catalog, or import the files again."
        )
    if sha256(path) != digest:
        raise DamagedArtefact(
            f"The stored file {path.name[:8]}… of a table of the catalog was changed or cut off after it was written. "
            "Restore another version of the catalog, or import the files again."
        )
    return path


def _name(digest: str) -> str:
    return f"{digest}.parquet"
