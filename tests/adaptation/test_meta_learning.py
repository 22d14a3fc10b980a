"""ridge, maml and reptile: their arithmetic, and what they find in shops whose right answer is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from planted import SMALL, planted_shop
from scipy.special import expit

from recsys_core.adaptation.inner_steps import Initialisation
from recsys_core.adaptation.meta_network import InnerSteps
from recsys_core.adaptation.meta_start import calibrated, initialisation
from recsys_core.adaptation.meta_tasks import MetaTasks, learning_tasks
from recsys_core.adaptation.meta_training import Batch, TaskBatches
from recsys_core.adaptation.registry import method_named
from recsys_core.adaptation.ridge import RidgeAdapter, solved
from recsys_core.adaptation.ridge_network import RidgeNetwork
from recsys_core.adaptation.supporters import Crowd, Supporters
from recsys_core.dataset import Dataset, Launch
from recsys_core.errors import CannotRun, InvalidSetting
from recsys_core.models.head import ProductSide
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext

LEARNERS = ("ridge", "maml", "reptile")
SHORT = {"epochs": 2, "batches_per_epoch": 5}


@pytest.fixture(scope="module")
def learning(supporter_source: SourceModel) -> MetaTasks:
    return learning_tasks(supporter_source, Crowd(64, 0), "maml")[0]


def whole_batch(learning: MetaTasks, shots: int) -> Batch:
    """Every product of the tasks, in their order."""
    return TaskBatches(learning, "cpu").batch(np.random.default_rng(0), shots, 10**6, 50)


def some_start(learning: MetaTasks) -> Initialisation:
    """As after some learning: nothing is zero, no two steps are alike."""
    rng = np.random.default_rng(0)
    start = initialisation(learning, width=7, steps=3, rate=2.0)
    return replace(
        start,
        heads=rng.normal(size=start.heads.shape).astype(np.float32) / 3,
        body=start.body + rng.normal(size=start.body.shape).astype(np.float32) / 10,
        head_rates=np.array([2.0, 1.0, 3.0], dtype=np.float32),
        body_rates=np.array([0.2, 0.3, 0.1], dtype=np.float32),
    )


@pytest.mark.parametrize("adapts", ["head", "all"])
@pytest.mark.parametrize("shots", [0, 1, 5])
def test_the_steps_of_numpy_are_those_of_torch(adapts: Any, shots: int, learning: MetaTasks) -> None:
    start = some_start(learning)
    ours = start.adapted(learning.supporters[shots], adapts)
    for order in ("first", "second"):
        theirs = InnerSteps(start, adapts, order).theta(whole_batch(learning, shots)).detach().numpy()
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
    still = start.adapted(learning.supporters[0], adapts)
    assert (np.abs(ours - still).max() > 0.1) == (shots > 0)


def test_adapting_all_is_more_than_adapting_the_head(learning: MetaTasks) -> None:
    start = some_start(learning)
    head, both = (start.adapted(learning.supporters[5], adapts) for adapts in ("head", "all"))
    assert np.abs(head - both).max() > 0.01


def test_a_step_goes_down_the_slope_of_its_loss(learning: MetaTasks) -> None:
    supporters = learning.supporters[5]
    start = some_start(learning)

    def loss(theta: np.ndarray) -> np.ndarray:
        """(n,) as it stands in the module's text."""
        slope, level = (a + b * np.log(5) for a, b in (start.slope, start.level))
        pairs = supporters.bought.indices.reshape(-1, 5)
        scores = supporters.scores.reshape(-1, 5) + np.einsum("nkd,nd->nk", supporters.customers[pairs], theta)
        anyone = supporters.crowd_scores + theta @ supporters.crowd.T
        bought = np.logaddexp(0, -slope * scores - level).mean(axis=1)
        return bought + np.logaddexp(0, slope * anyone + level).mean(axis=1)

    def after(rate: float) -> np.ndarray:
        rates = np.full(1, rate, dtype=np.float32)
        return replace(start, head_rates=rates, body_rates=rates / 100).adapted(supporters, "all")

    here = loss(after(1e-9))
    assert (loss(after(0.5)) < here).all()
    assert (loss(after(-0.5)) > here).all()


