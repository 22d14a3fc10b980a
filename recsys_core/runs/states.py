"""What can be known of a run from outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

State = Literal["queued", "running", "stopping", "done", "failed", "cancelled"]


@dataclass(frozen=True)
class RunState:
    """One run as it is now. Times are UTC."""

    id: str
    kind: str
    subject: str
    settings: dict[str, Any]
    state: State
    stage: str | None
    """What it is doing, such as “Training”."""
    done: int
    total: int
    """How far the stage has come: `done` of `total`; 0 of 0 before the first report."""
    seconds_left: float | None
    """To the end of the stage; None while that can't be told."""
    curve: list[dict[str, Any]]
    """Reports with values, in order: stage, done, and what was measured, such as loss and ndcg."""
    log: list[str]
    """The last lines of its log, each beginning with its time (UTC)."""
    result: dict[str, Any] | None
    """What it made, once it is done."""
    error: str | None
    """Why it failed, in a sentence for the person who started it."""
    device: str | None
    """What it computes on, as a name to show."""
    created: datetime
    started: datetime | None
    ended: datetime | None

    @property
    def is_over(self) -> bool:
        return self.state in ("done", "failed", "cancelled")
