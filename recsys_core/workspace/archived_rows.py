"""Records as they come from an archive: only what this version's tables can hold, and what leads nowhere else, is taken."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from recsys_core.errors import DamagedArtefact
from recsys_core.tables.columns import KINDS
from recsys_core.workspace.archive import AGAIN, DIGEST, RECORDS, Rows
from recsys_core.workspace.database import UtcTime
from recsys_core.workspace.json_values import json_ready
from recsys_core.workspace.launch_names import normal_name
from recsys_core.workspace.pieces import Piece, from_json
from recsys_core.workspace.tables import LAUNCHES, metadata

LARGEST_NUMBER = {int: 2**31, float: 1e308}
"""What every database takes."""

_ID = re.compile(r"[0-9a-f]{16,32}")
_SUPPORT_FOLDER = re.compile(r"support-[0-9a-f]{16,32}")
_SHAPES: dict[str, type] = {
    "files": list,
    "report": dict,
    "settings": dict,
    "summary": dict,
    "difference": dict,
    "mapping": dict,
    "tables": dict,
}
"""What JSON columns hold; others hold either. See also `_INNER`."""


def checked_rows(tables: dict[str, list[dict[str, Any]]]) -> Rows:
    """The records, ready for a database. Raises DamagedArtefact, and what Python says of JSON in another shape."""
    if unknown := set(tables) - set(metadata.tables):
        raise _bad_record(min(unknown), "is a table that this version doesn't know")
    rows = {
        table.name: [_checked_row(table, row) for row in tables.get(table.name, [])] for table in metadata.sorted_tables
    }
    for table in metadata.sorted_tables:
        for column in table.columns:
            values = [row[column.name] for row in rows[table.name] if column.name in row]
            if column.unique and len(set(values)) < len(values):
                raise _bad_record(f"{table.name}.{column.name}", "holds a value twice")
            for key in column.foreign_keys:
                if set(values) - {row[key.column.name] for row in rows[key.column.table.name]}:
                    raise _bad_record(
                        f"{table.name}.{column.name}", f"names a row of {key.column.table.name} that isn't there"
                    )
    return rows


def _checked_row(table: sa.Table, row: dict[str, Any]) -> dict[str, Any]:
    columns = {column.name: column for column in table.columns if column.name != "number"}
    if unknown := set(row) - set(columns):
        raise _bad_record(f"{table.name}.{min(unknown)}", "is a column that this version doesn't know")
    checked = {}
    for name, column in columns.items():
        if row.get(name) is not None:
            if not _fits(column, row[name]):
                raise _bad_record(
                    f"{table.name}.{name}", f"holds {json.dumps(row[name])[:60]}, which can't stand there"
                )
            value = json_ready(row[name])
            checked[name] = datetime.fromisoformat(value).astimezone(UTC) if _type(column) is datetime else value
        elif not column.nullable and (name in row or (column.default is None and column.server_default is None)):
            raise _bad_record(f"{table.name}.{name}", "holds nothing, but needs a value")
    return checked


def _fits(column: sa.Column, value: Any) -> bool:
    """Whether a value from JSON can stand in the column; what becomes the name of a folder must look like ours."""
    kind = _type(column)
    if kind is datetime:
        return isinstance(value, str) and _is_time(value)
    if kind in (int, float):
        numbers = (int,) if kind is int else (int, float)
        return isinstance(value, numbers) and not isinstance(value, bool) and abs(value) < LARGEST_NUMBER[kind]
    if isinstance(column.type, sa.JSON):
        # No page can show half a surrogate pair.
        if not isinstance(value, kind) or not _is_unicode(json.dumps(value, ensure_ascii=False)):
            return False
        inner = _INNER.get(f"{column.table.name}.{column.name}")
        return inner is None or inner(value)
    if not isinstance(value, str) or len(value) > (getattr(column.type, "length", None) or len(value)):
        return False
    if column.name == "id" or column.foreign_keys:
        return _ID.fullmatch(value) is not None
    if column.name.endswith("folder"):
        return _SUPPORT_FOLDER.fullmatch(value) is not None
    # No database takes a NUL or half a surrogate pair; and a launch is found by its normal name only.
    return value == normal_name(value) != "" if column is LAUNCHES.c.name else "\0" not in value and _is_unicode(value)


def _type(column: sa.Column) -> type | tuple[type, ...]:
    if isinstance(column.type, sa.JSON):
        return _SHAPES.get(column.name, (dict, list))
    return datetime if isinstance(column.type, UtcTime) else column.type.python_type


def _are_files(value: list[Any]) -> bool:
    """Whether they tell of the files that a catalog was made from."""
    return all(
        isinstance(file, dict)
        and all(isinstance(file.get(name), str) for name in ("name", "sha256"))
        and isinstance(file.get("kind", ""), str)
        and _is_count(file.get("rows", 0))
        for file in value
    )


def _are_differences(value: dict[str, Any]) -> bool:
    """Whether `sentence_of` can tell of each."""
    return set(value) <= set(KINDS) and all(
        isinstance(counts, dict)
        and all(_is_count(counts.get(name)) for name in ("added", "changed", "unchanged", "missing"))
        and _is_count(counts.get("kept_as_they_were", 0))
        and isinstance(counts.get("removed"), bool)
        for counts in value.values()
    )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LARGEST_NUMBER[int]


def _are_tables(value: dict[str, Any]) -> bool:
    """Whether a value from JSON says what a catalog's tables are made of; its digests become names of files."""
    try:
        tables = [from_json(there) for there in value.values()]
    except (AttributeError, TypeError):
        return False
    pieces = [piece for there in tables for piece in there]
    return {"products", "interactions"} <= set(value) <= set(KINDS) and all(tables) and all(map(_is_piece, pieces))


def _is_piece(piece: Piece) -> bool:
    digests = [piece.file] if piece.gone is None else [piece.file, piece.gone]
    counts = [piece.rows, piece.gone_rows]
    return (
        all(isinstance(digest, str) and DIGEST.fullmatch(digest) for digest in digests)
        and all(map(_is_count, counts))
        and (0 < piece.gone_rows <= piece.rows if piece.gone else 0 == piece.gone_rows <= piece.rows)
    )


_INNER: dict[str, Callable[[Any], bool]] = {
    "catalog_versions.files": _are_files,
    "catalog_versions.difference": _are_differences,
    "catalog_versions.tables": _are_tables,
}
"""What is in JSON columns whose insides pages read without asking."""


def _is_time(text: str) -> bool:
    try:
        time_of = datetime.fromisoformat(text)
        return time_of.tzinfo is not None and time_of.astimezone(UTC).year > 1
    except (ValueError, OverflowError):
        return False


def _is_unicode(text: str) -> bool:
    try:
        return bool(text.encode()) or not text
    except UnicodeEncodeError:
        return False


def _bad_record(what: str, why: str) -> DamagedArtefact:
    shown = "".join(letter if letter.isprintable() else "?" for letter in what[:100])
    return DamagedArtefact(f"In the records of the archive ({RECORDS}) “{shown}” {why}. {AGAIN}")