def test_the_second_order_is_the_true_slope_and_the_first_is_not(learning: MetaTasks) -> None:
    start, batch = some_start(learning), whole_batch(learning, 5)
    slopes = {}
    for order in ("first", "second"):
        network = InnerSteps(start, "head", order).double()
        doubled = replace(batch, **{name: value.double() for name, value in vars(batch).items() if name in FLOATS})
        network.ranking_loss(doubled).backward()
        slopes[order] = float(network.heads.grad[2, 3])
        ends = []
        for move in (1e-4, -1e-4):
            with torch.no_grad():
                network.heads[2, 3] += move
                ends.append(float(network.ranking_loss(doubled)))
                network.heads[2, 3] -= move
    measured = (ends[0] - ends[1]) / 2e-4
    assert slopes["second"] == pytest.approx(measured, rel=1e-3)
    assert slopes["first"] != pytest.approx(measured, rel=1e-2)


FLOATS = ("content", "supporters", "scores", "crowd", "crowd_scores", "customers", "customer_scores")


def test_with_more_supporters_than_learned_about_steps_grow_no_longer(learning: MetaTasks) -> None:
    ten = learning.supporters[10]
    twice = replace(
        ten,
        bought=sp.hstack([ten.bought, ten.bought], format="csr"),
        customers=np.vstack([ten.customers, ten.customers]),
        scores=np.tile(ten.scores.reshape(-1, 10), 2).ravel(),
    )
    start = some_start(learning)
    assert (twice.shots == 20).all()
    np.testing.assert_allclose(start.adapted(twice, "all"), start.adapted(ten, "all"), atol=1e-3)


@pytest.mark.parametrize("adapts", ["head", "all"])
def test_reptile_moves_from_the_start_to_where_the_steps_end(adapts: Any, learning: MetaTasks) -> None:
    network = InnerSteps(some_start(learning), adapts, "first")
    sales = next(TaskBatches(learning, "cpu").sales(np.random.default_rng(0), 1, 10**6, steps=2, size=4))
    network.distance_moved(sales).backward()
    ends = []
    for product in range(len(sales.content)):
        weights = {"head": network.heads @ sales.content[product], "body": network.body}
        for step in range(2):
            buyers, scores = sales.buyers[product, step], sales.scores[product, step]
            weights = network.step(weights, step, buyers, scores, sales.crowd, sales.crowd_scores[product])
        ends.append(weights)
    starts = sales.content @ network.heads.T
    away = starts - torch.stack([one["head"] for one in ends])
    torch.testing.assert_close(network.heads.grad, away.T @ sales.content / len(ends), atol=1e-5, rtol=1e-4)
    if adapts == "all":
        body = network.body - torch.stack([one["body"] for one in ends]).mean(0)
        torch.testing.assert_close(network.body.grad, body, atol=1e-6, rtol=1e-3)


def test_steps_see_buyers_of_their_own_product(learning: MetaTasks) -> None:
    sales = next(TaskBatches(learning, "cpu").sales(np.random.default_rng(0), 1, 10**6, steps=2, size=4))
    for product in range(len(sales.content)):
        buyers = learning.customers[learning.relevant[:, [product]].nonzero()[0]]
        for x in sales.buyers[product].reshape(8, -1).numpy():
            assert np.abs(buyers - x).max(axis=1).min() == 0


