"""Tables as they come from an archive: each has the columns that it is read for, and none is a bomb.

What a file becomes when it is read is counted without reading it whole: texts are left in the file's dictionaries, where one
that repeats stands once. A page that unpacks to more than it says is held only by the format itself, to 2 GB.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recsys_core.errors import DamagedArtefact
from recsys_core.run_context import RunContext
from recsys_core.tables.columns import PRODUCT, REQUIRED
from recsys_core.workspace.archive import PIECES, NamedFile, Rows
from recsys_core.workspace.pieces import Piece, from_json
from recsys_core.workspace.tables import CATALOGS, LAUNCHES, PLACEMENTS

ALWAYS = 2**30
"""Bytes that a table may take once it is read, however small its files are."""
TIMES = 100
"""How many times the size of its files it may take beyond that."""

_NEEDED = {str(kind): columns for kind, columns in REQUIRED.items()}
_NEEDED["placements"] = (PRODUCT, "given", "category", "by")
_SHORTEST = 4
"""Bytes that a value takes at least, whatever is in it."""
_PIECE_VALUES = 1_000_000


def check_tables(root: Path, rows: Rows, files: Iterable[NamedFile], run: RunContext) -> None:
    """Raises DamagedArtefact unless the Parquet files can be read, and the tables that rows name are tables of ours.

    The files are there and are what their digests say. Raises Cancelled.
    """
    folders: dict[Path, list[Path]] = {}
    for file in files:
        if file.path.suffix == ".parquet" and file.path.parent.name != PIECES:
            folders.setdefault(file.path.parent, []).append(file.path)
    taken: dict[Path, int] = {}
    for folder, paths in folders.items():
        _check_together(paths, f"The tables in {folder.relative_to(root).as_posix()}", taken, run)
    for row in rows[CATALOGS.name]:
        if row.get("tables") is None:
            folder = root / "catalogs" / row["id"]
            _check_folder(root, folder, ["products", "interactions"])
            if (folder / "customers.parquet") in folders[folder]:
                _check_folder(root, folder, ["customers"])
            continue
        for kind, there in row["tables"].items():
            _check_pieces(root, kind, from_json(there), taken, run)
    for row in rows[LAUNCHES.name]:
        folder = root / "launches" / row["id"]
        _check_folder(root, folder / "products", ["products"])
        _check_folder(root, folder / row["support_folder"], ["interactions"])
    for row in rows[PLACEMENTS.name]:
        folder = root / "launches" / row["launch"] / f"placed-{row['id']}"
        if folder in folders:
            _check_folder(root, folder, ["placements"])


def _check_folder(root: Path, folder: Path, names: Iterable[str]) -> None:
    for name in names:
        path = folder / f"{name}.parquet"
        if not path.is_file():
            raise DamagedArtefact(f"The file {path.relative_to(root).as_posix()} is missing.")
        _check_columns(path, path.relative_to(root).as_posix(), _NEEDED[name])


def _check_pieces(root: Path, kind: str, pieces: Sequence[Piece], taken: dict[Path, int], run: RunContext) -> None:
    paths = [root / PIECES / f"{piece.file}.parquet" for piece in pieces]
    _check_together(paths, f"The table of {kind}", taken, run)
    for piece, path in zip(pieces, paths, strict=True):
        _check_columns(path, f"{PIECES}/{path.name}", _NEEDED[kind])
        if piece.gone is not None:
            run.check()
            _check_gone(root / PIECES / f"{piece.gone}.parquet", piece)


def _check_columns(path: Path, name: str, needed: Iterable[str]) -> None:
    schema = pq.read_schema(path)
    if len(set(schema.names)) < len(schema.names):
        raise DamagedArtefact(f"The file {name} has two columns of one name.")
    for column in needed:
        if column not in schema.names:
            raise DamagedArtefact(f"The file {name} has no column {column}, which its table needs.")
        if not _is_plain(schema.field(column).type):
            raise DamagedArtefact(
                f"The column {column} of the file {name} holds {schema.field(column).type}, not text."
            )


def _is_plain(type_: pa.DataType) -> bool:
    """Whether it holds texts, whole numbers (which are read as texts), or nothing at all."""
    if pa.types.is_dictionary(type_):
        type_ = type_.value_type
    return any(
        holds(type_) for holds in (pa.types.is_string, pa.types.is_large_string, pa.types.is_integer, pa.types.is_null)
    )


def _check_gone(path: Path, piece: Piece) -> None:
    """Its rows are counted already, and so no more than those of the piece."""
    if pq.read_schema(path).remove_metadata() != pa.schema([("position", pa.int64())]):
        raise DamagedArtefact(f"The file {PIECES}/{path.name} doesn't hold positions of rows.")
    with _plain_errors(path):
        positions = pq.read_table(path).column("position")
    numbers = np.zeros(0, dtype=np.int64) if positions.null_count else positions.to_numpy()
    inside = numbers[(numbers >= 0) & (numbers < piece.rows)]
    if len(np.unique(inside)) != piece.gone_rows or len(numbers) != piece.gone_rows:
        raise DamagedArtefact(
            f"The file {PIECES}/{path.name} should hold {piece.gone_rows:,} different positions below {piece.rows:,}."
        )


def _check_together(paths: Sequence[Path], name: str, taken: dict[Path, int], run: RunContext) -> None:
    """Raises DamagedArtefact if files that are read together take too much; keeps in `taken` what each takes."""
    most = max(ALWAYS, TIMES * sum(path.stat().st_size for path in set(paths)))
    total = 0
    for path in paths:
        if path not in taken:
            taken[path] = _read_size(path, most, run)
        total += taken[path]
        if total > most:
            raise DamagedArtefact(
                f"{name} would take more than {most / 1e9:,.1f} GB of memory, more than a hundred times the size of the files."
            )


@contextmanager
def _plain_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DamagedArtefact(
            f"The file {path.name} is damaged, or written in a way that Launchdesk doesn't use."
        ) from error


def _read_size(path: Path, most: int, run: RunContext) -> int:
    """How many bytes the table of a Parquet file takes; counted only until it is more than `most`."""
    about = pq.read_metadata(path)
    columns = [about.schema.column(number) for number in range(about.num_columns)]
    groups = [about.row_group(number) for number in range(about.num_row_groups)]
    # The length of a column is that of values which all have the same, else 0.
    values = sum(
        group.column(number).num_values * max(_SHORTEST, column.length)
        for group in groups
        for number, column in enumerate(columns)
    )
    size = max(values, _SHORTEST * about.num_rows, *(group.total_byte_size for group in groups), 0)
    if size > most or not columns:
        return size
    texts = [column.path for column in columns if column.physical_type == "BYTE_ARRAY"]
    size = 0
    with _plain_errors(path), pq.ParquetFile(path, read_dictionary=texts, page_checksum_verification=True) as file:
        for batch in file.iter_batches(max(1, _PIECE_VALUES // len(columns))):
            run.check()
            size += sum(map(_size, batch.columns))
            if size > most:
                break
    return size


def _size(column: pa.Array) -> int:
    """Bytes of the values, each by itself."""
    type_ = column.type
    own = _SHORTEST * len(column)
    if pa.types.is_dictionary(type_):
        if not _is_bytes(type_.value_type):
            return 8 * len(column)
        return own + (pc.sum(pc.binary_length(column.dictionary).take(column.indices)).as_py() or 0)
    if pa.types.is_list(type_) or pa.types.is_large_list(type_) or pa.types.is_fixed_size_list(type_):
        return own + _size(column.flatten())
    if pa.types.is_struct(type_):
        return own + sum(map(_size, column.flatten()))
    if pa.types.is_map(type_):
        return own + _size(column.keys) + _size(column.items)
    return max(own, column.nbytes)


def _is_bytes(type_: pa.DataType) -> bool:
    return (
        pa.types.is_string(type_)
        or pa.types.is_large_string(type_)
        or pa.types.is_binary(type_)
        or pa.types.is_large_binary(type_)
    )
