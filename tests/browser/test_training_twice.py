"""One training at a time, however often and wherever its button is pressed; and it can be stopped."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect
from running_app import RunningApp

PRESS_TWICE = "(button, moment) => { setTimeout(() => { button.click(); button.click() }, moment - Date.now()) }"


@pytest.fixture
def app(tmp_path: Path, sample_shop: Path, app_on) -> RunningApp:
    shutil.copytree(sample_shop, tmp_path / "shop")
    return app_on(tmp_path / "shop")


def test_train_pressed_twice_and_in_three_tabs_is_one_run(app: RunningApp, visit) -> None:
    tabs = one, other, late = visit(app), visit(app), visit(app)
    for visitor in tabs:
        visitor.open("/train", "Train")
        expect(visitor.button("Train")).to_be_enabled()
    # At the same moment, and twice: no page knows of the other's run when it starts its own.
    moment = time.time() + 1
    for visitor in (one, other):
        visitor.button("Train").evaluate(PRESS_TWICE, moment * 1000)
    for visitor in (one, other):
        expect(visitor.stop()).to_be_visible()
    # This one was drawn before there was a run: its button can still be pressed.
    expect(late.stop()).to_have_count(0)
    late.press("Train")
    for visitor in tabs:
        expect(visitor.stop()).to_be_visible()
        expect(visitor.button("Train")).to_be_disabled()
    (run,) = app.client.runs()
    assert run.kind == "train"
    assert not run.is_over
    other.stop().click()
    for visitor in tabs:
        expect(visitor.badge("Cancelled")).to_be_visible()
    assert [run.state for run in app.client.runs()] == ["cancelled"]
    assert [visitor.problems for visitor in tabs] == [[], [], []]


def test_a_training_that_is_stopped_leaves_nothing_and_can_be_started_again(app: RunningApp, visit) -> None:
    visitor = visit(app)
    visitor.open("/train", "Train")
    visitor.press("Train")
    expect(visitor.page.get_by_text("Training · ")).to_be_visible()
    (run,) = app.client.runs()
    assert run.state == "running"
    visitor.stop().click()
    # The log says the same, with the time before it.
    said = "Stopped as asked. Nothing was changed; you can start it again."
    expect(visitor.page.get_by_text(said, exact=True)).to_be_visible()
    assert app.client.state(run.id).state == "cancelled"
    assert app.workspace.model() is None
    assert not (app.workspace.run_folder(run.id) / "checkpoints").exists()
    visitor.settled()
    visitor.go_to("Launch")
    expect(visitor.page.get_by_role("heading", name="Training comes first")).to_be_visible()
    visitor.go_to("Train")
    visitor.press("Train")
    # The worker was not lost by it: it takes the next one up.
    expect(visitor.page.get_by_text("Training · ")).to_be_visible()
    assert sorted(run.state for run in app.client.runs()) == ["cancelled", "running"]
    assert visitor.problems == []
    assert "Traceback" not in app.log