def ridge_numbers(dimensions: int, content: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {
        "prior": rng.normal(size=(dimensions, content)).astype(np.float32) / 5,
        "penalties": np.array([0.2, 0.1, 0.7], dtype=np.float32),
        "weight": np.array(0.4, dtype=np.float32),
        "share": np.array(0.06, dtype=np.float32),
        "scale": np.array(3.0, dtype=np.float32),
    }


@pytest.mark.parametrize("shots", [0, 1, 10])
def test_the_closed_form_of_numpy_is_that_of_torch(shots: int, learning: MetaTasks) -> None:
    supporters = learning.supporters[shots]
    d, dimensions = supporters.content.shape[1], supporters.crowd.shape[1]
    numbers = ridge_numbers(dimensions, d)
    network = RidgeNetwork(d, dimensions, numbers["penalties"].tolist(), 0.4, 0.06, 3.0)
    with torch.no_grad():
        network.prior.copy_(torch.tensor(numbers["prior"]))
    ours = RidgeAdapter(**numbers, crowd=Crowd(64, 0)).theta(supporters)
    np.testing.assert_allclose(ours, network.theta(whole_batch(learning, shots)).detach().numpy(), atol=1e-4)


def test_no_other_term_has_a_smaller_ridge_loss(learning: MetaTasks) -> None:
    supporters = learning.supporters[5]
    d, dimensions = supporters.content.shape[1], supporters.crowd.shape[1]
    n = ridge_numbers(dimensions, d)
    start = supporters.content @ n["prior"].T
    penalties = np.repeat(n["penalties"], [d, dimensions - d - 1, 1])
    x = supporters.customers[supporters.bought.indices].reshape(-1, 5, dimensions)
    bought = supporters.scores.reshape(-1, 5) + np.einsum("nkd,nd->nk", x, start)
    anyone = supporters.crowd_scores + start @ supporters.crowd.T

    def loss(eta: np.ndarray) -> np.ndarray:
        """(n,) as it stands in the module's text."""
        support = 1 - n["share"] * bought - np.einsum("nkd,nd->nk", x, eta)
        crowd = -n["share"] * anyone - eta @ supporters.crowd.T
        return n["weight"] * (support**2).sum(1) + (crowd**2).mean(1) + (penalties * eta**2).sum(1)

    eta = (RidgeAdapter(**n, crowd=Crowd(64, 0)).theta(supporters).astype(np.float64) - start) / n["scale"]
    rng = np.random.default_rng(0)
    for size in (0.1, 0.01):
        for _ in range(20):
            assert (loss(eta + size * rng.normal(size=eta.shape)) > loss(eta)).all()


def test_products_with_few_many_and_no_supporters_are_solved_together() -> None:
    rng = np.random.default_rng(0)
    x, shots = rng.normal(size=(40, 6)), [3, 0, 40, 1, 6, 3]
    bought = sp.csr_matrix(np.array([np.arange(40) < k for k in shots], dtype=float))
    known, right = np.eye(6) * 2 + 0.3, rng.normal(size=(6, 6))
    for elements in (10**6, 1):
        eta = solved(known, right, x, bought, 0.7, elements)
        for product, k in enumerate(shots):
            expected = np.linalg.solve(known + 0.7 * x[:k].T @ x[:k], right[product])
            np.testing.assert_allclose(eta[product], expected, atol=1e-9)


def test_a_calibrated_start_neither_doubts_nor_believes_too_much(learning: MetaTasks) -> None:
    """At the best fit of a logistic curve what is missing among supporters equals what is too much in the crowd."""
    slope, level = calibrated(learning)
    missing = excess = 0.0
    for k in (1, 2, 5, 10):
        supporters = learning.supporters[k]
        a, b = slope[0] + slope[1] * np.log(k), level[0] + level[1] * np.log(k)
        missing += (1 - expit(a * supporters.scores + b)).sum()
        excess += expit(a * supporters.crowd_scores + b).sum()
    supporter_pairs, crowd_pairs = 18 * len(supporters.content), 4 * supporters.crowd_scores.size
    assert missing / supporter_pairs == pytest.approx(excess / crowd_pairs, abs=0.01)


def share_of_theme(scores: np.ndarray, launch: Launch, source: SourceModel, support: sp.csr_matrix) -> float:
    """Of the four best products of each customer; 0.2 by chance."""
    _, _, love, theme = planted_shop(words_tell=False)
    scores[support.nonzero()] = -np.inf
    best = np.argsort(-scores, axis=1)[:, :4]
    liked = theme[launch.product_ids].to_numpy()[best]
    return float((liked == love[source.customer_ids_].to_numpy()[:, None]).mean())


@pytest.mark.parametrize("name", LEARNERS)
def test_first_sales_tell_what_words_do_not(name: str, supporter_source, supporter_shop) -> None:
    launch = supporter_shop[1]
    shares = {}
    for one in ("zero-shot", name):
        adapted = method_named(one).adapt(supporter_source, launch, run=RunContext())
        customers = adapted.placed.scorer.customers(supporter_source.weights_)
        shares[one] = share_of_theme(adapted.side.scores(customers), launch, supporter_source, adapted.support)
    assert shares["zero-shot"] < 0.5
    assert shares[name] > 0.85


@pytest.mark.parametrize("adapts", ["head", "all"])
def test_steps_alone_find_the_theme_where_content_says_nothing(
    adapts: Any, learning: MetaTasks, supporter_source, supporter_shop
) -> None:
    launch = supporter_shop[1]
    zero = method_named("zero-shot").adapt(supporter_source, launch, run=RunContext())
    scorer, new = zero.placed.scorer, zero.placed.new
    crowd = Crowd(64, 0).drawn(scorer)
    supporters = Supporters.of(scorer, new, zero.side, crowd)
    theta = initialisation(learning, width=100, steps=3, rate=3.0).adapted(supporters, adapts)
    side = ProductSide(theta, sp.csr_matrix(zero.side.sparse.shape, dtype=np.float32))
    scores = side.scores(scorer.customers(supporter_source.weights_))
    assert share_of_theme(scores, launch, supporter_source, zero.support) > 0.7


def test_scores_of_pairs_are_those_of_the_side(supporter_source, supporter_shop) -> None:
    adapted = method_named("prototype").adapt(supporter_source, supporter_shop[1], run=RunContext())
    scorer, new = adapted.placed.scorer, adapted.placed.new
    supporters = Supporters.of(scorer, new, adapted.side, Crowd(10, 0).drawn(scorer))
    everyone = adapted.side.scores(scorer.customers(supporter_source.weights_))
    pairs = new.support.tocoo()
    np.testing.assert_allclose(supporters.scores, everyone[pairs.col, pairs.row], rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(supporters.product, pairs.row)


@pytest.mark.parametrize("name", LEARNERS)
def test_without_first_sales_the_learned_start_speaks(name: str, supporter_source, supporter_shop) -> None:
    empty = Launch("empty", supporter_shop[1].products)
    zero, learned = (
        method_named(one, settings).adapt(supporter_source, empty, run=RunContext())
        for one, settings in (("zero-shot", None), (name, SHORT))
    )
    assert np.isfinite(learned.side.dense).all()
    assert np.abs(learned.side.dense - zero.side.dense).max() > 1e-3


@pytest.mark.parametrize("name", LEARNERS)
def test_too_few_products_are_told_and_nothing_else_is_done(name: str) -> None:
    catalog = planted_shop(words_tell=False, products_per_theme=20)[0]
    source = SourceModel(SMALL).fit(catalog, run=RunContext())
    with pytest.raises(CannotRun, match=rf"{name} learns .* two groups of at least 10 products .* found \d"):
        method_named(name).fit(source, run=RunContext())


def test_a_catalog_without_repeat_buyers_is_too_small_as_well() -> None:
    products = pd.DataFrame({"product_id": [f"p{i}" for i in range(40)], "title": [f"thing {i}" for i in range(40)]})
    sales = pd.DataFrame({"customer_id": [f"c{i}" for i in range(40)], "product_id": products["product_id"]})
    source = SourceModel(SMALL).fit(Dataset(products, sales), run=RunContext())
    with pytest.raises(CannotRun, match="found 0"):
        method_named("maml").fit(source, run=RunContext())


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("maml", {"order": "third"}),
        ("maml", {"inner_steps": 0}),
        ("ridge", {"crowd": 3}),
        ("reptile", {"adapts": "none"}),
    ],
)
def test_settings_have_ranges(name: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidSetting, match=next(iter(wrong))):
        method_named(name, wrong)


