"""The progress of runs: one row each, written by the worker a few times a second at most, read by anyone.

This is a table of ours and not dbos's events and streams: those keep every value they were ever given,
and a training reports thousands.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa

from recsys_core.errors import LaunchdeskError
from recsys_core.workspace.database import Database, UtcTime, now
from recsys_core.workspace.json_values import json_ready

metadata = sa.MetaData()

PROGRESS = sa.Table(
    "run_progress",
    metadata,
    sa.Column("run", sa.String(64), primary_key=True),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("device", sa.Text),
    sa.Column("started", UtcTime, nullable=False),
    sa.Column("ended", UtcTime),
    sa.Column("updated", UtcTime, nullable=False),
    sa.Column("stage", sa.Text),
    sa.Column("done", sa.Integer, nullable=False),
    sa.Column("total", sa.Integer, nullable=False),
    sa.Column("seconds_left", sa.Float),
    sa.Column("curve", sa.JSON, nullable=False),
    sa.Column("log", sa.JSON, nullable=False),
)

logger = logging.getLogger(__name__)

STOP_PATIENCE = 1.0
"""Seconds that a run has to stop by itself: a long step of a library doesn't ask whether it should."""
INTERVAL = 0.25
"""Seconds between two writes, and between two looks whether the run was cancelled."""
LOG_LINES = 200
CURVE_POINTS = 500


def read_progress(database: Database, runs: Iterable[str]) -> dict[str, Any]:
    """The rows of these runs by run id; a run that no worker has begun has none."""
    with database.begin(metadata) as connection:
        rows = connection.execute(sa.select(PROGRESS).where(PROGRESS.c.run.in_(list(runs)))).all()
    return {row.run: row for row in rows}


def unfinished(database: Database) -> list[str]:
    """The runs that a worker has begun and not ended."""
    with database.begin(metadata) as connection:
        return list(connection.execute(sa.select(PROGRESS.c.run).where(PROGRESS.c.ended.is_(None))).scalars())


def mark_ended(database: Database, run: str) -> None:
    with database.begin(metadata) as connection:
        connection.execute(sa.update(PROGRESS).where(PROGRESS.c.run == run).values(ended=now()))


class Reporter:
    """Takes the reports of one attempt at a run, and learns when the run was cancelled.

    Reports only change memory; a thread writes the newest state and asks `cancelled`, both at most
    every `INTERVAL` seconds, so that a run may report as often as it likes. The last state is always written.
    """

    def __init__(
        self,
        database: Database,
        run: str,
        *,
        log_file: Path,
        cancelled: Callable[[], bool],
        overdue: Callable[[], None] = lambda: None,
    ):
        """overdue: called once if the run doesn't stop by itself within STOP_PATIENCE of being asked."""
        self.tries = 1
        """How often the run was begun; an attempt that was ended in an orderly way doesn't count."""
        self._database, self._run, self._log_file, self._cancelled = database, run, log_file, cancelled
        self._overdue, self._stop_began = overdue, float("inf")
        self._stop, self._closed = threading.Event(), threading.Event()
        self._lock, self._changed = threading.Lock(), False
        self._state: dict[str, Any] = {
            "device": None,
            "stage": None,
            "done": 0,
            "total": 0,
            "seconds_left": None,
            "curve": [],
            "log": [],
        }
        self._stage_began: float | None = None
        self._stage_first = 0
        self._thread = threading.Thread(target=self._keep_writing, name=f"progress of {run}", daemon=True)

    def __enter__(self) -> Self:
        self._log_file.parent.mkdir(parents=True, exist_ok=True)
        with self._database.begin(metadata) as connection:
            row = connection.execute(sa.select(PROGRESS).where(PROGRESS.c.run == self._run)).one_or_none()
            if row is None:
                first = {"run": self._run, "tries": 1, "started": now(), "updated": now()}
                connection.execute(sa.insert(PROGRESS).values(first | self._state))
            else:
                self.tries = row.tries + 1
                self._state |= {name: row._mapping[name] for name in self._state}
                self._state["seconds_left"] = None
                again = sa.update(PROGRESS).where(PROGRESS.c.run == self._run)
                connection.execute(again.values(tries=self.tries, ended=None))
        if self.tries > 1:
            self.report({"log": "The worker was started again; the run goes on."})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        self._thread.join()
        with self._lock:
            self._state["seconds_left"] = None
        self._write(ended=now())

    def report(self, values: dict[str, Any]) -> None:
        """Takes a report of a RunContext; see there."""
        values = dict(values)
        with self._lock:
            self._changed = True
            if "log" in values:
                self._add_line(str(values.pop("log")))
            if "stage" in values:
                self._go_on(values.pop("stage"), int(values.pop("done")), int(values.pop("total")), values)

    def stop_asked(self) -> bool:
        return self._stop.is_set()

    def set_device(self, label: str) -> None:
        with self._lock:
            self._state["device"], self._changed = label, True

    def append_to_file(self, text: str) -> None:
        """Writes what only the log file is to hold, such as a traceback."""
        with self._log_file.open("a", encoding="utf-8") as file:
            file.write(text.rstrip("\n") + "\n")

    def leave_in_order(self) -> None:
        """Notes that this attempt isn't ended by a fault of the run: the worker was told to go."""
        with self._database.begin(metadata) as connection:
            fewer = sa.update(PROGRESS).where(PROGRESS.c.run == self._run)
            connection.execute(fewer.values(tries=self.tries - 1))

    def _add_line(self, line: str) -> None:
        stamped = f"{now():%H:%M:%S} {line}"
        self._state["log"] = [*self._state["log"], stamped][-LOG_LINES:]
        self.append_to_file(stamped)

    def _go_on(self, stage: str, done: int, total: int, values: dict[str, Any]) -> None:
        state, moment = self._state, time.monotonic()
        if stage != state["stage"] or self._stage_began is None or done < self._stage_first:
            self._stage_began, self._stage_first = moment, done
        state["stage"], state["done"], state["total"] = stage, done, total
        advanced = done - self._stage_first
        left = (moment - self._stage_began) / advanced * (total - done) if advanced > 0 else None
        state["seconds_left"] = left
        if values:
            # A run that goes on after a kill reports its last epoch once more: the curve must not go back.
            curve = [point for point in state["curve"] if point["stage"] != stage or point["done"] < done]
            curve.append({"stage": stage, "done": done, **json_ready(values)})
            state["curve"] = curve if len(curve) <= CURVE_POINTS else curve[:-1:2] + curve[-1:]

    def _keep_writing(self) -> None:
        while not self._closed.wait(INTERVAL):
            try:
                if self._changed:
                    self._write()
                if not self._stop.is_set() and self._cancelled():
                    self._stop_began = time.monotonic()
                    self._stop.set()
                if time.monotonic() - self._stop_began > STOP_PATIENCE:
                    self._stop_began = float("inf")
                    self.report(
                        {"log": "Stopped as asked; it was in a step that can't be left, so the worker begins anew."}
                    )
                    self._write(ended=now())
                    self._overdue()
            except Exception as error:
                # A busy database, say: the next turn writes what is newest then. Without this thread a run would show
                # no progress and couldn't be stopped.
                logger.warning("The progress of %s could not be written: %s", self._run, error)

    def _write(self, ended: datetime | None = None) -> None:
        with self._lock:
            values, self._changed = dict(self._state), False
        try:
            with self._database.begin(metadata) as connection:
                update = sa.update(PROGRESS).where(PROGRESS.c.run == self._run)
                connection.execute(update.values(**values, updated=now(), ended=ended))
        except LaunchdeskError:
            self._changed = True
            raise
