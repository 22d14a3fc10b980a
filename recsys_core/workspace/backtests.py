"""Backtests, kept side by side: each stays until somebody deletes it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from recsys_core.errors import NotThere
from recsys_core.workspace.records import BacktestRecord
from recsys_core.workspace.tables import BACKTESTS
from recsys_core.workspace.workspace import Save, Workspace, fields_of, of_version


def publish_backtest(
    workspace: Workspace, save: Save, *, catalog_version: str, settings: Mapping[str, Any], summary: Mapping[str, Any]
) -> BacktestRecord:
    """Keeps a backtest beside those that are there."""
    values = of_version(catalog_version, settings, summary)
    folder = _folder(workspace, values["id"])
    workspace.publish_artefact(folder, save)
    with workspace.naming(folder, catalog_version) as connection:
        connection.execute(sa.insert(BACKTESTS).values(values))
    return BacktestRecord(**values)


def backtests(workspace: Workspace) -> list[BacktestRecord]:
    """All of them, newest first."""
    with workspace.begin() as connection:
        rows = connection.execute(sa.select(BACKTESTS).order_by(BACKTESTS.c.number.desc())).all()
    return [BacktestRecord(**fields_of(row)) for row in rows]


def backtest_folder(workspace: Workspace, backtest_id: str) -> Path:
    """For `recsys_core.selection.backtests.result`. Raises NotThere."""
    folder = _folder(workspace, backtest_id)
    if not folder.is_dir():
        raise NotThere("This backtest was deleted meanwhile. Reload the page.")
    return folder


def delete_backtest(workspace: Workspace, backtest_id: str) -> None:
    """Removes a backtest with all that was found."""
    with workspace.begin() as connection:
        connection.execute(sa.delete(BACKTESTS).where(BACKTESTS.c.id == backtest_id))
    shutil.rmtree(_folder(workspace, backtest_id), ignore_errors=True)


def _folder(workspace: Workspace, backtest_id: str) -> Path:
    return workspace.folder / "backtests" / backtest_id