@pytest.mark.parametrize("settings", [{"adapts": "head"}, {"order": "second"}, {"inner_steps": 1, "width": 2}])
def test_the_variants_of_maml_learn_something_else(settings: dict[str, Any], supporter_source, supporter_shop) -> None:
    plain, variant = (
        method_named("maml", SHORT | more).adapt(supporter_source, supporter_shop[1], run=RunContext())
        for more in ({}, settings)
    )
    assert np.abs(plain.side.dense - variant.side.dense).max() > 1e-3


def test_reptile_keeps_to_a_rate_that_is_set(supporter_source) -> None:
    free, bound = (
        method_named("reptile", SHORT | more).fit(supporter_source, run=RunContext()).adapter_.start
        for more in ({}, {"inner_rate": 0.5})
    )
    np.testing.assert_allclose(bound.head_rates, 0.5, rtol=1e-6)
    assert np.abs(free.head_rates - 0.5).min() > 0.1


def test_the_mean_of_ridge_models_lies_between_them(supporter_source, supporter_shop) -> None:
    numbers = [ridge_numbers(5, 3), ridge_numbers(5, 3) | {"weight": np.array(1.6, dtype=np.float32)}]
    one, other = (RidgeAdapter(**each, crowd=Crowd(64, seed)) for seed, each in enumerate(numbers))
    mean = RidgeAdapter.average([one, other])
    assert float(mean.weight) == pytest.approx(0.8)
    np.testing.assert_allclose(mean.prior, one.prior)
    assert mean.crowd == one.crowd
