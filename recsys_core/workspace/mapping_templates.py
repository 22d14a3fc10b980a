"""How a person had files with certain columns read: used again when the next file with these columns comes.

What is about one file's bytes (encoding, delimiter, sheet, row of the names) isn't kept: where it was guessed wrongly the columns
have other names, and another file may have been saved otherwise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from pydantic import ValidationError

from recsys_core.tables.columns import Kind, plain_name
from recsys_core.tables.mapping import Mapping
from recsys_core.workspace.database import now
from recsys_core.workspace.tables import MAPPINGS
from recsys_core.workspace.workspace import Workspace

_KEPT = {"columns", "left_out", "decimal", "dates"}


@dataclass(frozen=True)
class Template:
    """Choices, and the name of the file for which they were made."""

    name: str
    mapping: Mapping


def template_of(workspace: Workspace, kind: Kind, columns: Sequence[str]) -> Template | None:
    """The newest choices for a file with these columns; None if nobody had to make any."""
    row = workspace.newest(MAPPINGS, MAPPINGS.c.id == _fingerprint(kind, columns))
    if row is None:
        return None
    try:
        return Template(row.name, Mapping.model_validate(row.mapping))
    except ValidationError:
        # From another version of Launchdesk: the guess is better than a failure.
        return None


def remember(workspace: Workspace, kind: Kind, columns: Sequence[str], mapping: Mapping, name: str) -> None:
    """Keeps the choices for the next file with these columns; where there are none, forgets what was kept."""
    mapping = Mapping(**mapping.model_dump(include=_KEPT))
    fingerprint = _fingerprint(kind, columns)
    with workspace.begin() as connection:
        connection.execute(sa.delete(MAPPINGS).where(MAPPINGS.c.id == fingerprint))
        if mapping != Mapping():
            values = {"id": fingerprint, "created": now(), "name": name, "mapping": mapping.model_dump()}
            connection.execute(sa.insert(MAPPINGS).values(values))


def _fingerprint(kind: Kind, columns: Sequence[str]) -> str:
    """Of the columns' names, in whatever order they stand."""
    names = "\n".join([kind, *sorted(map(plain_name, columns))])
    return hashlib.sha256(names.encode()).hexdigest()[:32]
