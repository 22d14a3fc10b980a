"""Workers that are killed, told to go, orphaned or too many."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from recsys_core.runs.progress import read_progress
from recsys_core.runs.supervisor import Supervisor

WORKER = [sys.executable, str(Path(__file__).with_name("counting_worker.py"))]


@pytest.fixture
def shop(shop_in, tmp_path: Path) -> Iterator:
    shop = shop_in(tmp_path / "shop")
    yield shop
    shop.close()


def kill(process: subprocess.Popen[str]) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def test_a_killed_run_goes_on_where_it_was(shop) -> None:
    worker = shop.start_worker()
    run = shop.client.start("count", {"steps": 9, "gate": "go"}, "x")
    shop.wait(run, lambda state: state.done == 5)
    kill(worker)
    (shop.workspace.folder / "go").touch()
    assert shop.client.state(run).state == "running"
    assert shop.client.start("count", {}, "x") == run
    shop.start_worker()
    end = shop.finish(run)
    assert end.state == "done"
    assert end.result == {"steps": 9, "nothing": None}
    lines = shop.trace()
    assert lines.count(f"{run} begins") == 2
    steps = [int(line.split()[2]) for line in lines if " step " in line]
    assert steps == list(range(9))
    assert [line.split(" ", 1)[1] for line in end.log] == [
        "Counting from 0 with seed 0",
        "The worker was started again; the run goes on.",
        "Counting from 5 with seed 0",
    ]
    assert [point["done"] for point in end.curve] == list(range(10))


def test_a_worker_told_to_go_leaves_the_run_to_the_next_and_it_is_no_fault_of_the_run(shop) -> None:
    worker = shop.start_worker()
    run = shop.client.start("count", {"steps": 10_000, "pause": 0.05}, "x")
    shop.wait(run, lambda state: state.done >= 2)
    worker.terminate()
    assert worker.wait() == 0
    assert not shop.client.worker_is_there()
    before = shop.client.state(run)
    assert before.state == "running"
    shop.start_worker()
    shop.wait(run, lambda state: state.done > before.done + 2)
    assert read_progress(shop.workspace.database, [run])[run].tries == 1


def test_failed_and_cancelled_runs_make_no_noise_in_the_terminal(shop) -> None:
    worker = shop.start_worker()
    shop.finish(shop.client.start("fail", {"how": "plain"}, "x"))
    run = shop.client.start("count", {"steps": 10_000}, "x")
    shop.wait(run, lambda state: state.done > 0)
    shop.client.cancel(run)
    shop.finish(run)
    shop.finish(shop.client.start("count", {"steps": 1}, "x"))
    worker.terminate()
    assert worker.wait() == 0
    assert worker.stderr is not None
    assert worker.stderr.read() == ""


def test_a_run_cancelled_while_its_worker_is_dead_is_cancelled_and_cleaned_up(shop) -> None:
    worker = shop.start_worker()
    run = shop.client.start("hold", {}, "x")
    shop.wait(run, lambda state: state.stage == "Holding")
    (shop.workspace.run_folder(run) / "checkpoints").mkdir(exist_ok=True)
    shop.client.cancel(run)
    assert shop.client.state(run).state == "stopping"
    kill(worker)
    assert shop.client.state(run).state == "cancelled"
    shop.start_worker()
    shop.finish(shop.client.start("count", {"steps": 1}, "another"))
    assert shop.client.state(run).state == "cancelled"
    assert not (shop.workspace.run_folder(run) / "checkpoints").exists()


def test_one_worker_per_workspace_and_a_supervised_one_waits_its_turn(shop) -> None:
    first = shop.start_worker()
    shop.wait_until(shop.client.worker_is_there)
    refused = shop.start_worker()
    assert refused.wait() == 2
    assert refused.stderr is not None
    assert "serves this workspace already" in refused.stderr.read()
    supervisor = Supervisor(shop.workspace, WORKER)
    supervisor.start()
    try:
        run = shop.client.start("count", {"steps": 9, "gate": "go"}, "x")
        shop.wait_until(lambda: supervisor.worker_pid)
        waiting = supervisor.worker_pid
        shop.wait(run, lambda state: state.done == 5)
        assert shop.trace().count(f"{run} begins") == 1
        kill(first)
        (shop.workspace.folder / "go").touch()
        assert shop.finish(run).state == "done"
        assert supervisor.worker_pid == waiting
        assert shop.trace().count(f"{run} begins") == 2
    finally:
        supervisor.stop()


def test_a_worker_leaves_when_its_parent_is_gone(shop) -> None:
    # A process between us and the worker, which dies as a killed server does.
    code = (
        "import os, subprocess, sys, time\n"
        "worker = subprocess.Popen([sys.executable, *sys.argv[1:], '--parent', str(os.getpid())])\n"
        "time.sleep(600)"
    )
    command = [sys.executable, "-c", code, WORKER[1], "--workspace", str(shop.workspace.folder)]
    parent = subprocess.Popen(command, text=True)
    shop.workers.append(parent)
    shop.wait_until(shop.client.worker_is_there)
    run = shop.client.start("count", {"steps": 10_000, "pause": 0.05}, "x")
    shop.wait(run, lambda state: state.done >= 1)
    kill(parent)
    shop.wait_until(lambda: not shop.client.worker_is_there())


def test_the_supervisor_restarts_the_worker_and_a_run_that_keeps_killing_it_fails(shop) -> None:
    supervisor = Supervisor(shop.workspace, WORKER)
    supervisor.start()
    try:
        run = shop.client.start("fail", {"how": "kill"}, "x")
        end = shop.finish(run)
        assert end.state == "failed"
        assert end.error is not None
        assert "ended 3 times" in end.error
        after = shop.client.start("count", {"steps": 1}, "x")
        assert shop.finish(after).state == "done"
        worker = supervisor.worker_pid
        assert worker is not None
    finally:
        supervisor.stop()
    assert supervisor.worker_pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)
    assert not shop.client.worker_is_there()
