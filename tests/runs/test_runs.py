"""One worker, many runs: what a run tells, how it ends."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from recsys_core.errors import InvalidSetting, NotThere
from recsys_core.runs.client import RunClient


@pytest.fixture(scope="module")
def shop(shop_in, tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    shop = shop_in(tmp_path_factory.mktemp("shop"))
    shop.start_worker()
    yield shop
    shop.close()


def test_a_run_tells_its_progress_and_its_result(shop) -> None:
    run = shop.client.start("count", {"steps": 30, "seed": 7, "gate": "tell"}, "source model")
    early = shop.wait(run, lambda state: state.done == 5)
    assert early.state == "running"
    assert early.stage == "Counting"
    assert early.total == 30
    assert early.seconds_left is not None
    assert 0 < early.seconds_left < 60
    assert early.ended is None
    assert early.result is None
    (shop.workspace.folder / "tell").touch()
    end = shop.finish(run)
    assert end.state == "done"
    assert end.error is None
    assert end.seconds_left is None
    assert end.result == {"steps": 30, "nothing": None}
    assert (end.kind, end.subject, end.settings["seed"], end.done) == ("count", "source model", 7, 30)
    assert [point["done"] for point in end.curve] == list(range(31))
    assert end.curve[1] == {"stage": "Counting", "done": 1, "loss": 0.5}
    assert len(end.log) == 1
    assert end.log[0].endswith("Counting from 0 with seed 7")
    assert end.device is not None
    assert end.device.startswith("CPU (")
    assert end.started is not None
    assert end.ended is not None
    assert end.started < end.ended
    assert not (shop.workspace.run_folder(run) / "checkpoints").exists()


def test_a_second_client_sees_the_same(shop) -> None:
    run = shop.client.start("count", {"steps": 1}, "shared")
    shop.finish(run)
    other = RunClient(shop.workspace, shop.client._jobs)
    assert other.state(run) == shop.client.state(run) == other.runs(1)[0]
    other.close()


def test_pressed_many_times_it_is_one_run_and_afterwards_another(shop) -> None:
    def press(_: int) -> str:
        return str(shop.client.start("count", {"steps": 9, "gate": "pressed"}, "pressed"))

    with ThreadPoolExecutor(8) as pool:
        runs = set(pool.map(press, range(8)))
    assert len(runs) == 1
    run = runs.pop()
    shop.wait(run, lambda state: state.state == "running" and state.done > 0)
    assert press(0) == run
    other_subject = shop.client.start("count", {"steps": 1}, "not pressed")
    assert other_subject != run
    (shop.workspace.folder / "pressed").touch()
    shop.finish(run)
    shop.finish(other_subject)
    again = press(0)
    assert again != run
    shop.client.cancel(again)
    shop.finish(again)


def test_one_run_at_a_time_in_the_order_they_were_started(shop) -> None:
    runs = [shop.client.start("count", {"steps": 4, "pause": 0.05}, f"subject {number}") for number in range(3)]
    for run in runs:
        assert shop.finish(run).state == "done"
    order = [line.split()[0] for line in shop.trace() if line.split()[0] in runs]
    # Each run's lines stand together: nothing ran in between.
    assert sum(first != second for first, second in pairwise(order)) == 2
    assert [state.id for state in shop.client.runs(3)] == runs[::-1]


def test_cancelled_at_work_it_is_stopping_until_it_has_stopped(shop) -> None:
    run = shop.client.start("hold", {}, "held")
    shop.wait(run, lambda state: state.stage == "Holding")
    shop.client.cancel(run)
    assert shop.client.state(run).state == "stopping"
    next_run = shop.client.start("count", {"steps": 1}, "held")
    assert shop.client.state(next_run).state == "queued"
    (shop.workspace.folder / "release").touch()
    end = shop.finish(run)
    assert end.state == "cancelled"
    assert end.result is None
    assert end.ended is not None
    assert "Stopped as asked" in end.log[-1]
    assert shop.finish(next_run).state == "done"


def test_a_run_that_never_looks_is_stopped_all_the_same(shop) -> None:
    """A long step of a library asks nobody: the worker begins anew, under its old process id, and serves on."""
    (shop.workspace.folder / "release").unlink(missing_ok=True)
    run = shop.client.start("hold", {}, "deaf")
    shop.wait(run, lambda state: state.stage == "Holding")
    worker = shop.workers[-1]
    shop.client.cancel(run)
    end = shop.finish(run)
    assert end.state == "cancelled"
    assert "the worker begins anew" in end.log[-1]
    after = shop.client.start("count", {"steps": 2}, "after a deaf one")
    assert shop.finish(after).state == "done"
    assert worker.poll() is None


def test_cancelled_at_work_it_leaves_nothing(shop) -> None:
    run = shop.client.start("count", {"steps": 10_000, "pause": 0.05}, "long")
    shop.wait(run, lambda state: state.done > 0)
    assert (shop.workspace.run_folder(run) / "checkpoints").exists()
    shop.client.cancel(run)
    shop.finish(run)
    assert [file.name for file in shop.workspace.run_folder(run).iterdir()] == ["log.txt"]
    shop.client.cancel(run)
    assert shop.client.state(run).state == "cancelled"


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("plain", "The catalog has one customer. At least two are needed."),
        ("damaged", "The file is damaged."),
        ("memory", "Memory ran out."),
        ("crash", "unexpected error"),
    ],
)
def test_a_failed_run_says_why_and_keeps_the_details_in_its_log_file(shop, how: str, expected: str) -> None:
    run = shop.client.start("fail", {"how": how}, how)
    end = shop.finish(run)
    assert end.state == "failed"
    assert end.error is not None
    assert expected in end.error
    for text in [end.error, *end.log]:
        assert "Traceback" not in text
        assert "secret" not in text
        assert "\n" not in text
    assert "Traceback" in (shop.workspace.run_folder(run) / "log.txt").read_text()


def test_a_finished_run_cannot_be_cancelled(shop) -> None:
    run = shop.client.start("count", {"steps": 1}, "quick")
    shop.finish(run)
    shop.client.cancel(run)
    assert shop.client.state(run).state == "done"


def test_what_cannot_be_started_says_so(shop) -> None:
    with pytest.raises(InvalidSetting, match="no kind of run"):
        shop.client.start("bake", {}, "x")
    with pytest.raises(InvalidSetting, match="steps"):
        shop.client.start("count", {"steps": "many"}, "x")
    with pytest.raises(InvalidSetting, match="colour"):
        shop.client.start("count", {"colour": "red"}, "x")
    with pytest.raises(NotThere):
        shop.client.state("no such run")


def test_the_worker_says_what_it_computes_on(shop) -> None:
    shop.wait_until(lambda: (shop.workspace.folder / "worker.json").read_text().count("cores"))
    # It asks in another process: torch half imported by one thread breaks the run in another.
    assert shop.finish(shop.client.start("modules", {}, "x")).result == {"torch": False}
    cpu = shop.client.devices()[-1]
    assert cpu.id == "cpu"
    assert cpu.cores
    assert cpu.memory > 10**8
    assert "cores" in cpu.label
    assert shop.client.worker_is_there()


def test_nothing_is_pickled(shop) -> None:
    import sqlite3

    shop.finish(shop.client.start("count", {"steps": 1}, "plain text"))
    connection = sqlite3.connect(shop.workspace.folder / "launchdesk.db")
    formats = {row[0] for row in connection.execute("SELECT DISTINCT serialization FROM workflow_status")}
    connection.close()
    assert formats == {"portable_json"}


def test_a_run_queued_without_a_worker_waits_and_can_be_cancelled(shop_in, tmp_path: Path) -> None:
    shop = shop_in(tmp_path)
    run = shop.client.start("count", {}, "x")
    assert shop.client.state(run).state == "queued"
    assert not shop.client.worker_is_there()
    assert shop.client.start("count", {}, "x") == run
    shop.client.cancel(run)
    assert shop.client.state(run).state == "cancelled"
    assert [device.id for device in shop.client.devices()] == ["cpu"]
    shop.close()
