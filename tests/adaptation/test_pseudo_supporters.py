"""Customers who stand in for first buyers in fine-tuning: what they change, and what they must not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from planted import planted_shop
from scipy.special import expit, log_softmax

from recsys_core.adaptation import AdaptedModel
from recsys_core.adaptation.customer_terms import TermSettings, support_task
from recsys_core.adaptation.fine_tune import FineTune, FineTuneAdapter, Settings
from recsys_core.adaptation.placed_launch import PlacedLaunch
from recsys_core.dataset import Launch
from recsys_core.models.head import NewProducts
from recsys_core.run_context import RunContext

TERMS = TermSettings(scale=0.25, sharpness=4.0, penalty=0.02, negatives=100, seed=0)


@pytest.fixture(scope="module")
def placed(word_source, word_shop) -> PlacedLaunch:
    return PlacedLaunch.of(word_source, word_shop[1])


def theta(placed: PlacedLaunch, new: NewProducts, worth: float, terms: TermSettings = TERMS) -> np.ndarray:
    """(n, D) by the source model's tower."""
    adapter = FineTuneAdapter(placed.scorer.head.product_tower, replace(terms, pseudo_supporters=worth))
    return adapter.side(placed.scorer, new).terms[0].theta


def test_without_them_nobody_is_looked_for(supporter_source, supporter_shop, monkeypatch) -> None:
    def asked(*_) -> None:
        raise AssertionError("asked for")

    monkeypatch.setattr("recsys_core.adaptation.customer_terms.pseudo_supporters", asked)
    FineTune().adapt(supporter_source, supporter_shop[1], run=RunContext())
    with pytest.raises(AssertionError, match="asked for"):
        FineTune(Settings(pseudo_supporters=1)).adapt(supporter_source, supporter_shop[1], run=RunContext())


def test_worth_next_to_nothing_they_change_next_to_nothing(supporter_source, supporter_shop) -> None:
    """Every product has first buyers: beside these only their weight counts, in training as in what stops it."""
    none, few, many = (
        FineTune(Settings(pseudo_supporters=worth)).adapt(supporter_source, supporter_shop[1], run=RunContext())
        for worth in (0, 1e-6, 5)
    )
    customers = none.placed.scorer.customers(supporter_source.weights_)
    scores = none.side.scores(customers)
    assert few.summary["scale"] == none.summary["scale"]
    np.testing.assert_allclose(few.side.scores(customers), scores, atol=0.01 * scores.std())
    assert np.abs(many.side.scores(customers) - scores).mean() > 0.1 * scores.std()


def test_they_are_learned_from_and_nothing_else(placed: PlacedLaunch) -> None:
    source = placed.scorer.products(placed.new.without_support())
    plain, more = (
        support_task(placed.scorer, placed.new, source, replace(TERMS, pseudo_supporters=worth)) for worth in (0, 3)
    )
    for name in ("positives", "product", "positive_scores", "bought", "negatives", "negative_scores", "taken"):
        np.testing.assert_array_equal(getattr(more, name), getattr(plain, name))
    assert not len(plain.pseudo.weight)
    np.testing.assert_allclose(np.bincount(more.pseudo.product, more.pseudo.weight), 3, rtol=1e-5)
    learned = more.of(np.zeros(len(more.product), dtype=bool)).learned_from()
    np.testing.assert_array_equal(learned.weight, more.pseudo.weight)
    np.testing.assert_array_equal(more.learned_from().weight[: len(more.product)], 1)


def test_the_loss_of_training_weighs_them_and_leaves_out_what_is_held_out(placed: PlacedLaunch) -> None:
    from recsys_core.adaptation.tuned_network import TunedNetwork

    terms = replace(TERMS, pseudo_supporters=2.5)
    source = placed.scorer.products(placed.new.without_support())
    task = support_task(placed.scorer, placed.new, source, terms)
    judged = np.arange(len(task.product)) % 3 == 0
    network = TunedNetwork(placed.scorer, placed.new, task, judged, 1, terms)
    rng = np.random.default_rng(0)
    network.theta.data += network.theta.data.new_tensor(rng.normal(size=network.theta.shape))
    theta = network.theta.detach().numpy()
    total = weights = 0.0
    for x, product, score, weight in zip(*task.of(~judged).learned_from(), strict=True):
        others = expit(task.negatives @ theta[product]) + terms.scale * task.negative_scores[:, product]
        logits = np.append(expit(x @ theta[product]) + terms.scale * score, others[~task.taken[:, product]])
        total -= weight * log_softmax(terms.sharpness * logits)[0]
        weights += weight
    assert network.support_loss().item() == pytest.approx(total / weights, rel=1e-4)


