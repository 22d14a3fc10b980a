"""What a call needs beside its data: where to compute, the seed, and the way to report and to be stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from recsys_core.errors import Cancelled

T = TypeVar("T")

Report = Callable[[dict[str, Any]], None]


def _silent(_: dict[str, Any]) -> None:
    pass


def _never() -> bool:
    return False


@dataclass(frozen=True)
class RunContext:
    """Device, seed, progress, cancellation and checkpoints of one call.

    `report` gets plain dicts: {"stage": str, "done": int, "total": int} for progress, with any of
    "loss", "epoch", "ndcg" beside it for a live curve, or {"log": str} for a line of the log.
    `stop_asked` is polled often (at least once a second in any long loop).
    `checkpoints` is a folder in which long training keeps what it needs to go on after a kill;
    None means that nothing is kept.
    """

    device: str = "cpu"
    seed: int = 0
    report: Report = field(default=_silent, compare=False)
    stop_asked: Callable[[], bool] = field(default=_never, compare=False)
    checkpoints: Path | None = None

    def within(self, name: str) -> RunContext:
        """The same run with a place of its own for checkpoints: what is kept there isn't taken for another part's, or for that
        of other data."""
        return self if self.checkpoints is None else replace(self, checkpoints=self.checkpoints / name)

    def check(self) -> None:
        """Raises Cancelled if the run was told to stop."""
        if self.stop_asked():
            raise Cancelled()

    def log(self, line: str) -> None:
        self.report({"log": line})

    def progress(self, stage: str, done: int, total: int, **values: float) -> None:
        """Reports progress, and raises Cancelled if the run was told to stop."""
        self.check()
        self.report({"stage": stage, "done": done, "total": total, **values})

    def track(self, items: Iterable[T], stage: str, total: int) -> Iterator[T]:
        """Yields `items`, with a progress report (and a look at the stop flag) before each."""
        for done, item in enumerate(items):
            self.progress(stage, done, total)
            yield item
        self.progress(stage, total, total)
