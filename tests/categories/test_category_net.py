from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from recsys_core.categories.category_net import Inputs, log_chances
from recsys_core.errors import Cancelled
from recsys_core.run_context import RunContext

NAMES = ["A > a", "A > b", "B > c", "B > d", "B > never seen"]


def shop(n: int, seed: int) -> tuple[Inputs, np.ndarray]:
    """A product's parent stands in its words, and which of the parent's two categories in its dense vector."""
    rng = np.random.default_rng(seed)
    category = rng.integers(0, 4, n)
    words = sp.csr_matrix(np.eye(6, dtype=np.float32)[category // 2 + 2 * rng.integers(0, 3, n)])
    dense = np.column_stack([np.where(category % 2, 1, -1), rng.normal(size=(n, 3))]).astype(np.float32)
    return Inputs(words, dense), category


def told(learned: Inputs, category: np.ndarray, wanted: Inputs, run: RunContext) -> np.ndarray:
    return log_chances(learned, category, wanted, NAMES, run=run, stage="Learning")


def test_words_and_dense_vectors_together_tell_the_category() -> None:
    learned, category = shop(400, 0)
    wanted, truth = shop(200, 1)
    chances = told(learned, category, wanted, RunContext())
    assert chances.shape == (200, 5)
    assert np.exp(chances).sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert (chances.argmax(axis=1) == truth).mean() > 0.95, "one of the two alone tells half"


def test_the_same_seed_gives_the_same_and_leaves_the_random_numbers_of_torch_alone() -> None:
    import torch

    learned, category = shop(60, 0)
    torch.manual_seed(5)
    first = told(learned, category, learned, RunContext(seed=1))
    after = torch.rand(1)
    torch.manual_seed(5)
    assert torch.rand(1) == after
    assert (told(learned, category, learned, RunContext(seed=1)) == first).all()
    assert (told(learned, category, learned, RunContext(seed=2)) != first).any()


def test_training_reports_its_steps_and_stops_when_told_to() -> None:
    learned, category = shop(60, 0)
    reports: list[dict[str, object]] = []
    told(learned, category, learned[:0], RunContext(report=reports.append))
    assert reports[-1] == {"stage": "Learning", "done": 300, "total": 300}
    steps: list[dict[str, object]] = []
    with pytest.raises(Cancelled):
        told(learned, category, learned, RunContext(report=steps.append, stop_asked=lambda: len(steps) >= 7))
    assert len(steps) == 7
