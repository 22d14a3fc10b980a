"""One training at a time, however often and wherever its button is pressed; and it can be stopped."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect
from running_app import RunningApp


@pytest.fixture
def app(tmp_path: Path, sample_shop: Path, app_on) -> RunningApp:
    shutil.copytree(sample_shop, tmp_path / "shop")
    return app_on(tmp_path / "shop")


def test_train_pressed_twice_in_two_tabs_is_one_run(app: RunningApp, visit) -> None:
    one, other = visit(app), visit(app)
    for visitor in (one, other):
        visitor.open("/train", "Train")
        expect(visitor.button("Train")).to_be_enabled()
    one.button("Train").dblclick()
    expect(one.button("Stop")).to_be_visible()
    # The other tab was drawn before there was a run: its button can still be pressed.
    expect(other.button("Stop")).to_have_count(0)
    other.press("Train")
    expect(other.button("Stop")).to_be_visible()
    for visitor in (one, other):
        expect(visitor.button("Train")).to_be_disabled()
    (run,) = app.client.runs()
    assert run.kind == "train"
    assert not run.is_over
    other.press("Stop")
    for visitor in (one, other):
        expect(visitor.badge("Cancelled")).to_be_visible()
    assert [run.state for run in app.client.runs()] == ["cancelled"]
    assert one.problems == other.problems == []


def test_a_training_that_is_stopped_leaves_nothing_and_can_be_started_again(app: RunningApp, visit) -> None:
    visitor = visit(app)
    visitor.open("/train", "Train")
    visitor.press("Train")
    expect(visitor.page.get_by_text("Training · ")).to_be_visible()
    (run,) = app.client.runs()
    assert run.state == "running"
    visitor.press("Stop")
    expect(visitor.page.get_by_text("Stopped as asked. Nothing was changed")).to_be_visible()
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
