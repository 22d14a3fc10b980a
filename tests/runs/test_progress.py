import threading
from pathlib import Path

import numpy as np
import pytest

from recsys_core.run_context import RunContext
from recsys_core.runs.progress import CURVE_POINTS, LOG_LINES, Reporter, mark_ended, read_progress, unfinished
from recsys_core.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def reporter(workspace: Workspace, cancelled=lambda: False) -> Reporter:
    return Reporter(workspace.database, "r1", log_file=workspace.run_folder("r1") / "log.txt", cancelled=cancelled)


def row(workspace: Workspace):
    return read_progress(workspace.database, ["r1"])["r1"]


def test_the_last_state_is_written_however_fast_the_reports_come(workspace: Workspace) -> None:
    with reporter(workspace) as sink:
        run = RunContext(report=sink.report, stop_asked=sink.stop_asked)
        for epoch in range(5000):
            run.progress("Training", epoch, 5000, loss=np.float64(1.5), ndcg=float("nan"))
            run.log(f"line {epoch}")
    kept = row(workspace)
    assert (kept.stage, kept.done, kept.total) == ("Training", 4999, 5000)
    assert kept.curve[-1] == {"stage": "Training", "done": 4999, "loss": 1.5, "ndcg": None}
    assert kept.curve[0]["done"] == 0
    assert len(kept.curve) <= CURVE_POINTS
    assert len(kept.log) == LOG_LINES
    assert kept.log[-1].endswith("line 4999")
    assert len((workspace.run_folder("r1") / "log.txt").read_text().splitlines()) == 5000
    assert kept.ended is not None
    assert unfinished(workspace.database) == []


def test_a_report_is_seen_while_the_run_is_silent_afterwards(workspace: Workspace) -> None:
    with reporter(workspace) as sink:
        sink.report({"stage": "Reading", "done": 1, "total": 9})
        while row(workspace).done != 1:
            pass
        assert row(workspace).ended is None
        assert unfinished(workspace.database) == ["r1"]


def test_it_learns_of_the_cancelling_by_itself(workspace: Workspace) -> None:
    asked = threading.Event()
    with reporter(workspace, asked.is_set) as sink:
        assert not sink.stop_asked()
        asked.set()
        while not sink.stop_asked():
            pass


def test_a_second_attempt_keeps_the_curve_and_the_log_and_goes_forward(workspace: Workspace) -> None:
    with reporter(workspace) as first:
        for epoch in range(4):
            first.report({"stage": "Training", "done": epoch, "total": 9, "loss": float(epoch)})
        first.report({"log": "before"})
    with reporter(workspace) as second:
        assert row(workspace).ended is None
        second.report({"stage": "Training", "done": 2, "total": 9, "loss": 20.0})
    kept = row(workspace)
    assert second.tries == kept.tries == 2
    assert [(point["done"], point["loss"]) for point in kept.curve] == [(0, 0.0), (1, 1.0), (2, 20.0)]
    assert kept.log[0].endswith("before")


def test_an_error_of_the_body_gets_through_and_the_end_is_noted(workspace: Workspace) -> None:
    with pytest.raises(ZeroDivisionError), reporter(workspace):
        raise ZeroDivisionError
    assert row(workspace).ended is not None


def test_a_locked_database_does_not_stop_a_run(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    monkeypatch.setattr("recsys_core.workspace.database.BUSY_SECONDS", 0.05)
    with reporter(workspace) as sink:
        writer = sqlite3.connect(workspace.folder / "launchdesk.db")
        writer.execute("BEGIN IMMEDIATE")
        sink.report({"stage": "Training", "done": 3, "total": 9})
        # Two turns of the writing thread find it locked.
        assert not threading.Event().wait(0.7)
        writer.rollback()
        writer.close()
        while row(workspace).done != 3:
            pass


def test_mark_ended(workspace: Workspace) -> None:
    with reporter(workspace):
        mark_ended(workspace.database, "r1")
        assert unfinished(workspace.database) == []
