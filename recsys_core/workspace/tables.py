"""The record tables. `number` gives the order: it grows by itself, so a clock that is set back can't change it.

A column that came after a table's first release is nullable: `Database` adds it to tables that are there already.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.schema import SchemaItem

from recsys_core.workspace.database import UtcTime

metadata = sa.MetaData()


def _table(name: str, *columns: SchemaItem) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("created", UtcTime, nullable=False),
        *columns,
        sqlite_autoincrement=True,
    )


CATALOGS = _table(
    "catalog_versions",
    sa.Column("products", sa.Integer, nullable=False),
    sa.Column("interactions", sa.Integer, nullable=False),
    sa.Column("customers", sa.Integer, nullable=False),
    sa.Column("files", sa.JSON, nullable=False),
    sa.Column("report", sa.JSON, nullable=False),
    sa.Column("tables", sa.JSON(none_as_null=True)),
    sa.Column("who", sa.Text),
    sa.Column("difference", sa.JSON(none_as_null=True)),
    # No foreign key: the version that was restored may be deleted.
    sa.Column("restored_from", sa.String(32)),
)

MODELS = _table(
    "models",
    sa.Column("catalog_version", sa.ForeignKey("catalog_versions.id"), nullable=False),
    sa.Column("settings", sa.JSON, nullable=False),
    sa.Column("summary", sa.JSON, nullable=False),
)

LAUNCHES = _table(
    "launches",
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("products", sa.Integer, nullable=False),
    sa.Column("support", sa.Integer, nullable=False),
    sa.Column("support_version", sa.Integer, nullable=False),
    sa.Column("support_folder", sa.Text, nullable=False),
    sa.Column("catalog_version", sa.ForeignKey("catalog_versions.id")),
)

ADAPTED = _table(
    "adapted_models",
    sa.Column("launch", sa.ForeignKey("launches.id", ondelete="CASCADE"), nullable=False),
    sa.Column("model", sa.ForeignKey("models.id"), nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("settings", sa.JSON, nullable=False),
    sa.Column("summary", sa.JSON, nullable=False),
    sa.Column("support_version", sa.Integer, nullable=False),
)

ATLASES = _table(
    "atlases",
    sa.Column("catalog_version", sa.ForeignKey("catalog_versions.id"), nullable=False),
    sa.Column("settings", sa.JSON, nullable=False),
    sa.Column("summary", sa.JSON, nullable=False),
)

PLACEMENTS = _table(
    "placements",
    sa.Column("launch", sa.ForeignKey("launches.id", ondelete="CASCADE"), nullable=False),
    sa.Column("products", sa.Integer, nullable=False),
)

BACKTESTS = _table(
    "backtests",
    sa.Column("catalog_version", sa.ForeignKey("catalog_versions.id"), nullable=False),
    sa.Column("settings", sa.JSON, nullable=False),
    sa.Column("summary", sa.JSON, nullable=False),
)

MAPPINGS = _table(
    "mappings",
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("mapping", sa.JSON, nullable=False),
)
