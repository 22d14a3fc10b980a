"""The body of the run that replays launches from the past."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from recsys_core.code_version import code_version
from recsys_core.run_context import RunContext
from recsys_core.runs.job_settings import JobSettings
from recsys_core.workspace import Workspace
from recsys_core.workspace.backtests import publish_backtest


class BacktestSettings(JobSettings):
    """Settings of a backtest."""

    methods: list[str] | None = None
    """Names of methods; None: all of them. The baselines are always there."""
    shots: list[int] = Field(default=[0, 1, 2, 5, 10], min_length=1)
    """Numbers of first sales."""
    cuts: int = Field(default=2, ge=1, le=10)
    """How many times the past is cut."""
    by: Literal["auto", "date", "product", "category"] = "auto"
    """What is held out; auto: what was first sold after a date where sales have times, else random products."""
    top: int = Field(default=20, ge=1, le=100)
    """Length of the lists."""
    model: dict[str, Any] = Field(default_factory=dict)
    """Settings of the source models that aren't the usual ones."""


def replay_launches(workspace: Workspace, settings: BacktestSettings, run: RunContext) -> dict[str, Any]:
    """Backtests the newest catalog and keeps what was found; returns its facts.

    Raises NotThere without a catalog, CannotRun where there is too little to replay, InvalidSetting.
    """
    from recsys_core.selection.backtests.run import backtest

    version = workspace.needed_catalog_version()
    found = backtest(
        workspace.catalog(version.id),
        methods=settings.methods,
        shots=settings.shots,
        cuts=settings.cuts,
        by=None if settings.by == "auto" else settings.by,
        top=settings.top,
        model=settings.model,
        run=run.within(version.id),
    )
    summary = found.facts | {"code": code_version()}
    run.check()
    record = publish_backtest(
        workspace, found.save, catalog_version=version.id, settings=settings.model_dump(), summary=summary
    )
    return {"backtest": record.id, "catalog_version": version.id, **summary}
