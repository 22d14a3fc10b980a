"""What speaks for a category beside the scores of models: each voice alone is enough to choose by."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recsys_core.categories.candidates import AT_MOST, Candidates, Evidence
from recsys_core.categories.reranking import Reranker, cross_reranked
from recsys_core.run_context import RunContext

NAMES = ["Bath > Oils", "Bath > Soaps", "Hair", "Hair > Combs", "Hair > Dyes"]
N = 600
LEARNED, HELD = np.arange(N // 2), np.arange(N // 2, N)


def world(voice: str) -> tuple[Evidence, np.ndarray, np.ndarray, np.ndarray]:
    """Products of which one voice alone tells the category; margins and log-chances (N / 2, 5) of those held out."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, len(NAMES), N)
    products = pd.DataFrame({"title": "a nice thing", "brand": [f"brand {b}" for b in rng.integers(0, 9, N)]})
    meaning = rng.normal(size=(N, 8))
    margins = rng.normal(size=(N // 2, len(NAMES)))
    if voice == "brand":
        products["brand"] = [f"brand {category}" for category in truth]
    if voice == "nearest":
        meaning[:, 0] += 6 * truth - 12
    if voice == "name":
        products["title"] = ["nice " + NAMES[category].split(" > ")[-1][:-1].lower() for category in truth]
    if voice == "score":
        margins[np.arange(N // 2), truth[HELD]] += 4
    meaning = (meaning / np.linalg.norm(meaning, axis=1, keepdims=True)).astype(np.float32)
    evidence = Evidence(NAMES, products, None, meaning, None, RunContext())
    return evidence, truth, margins, np.zeros_like(margins)


def found(voice: str) -> tuple[Candidates, np.ndarray]:
    evidence, truth, *said = world(voice)
    return evidence.candidates(HELD, *said, LEARNED, truth[LEARNED], run=RunContext()), truth[HELD]


@pytest.mark.parametrize(("voice", "least"), [("brand", 0.95), ("nearest", 0.6), ("name", 0.95), ("score", 0.9)])
def test_each_voice_is_heard(voice: str, least: float) -> None:
    candidates, truth = found(voice)
    chances = cross_reranked(candidates, truth, len(NAMES), N, run=RunContext())[0]
    assert (chances.argmax(axis=1) == truth).mean() > least


def test_candidates_come_likeliest_first_and_so_many_at_most() -> None:
    evidence, truth, margins, log_chances = world("score")
    candidates = evidence.candidates(HELD, margins, log_chances, LEARNED, truth[LEARNED], run=RunContext())
    np.testing.assert_array_equal(candidates.category[:, 0], margins.argmax(axis=1))
    many = [f"category {number:02d}" for number in range(30)]
    evidence = Evidence(many, pd.DataFrame({"title": ["x"] * 4}), None, np.eye(4, dtype=np.float32), None, RunContext())
    noise = np.random.default_rng(0).normal(size=(1, 30))
    some = evidence.candidates(np.array([3]), noise, noise, np.arange(3), np.array([0, 4, 29]), run=RunContext())
    assert some.category.shape == (1, AT_MOST)
    assert np.isfinite(some.features).all()


def test_nothing_of_a_product_speaks_for_itself() -> None:
    """Whatever category the products judged are said to be in, their chances are the same."""
    candidates, truth = found("nearest")
    chances = cross_reranked(candidates, truth, len(NAMES), N, run=RunContext())[0]
    judged = np.arange(len(truth)) % 4 == 1
    other = np.where(judged, (truth + 1) % len(NAMES), truth)
    np.testing.assert_array_equal(
        cross_reranked(candidates, other, len(NAMES), N, run=RunContext())[0][judged], chances[judged]
    )


def test_of_few_products_the_first_are_judged_and_others_have_hardly_a_chance() -> None:
    candidates, truth = found("score")
    chances = cross_reranked(candidates, truth, len(NAMES) + 1, at_most=17, run=RunContext())[0]
    assert chances.shape == (17, len(NAMES) + 1)
    assert (chances[:, -1] < 1e-5).all()
    whole = Reranker.fit(candidates, truth).chances(candidates, len(NAMES) + 1)
    assert whole.shape == (N // 2, len(NAMES) + 1)
