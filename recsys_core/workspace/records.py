"""What the workspace knows about the things it keeps. All times are UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class CatalogVersion:
    """One imported state of the three tables. `products`, `interactions` and `customers` are counts."""

    id: str
    created: datetime
    products: int
    interactions: int
    customers: int
    files: list[dict[str, Any]]
    """The files it was made from: name, sha256, rows."""
    report: dict[str, Any]
    """What the check found."""
    tables: dict[str, list[dict[str, Any]]] | None = field(default=None, repr=False)
    """Kind → the pieces of that table, see `pieces.py`; None: an older workspace's, whose tables are in a folder."""
    who: str | None = None
    """Who imported or restored it, where that is known."""
    difference: dict[str, dict[str, Any]] | None = None
    """Kind → how the table differs from the version before: counts, see `tables.difference.sentence_of`."""
    restored_from: str | None = None
    """Id of the older version whose tables these are again."""


@dataclass(frozen=True)
class _OfVersion:
    """Something that was made of one catalog version."""

    id: str
    created: datetime
    catalog_version: str
    settings: dict[str, Any]
    summary: dict[str, Any]


class ModelRecord(_OfVersion):
    """One trained source model."""


@dataclass(frozen=True)
class AdaptedRecord:
    """What an adaptation made of a source model and a launch."""

    id: str
    launch: str
    created: datetime
    model: str
    method: str
    settings: dict[str, Any]
    summary: dict[str, Any]
    support_version: int
    """The version of the launch's support that it learned from."""
    stale: bool
    """More support has come since."""


@dataclass(frozen=True)
class LaunchRecord:
    """A batch of new products. `products` and `support` are counts."""

    id: str
    name: str
    created: datetime
    products: int
    support: int
    support_version: int
    """1 for the support given at the start, one more each time that new support comes."""
    catalog_version: str | None
    """The newest catalog at the time the launch was created."""
    adapted: AdaptedRecord | None
    placements: str | None = None
    """Id of the newest state of what its products' categories were set to; None: nobody set any."""


class AtlasRecord(_OfVersion):
    """What is known of the categories of one catalog version."""


class BacktestRecord(_OfVersion):
    """One backtest of one catalog version. summary: `Backtest.facts`, and code: the version of Launchdesk that made it."""