def test_a_product_without_first_sales_gets_a_term(word_source, word_shop) -> None:
    empty = Launch("empty", word_shop[1].products)
    none, some = (
        FineTune(Settings(pseudo_supporters=worth)).adapt(word_source, empty, run=RunContext()) for worth in (0, 2)
    )
    assert not none.side.terms[0].theta.any()
    assert (np.abs(some.side.terms[0].theta).sum(axis=1) > 0).all()
    # They have bought nothing: no product is kept from them, or has sold.
    assert not some.shots.any()
    assert len(some.recommend(top=100)) == len(word_source.customer_ids_) * len(empty.product_ids)


def test_the_term_without_first_sales_speaks_for_those_who_love_the_theme(placed: PlacedLaunch) -> None:
    """Of most products, and where the source model is hardly listened to, which would tell the same."""
    _, launch, love, theme = planted_shop(words_tell=True)
    term = theta(placed, placed.new.without_support(), 2, replace(TERMS, scale=1e-4))
    said = expit(placed.scorer.customers(placed.scorer.weights).dense @ term.T)
    alike = love[placed.source.customer_ids_].to_numpy()[:, None] == theme[launch.product_ids].to_numpy()
    gaps = [one[mine].mean() - one[~mine].mean() for one, mine in zip(said.T, alike.T, strict=True)]
    assert np.median(gaps) > 0.3


def test_they_fade_as_real_supporters_come(placed: PlacedLaunch) -> None:
    rng = np.random.default_rng(0)
    n, n_customers = placed.new.support.shape
    order = np.array([rng.permutation(n_customers) for _ in range(n)])
    changes = []
    for shots in (1, 4, 16, 64):
        where = (np.repeat(np.arange(n), shots), order[:, :shots].ravel())
        support = sp.csr_matrix((np.ones(n * shots, dtype=np.float32), where), (n, n_customers))
        new = placed.new.with_supporters(support)
        changes.append(np.linalg.norm(theta(placed, new, 2) - theta(placed, new, 0), axis=1).mean())
    assert (np.diff(changes) < 0).all()
    assert changes[-1] < changes[0] / 4


def test_one_product_alone_has_the_term_it_has_among_all(placed: PlacedLaunch) -> None:
    customers = placed.scorer.customers(placed.scorer.weights).dense
    support = placed.new.support.tolil()
    support[7] = 0
    new = placed.new.with_supporters(support.tocsr())
    said = expit(customers @ theta(placed, new, 2).T)
    for product in (7, 8):
        alone = expit(customers @ theta(placed, new.repeated(product, 1), 2).T)[:, 0]
        np.testing.assert_allclose(alone, said[:, product], atol=0.05 * said[:, product].std())


def test_saved_and_loaded_it_says_the_same_of_products_without_first_sales(word_source, word_shop, tmp_path) -> None:
    adapted = FineTune(Settings(pseudo_supporters=2)).adapt(word_source, word_shop[1], run=RunContext())
    adapted.save(tmp_path)
    loaded = AdaptedModel.load(tmp_path, word_source)
    scorer, new = adapted.placed.scorer, adapted.placed.new.without_support()
    before, after = (one.adapter.side(scorer, new).terms[0].theta for one in (adapted, loaded))
    assert before.any()
    np.testing.assert_array_equal(after, before)


def test_a_file_from_before_they_came_has_none(placed: PlacedLaunch) -> None:
    adapter = FineTuneAdapter(placed.scorer.head.product_tower, TERMS)
    settings = adapter.settings()
    del settings["terms"]["pseudo_supporters"]
    assert FineTuneAdapter.of(adapter.arrays(), settings).terms == TERMS
