"""What each method is for, on shops whose right answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from planted import planted_shop
from scipy.special import log_softmax

from recsys_core.adaptation.customer_terms import SupportTask, TermSettings, WeighedPairs, fit_theta
from recsys_core.adaptation.fine_tune import FineTune, Settings
from recsys_core.adaptation.prototype import Prototype
from recsys_core.adaptation.zero_shot import ZeroShot
from recsys_core.run_context import RunContext


def hits(adapted, love: pd.Series, theme: pd.Series) -> float:
    """Share of recommended products that are of the customer's theme; 0.2 by chance."""
    lists = adapted.recommend(top=4)
    return float((theme[lists["product_id"]].to_numpy() == love[lists["customer_id"]].to_numpy()).mean())


def test_words_are_enough_where_words_tell(word_source, word_shop) -> None:
    _, _, love, theme = planted_shop(words_tell=True)
    assert hits(ZeroShot().adapt(word_source, word_shop[1], run=RunContext()), love, theme) > 0.9


def test_first_sales_tell_what_words_do_not(supporter_source, supporter_shop) -> None:
    _, launch, love, theme = planted_shop(words_tell=False)
    zero = hits(ZeroShot().adapt(supporter_source, launch, run=RunContext()), love, theme)
    prototype = hits(Prototype().adapt(supporter_source, launch, run=RunContext()), love, theme)
    tuned = hits(FineTune().adapt(supporter_source, launch, run=RunContext()), love, theme)
    assert zero < 0.5
    assert prototype > 0.8
    assert tuned > zero + 0.2


@pytest.mark.parametrize("depth", [0, 1])
def test_fine_tuning_changes_what_it_may_and_nothing_else(depth: int, supporter_source, supporter_shop) -> None:
    tuned = FineTune(Settings(depth=depth)).adapt(supporter_source, supporter_shop[1], run=RunContext())
    same = np.array_equal(tuned.adapter.product_tower, supporter_source.head_.product_tower)
    assert same == (depth == 0)
    assert (np.abs(tuned.side.terms[0].theta).sum(axis=1) > 0).all()


def test_fine_tuning_resumes_to_the_same_weights(supporter_source, supporter_shop, tmp_path) -> None:
    from recsys_core.errors import Cancelled

    whole = FineTune().adapt(supporter_source, supporter_shop[1], run=RunContext(checkpoints=tmp_path / "whole"))
    seen = []

    def stop_in_epoch_two() -> bool:
        return any(report.get("epoch") == 1 for report in seen)

    part = RunContext(report=seen.append, stop_asked=stop_in_epoch_two, checkpoints=tmp_path / "part")
    with pytest.raises(Cancelled):
        FineTune().adapt(supporter_source, supporter_shop[1], run=part)
    again = []
    resumed = RunContext(report=again.append, checkpoints=tmp_path / "part")
    finished = FineTune().adapt(supporter_source, supporter_shop[1], run=resumed)
    assert 1 not in [report.get("epoch") for report in again]
    np.testing.assert_array_equal(finished.adapter.product_tower, whole.adapter.product_tower)
    np.testing.assert_array_equal(finished.side.terms[0].theta, whole.side.terms[0].theta)


def weighed(rng: np.random.Generator, product: list[int], weight: list[float], dimensions: int) -> WeighedPairs:
    n = len(product)
    at = np.array(product, dtype=np.int64)
    return WeighedPairs(rng.normal(size=(n, dimensions)), at, rng.normal(size=n), np.array(weight))


@pytest.mark.parametrize(("pseudo", "worth"), [([], []), ([1, 3, 3, 0], [0.4, 1.1, 0.3, 0.7])])
def test_the_gradient_of_the_terms_leads_downhill(pseudo: list[int], worth: list[float]) -> None:
    rng = np.random.default_rng(0)
    task = SupportTask(
        positives=rng.normal(size=(6, 4)),
        product=np.array([0, 0, 1, 1, 1, 3]),
        positive_scores=rng.normal(size=(6, 4)),
        bought=np.zeros((6, 4), dtype=bool),
        negatives=rng.normal(size=(20, 4)),
        negative_scores=rng.normal(size=(20, 4)),
        taken=np.zeros((20, 4), dtype=bool),
        pseudo=weighed(rng, pseudo, worth, 4),
    )
    settings = TermSettings(scale=0.5, sharpness=4.0, penalty=0.01, negatives=20, seed=0)

    def loss(theta: np.ndarray) -> float:
        sigma = 1 / (1 + np.exp(-task.negatives @ theta.T))
        total = 0.0
        for product in (0, 1, 3):
            rows, more = task.product == product, task.pseudo.product == product
            weights = np.append(np.ones(rows.sum()), task.pseudo.weight[more])
            xs = np.vstack([task.positives[rows], task.pseudo.customers[more]])
            sources = np.append(task.positive_scores[rows, product], task.pseudo.scores[more])
            for x, source, weight in zip(xs, sources, weights / weights.sum(), strict=True):
                own = 1 / (1 + np.exp(-x @ theta[product])) + 0.5 * source
                rest = sigma[:, product] + 0.5 * task.negative_scores[:, product]
                total -= weight * log_softmax(4.0 * np.append(own, rest))[0]
        return total + 0.01 * float((theta**2).sum())

    theta = fit_theta(task, settings).astype(np.float64)
    assert not theta[2].any()
    assert loss(theta) < loss(np.zeros_like(theta)) - 0.1
    for _ in range(20):
        step = rng.normal(size=theta.shape) * 0.05
        step[2] = 0
        assert loss(theta + step) >= loss(theta) - 1e-3


def test_terms_of_one_product_do_not_depend_on_the_others() -> None:
    rng = np.random.default_rng(1)
    task = SupportTask(
        positives=rng.normal(size=(4, 3)),
        product=np.array([0, 0, 1, 1]),
        positive_scores=rng.normal(size=(4, 2)),
        bought=np.zeros((4, 2), dtype=bool),
        negatives=rng.normal(size=(9, 3)),
        negative_scores=rng.normal(size=(9, 2)),
        taken=np.zeros((9, 2), dtype=bool),
        pseudo=weighed(rng, [], [], 3),
    )
    first = task.of(task.product == 0)
    alone = replace(
        first,
        positive_scores=first.positive_scores[:, :1],
        negative_scores=task.negative_scores[:, :1],
        taken=task.taken[:, :1],
    )
    settings = TermSettings(scale=0.5, sharpness=2.0, penalty=0.1, negatives=9, seed=0)
    np.testing.assert_allclose(fit_theta(task, settings)[0], fit_theta(alone, settings)[0], atol=2e-2)
