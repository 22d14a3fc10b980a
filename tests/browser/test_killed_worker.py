"""The worker killed in mid-training: the run goes on where it was, and nobody can tell the outcome from another's."""

from __future__ import annotations

import os
import re
import shutil
import signal
from pathlib import Path

import numpy as np
import pandas as pd
from playwright.sync_api import expect
from running_app import shell, wait_until
from visitor import RUN_PATIENCE

from recsys_core.workspace import Workspace

ON_CPU = {"CUDA_VISIBLE_DEVICES": ""}
"""Only there the same seed gives the same weights to the last bit."""


def noisy_shop(customers: int = 500, products: int = 500, themes: int = 8) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Products and interactions of a shop where most words of a title say nothing, which is there to be learned."""
    rng = np.random.default_rng(0)
    theme = rng.integers(themes, size=products)
    ids = np.array([f"p{number:03d}" for number in range(products)])
    titles = [
        f"word{each}x{rng.integers(40)} " + " ".join(f"colour{noise}" for noise in rng.choice(4, 2, replace=False))
        for each in theme
    ]
    sales = []
    for customer, love in enumerate(rng.integers(themes, size=customers)):
        loved = rng.choice(np.flatnonzero(theme == love), 40, replace=False)
        sales += [(f"c{customer:04d}", product) for product in {*ids[loved], *rng.choice(ids, 13)}]
    return (
        pd.DataFrame({"product_id": ids, "title": titles}),
        pd.DataFrame(sorted(sales), columns=["customer_id", "product_id"]),
    )


def test_a_killed_worker_costs_no_finished_epoch_and_changes_no_weight(tmp_path: Path, app_on, visit) -> None:
    workspace = Workspace(tmp_path / "killed")
    workspace.publish_catalog(*noisy_shop(), None, files=[], report={})
    workspace.close()
    shutil.copytree(tmp_path / "killed", tmp_path / "undisturbed")

    app = app_on(tmp_path / "killed", ON_CPU)
    visitor = visit(app)
    visitor.open("/train", "Train")
    worker = app.worker()
    visitor.press("Train")
    expect(visitor.stop()).to_be_visible()
    (run,) = app.client.runs()
    checkpoints = app.workspace.run_folder(run.id) / "checkpoints"
    wait_until(lambda: any(checkpoints.glob("*/epoch_0001")) or app.client.state(run.id).is_over)
    # Held first, so that what it has finished can be read before it goes.
    os.kill(worker, signal.SIGSTOP)
    finished = max(int(folder.name.removeprefix("epoch_")) for folder in checkpoints.glob("*/epoch_*"))
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
    assert [figures(epoch) for epoch in model.history_] == [figures(epoch) for epoch in expected.history_]
    assert model.head_.mixture == expected.head_.mixture
    arrays = model.head_.arrays()
    for name, array in expected.head_.arrays().items():
        np.testing.assert_array_equal(arrays[name], array, err_msg=name)
    assert not np.array_equal(arrays["product_tower"], np.eye(*arrays["product_tower"].shape)), "nothing was learned"
    undisturbed.close()


def figures(epoch: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in epoch.items() if name != "seconds"}
