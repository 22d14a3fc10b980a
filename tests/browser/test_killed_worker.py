"""The worker killed in mid-training: the run goes on where it was, and nobody can tell the outcome from another's."""

from __future__ import annotations

import os
import re
import shutil
import signal
from pathlib import Path

import numpy as np
from planted import planted_shop
from playwright.sync_api import expect
from running_app import shell, wait_until
from visitor import RUN_PATIENCE

from recsys_core.workspace import Workspace

ON_CPU = {"CUDA_VISIBLE_DEVICES": ""}
"""Only there the same seed gives the same weights to the last bit."""


def test_a_killed_worker_costs_no_finished_epoch_and_changes_no_weight(tmp_path: Path, app_on, visit) -> None:
    shop, *_ = planted_shop(words_tell=True, customers=900, products_per_theme=120, bought=40)
    workspace = Workspace(tmp_path / "killed")
    workspace.publish_catalog(shop.products, shop.interactions, None, files=[], report={})
    workspace.close()
    shutil.copytree(tmp_path / "killed", tmp_path / "undisturbed")

    app = app_on(tmp_path / "killed", ON_CPU)
    visitor = visit(app)
    visitor.open("/train", "Train")
    worker = app.worker()
    visitor.press("Train")
    expect(visitor.button("Stop")).to_be_visible()
    (run,) = app.client.runs()
    checkpoints = app.workspace.run_folder(run.id) / "checkpoints"
    wait_until(lambda: (checkpoints / "epoch_0001").exists())
    # Held first, so that what it has finished can be read before it goes.
    os.kill(worker, signal.SIGSTOP)
    finished = max(int(folder.name.removeprefix("epoch_")) for folder in checkpoints.glob("epoch_*"))
    assert app.workspace.model() is None
    os.kill(worker, signal.SIGKILL)

    expect(visitor.badge("Done")).to_be_visible(timeout=RUN_PATIENCE)
    assert app.worker() != worker
    visitor.settled()
    visitor.page.get_by_text("Log", exact=True).click()
    expect(visitor.page.get_by_text(f"Resumed after epoch {finished}")).to_be_visible()
    state = app.client.state(run.id)
    assert (state.state, state.error) == ("done", None)
    resumed = [line for line in state.log if "Resumed after epoch" in line]
    assert [re.search(r"epoch (\d+)$", line).group(1) for line in resumed] == [str(finished)]
    assert [each.id for each in app.client.runs()] == [run.id]
    assert visitor.problems == []

    shell("train", tmp_path / "undisturbed", "--device", "cpu")
    undisturbed = Workspace(tmp_path / "undisturbed")
    expected, model = undisturbed.load_model(), app.workspace.load_model()
    assert [epoch["ndcg"] for epoch in model.history_] == [epoch["ndcg"] for epoch in expected.history_]
    assert model.head_.mixture == expected.head_.mixture
    arrays = model.head_.arrays()
    assert arrays
    for name, array in expected.head_.arrays().items():
        np.testing.assert_array_equal(arrays[name], array, err_msg=name)
    # A training that moved nothing would end alike, too.
    assert any(not np.array_equal(array, np.eye(*array.shape)) for array in arrays.values())
    undisturbed.close()
