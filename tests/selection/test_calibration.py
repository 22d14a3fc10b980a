"""Probabilities on replays whose frequencies are known."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from planted import SMALL, THEMES

from recsys_core.adaptation import AdaptedModel
from recsys_core.adaptation.formula import FormulaAdapter
from recsys_core.adaptation.purchase_probability import PurchaseProbability, ScoreCurve, Traits
from recsys_core.adaptation.registry import method_named
from recsys_core.dataset import Dataset
from recsys_core.errors import CannotRun
from recsys_core.evaluation.reliability import reliability
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext
from recsys_core.selection import replayed_pairs
from recsys_core.selection.calibration import GROUPS, calibrate, fit_curve, log_loss
from recsys_core.selection.replayed_pairs import Replay, ReplayedPairs
from recsys_core.selection.uncertainty import lacking, sentences, with_uncertainty


def pairs_of(score: np.ndarray, bought: np.ndarray, weight: np.ndarray | None = None) -> ReplayedPairs:
    """Pairs of 50 customers and 40 products; customers are alike."""
    n = len(score)
    rng = np.random.default_rng(1)
    return ReplayedPairs(
        customer=rng.integers(50, size=n),
        product=rng.integers(40, size=n),
        score=score,
        traits=Traits(np.zeros(n), np.zeros(n), np.ones(n)),
        bought=bought,
        weight=np.ones(n) if weight is None else weight,
        listed=np.ones(n, dtype=bool),
    )


@pytest.fixture(scope="module")
def steps() -> tuple[ReplayedPairs, np.ndarray]:
    """Pairs that are bought with 1 %, 5 % or 40 %, in three ranges of the score, and these truths."""
    rng = np.random.default_rng(0)
    score = rng.uniform(0, 3, size=60_000)
    truth = np.array([0.01, 0.05, 0.4])[score.astype(int)]
    return pairs_of(score, rng.random(len(score)) < truth), truth


def test_an_isotonic_curve_finds_the_frequencies(steps: tuple[ReplayedPairs, np.ndarray]) -> None:
    pairs, truth = steps
    for isotonic, most in ((True, 0.01), (False, 0.2)):
        curve = fit_curve(pairs, isotonic)
        said = 1 / (1 + np.exp(-curve.logits(pairs.score, pairs.traits)))
        error = np.abs(said - truth).mean()
        assert error < most
        assert error > 0.005 or isotonic, "a line through the logits can't follow steps"


def test_pairs_count_by_their_weight() -> None:
    """Of pairs that stand for nine others each, the frequency is that of what they stand for."""
    rng = np.random.default_rng(0)
    bought = np.repeat([True, False], [400, 400])
    pairs = pairs_of(rng.random(800), bought, np.where(bought, 1.0, 9.0))
    said = 1 / (1 + np.exp(-fit_curve(pairs, isotonic=False).logits(pairs.score, pairs.traits)))
    assert np.average(said, weights=pairs.weight) == pytest.approx(0.1, abs=1e-3)


def test_curves_say_what_scikit_learn_says(steps: tuple[ReplayedPairs, np.ndarray]) -> None:
    from sklearn.isotonic import IsotonicRegression
    from sklearn.linear_model import LogisticRegression

    pairs = steps[0]
    asked = np.linspace(-1, 4, 400)
    curve = fit_curve(pairs, isotonic=True)
    assert curve.isotonic is not None
    groups = np.array_split(np.argsort(pairs.score), GROUPS)
    means = [[values[group].mean() for group in groups] for values in (pairs.score, pairs.bought)]
    reference = IsotonicRegression(out_of_bounds="clip").fit(*means)
    np.testing.assert_allclose(curve.isotonic[0].probability(asked), reference.predict(asked), atol=1e-9)
    platt = fit_curve(pairs, isotonic=False)
    alike = Traits(np.zeros(400), np.zeros(400), np.ones(400))
    reference = LogisticRegression(C=1e6, max_iter=500).fit(pairs.score[:, None], pairs.bought)
    said = 1 / (1 + np.exp(-platt.logits(asked, alike)))
    np.testing.assert_allclose(said, reference.predict_proba(asked[:, None])[:, 1], atol=2e-3)


def test_scores_that_mislead_never_turn_lists_round() -> None:
    rng = np.random.default_rng(0)
    score = rng.normal(size=5000)
    pairs = pairs_of(score, rng.random(5000) < 1 / (1 + np.exp(score)))
    curve = fit_curve(pairs, isotonic=False)
    assert (curve.weights[1:3] == 0).all()
    assert curve.logits(np.zeros(1), pairs.traits.take(np.zeros(1, dtype=int)))[0] == pytest.approx(0, abs=0.1)


def test_between_two_numbers_of_first_sales_the_logits_are_interpolated() -> None:
    low, high = (ScoreCurve(np.array([w, 1.0, 0, 0, 0]), None) for w in (-6.0, -2.0))
    known = PurchaseProbability(Traits(np.zeros(2), np.zeros(2), np.ones(2)), [0, 3], [low, high])
    one = known.of_pairs(np.array([0, 0, 0, 1, -1]), np.zeros(5), np.array([0, 3, 1, 50, 1]))
    logits = np.log(one / (1 - one))
    np.testing.assert_allclose(logits[:4], [-6, -2, -4, -2])
    assert np.isnan(one[4])


def test_reliability_of_true_and_of_doubled_probabilities(steps: tuple[ReplayedPairs, np.ndarray]) -> None:
    pairs, truth = steps
    bins = reliability(truth, pairs.bought, pairs.product, pairs.weight, bins=3)
    assert [row["pairs"] for row in bins] == [20_000] * 3
    # Bins of equal mass don't end quite where the truth steps.
    for row, expected in zip(bins, (0.01, 0.05, 0.4), strict=True):
        assert row["predicted"] == pytest.approx(expected, rel=0.1)
        assert row["low"] < row["bought"] < row["high"]
        assert row["low"] <= row["predicted"] <= row["high"]
    doubled = reliability(2 * truth, pairs.bought, pairs.product, pairs.weight, bins=3)
    assert all(row["predicted"] > row["high"] for row in doubled)
    assert log_loss(truth, pairs) < log_loss(2 * truth, pairs)


@pytest.fixture(scope="module")
def calibrated(supporter_source, supporter_shop) -> tuple[AdaptedModel, dict]:
    adapted = method_named("prototype").adapt(supporter_source, supporter_shop[1], run=RunContext())
    return with_uncertainty(adapted, run=RunContext())


def test_held_out_pairs_are_bought_as_often_as_said(calibrated: tuple[AdaptedModel, dict]) -> None:
    report = calibrated[1]["calibration"]
    assert report["products"] >= 10
    assert report["ece"] < 0.25 * report["base_rate"]
    assert [row["shots"] for row in report["by_shots"]] == [0, 1, 2, 5, 10]
    # With the first ten sales taken away there are fewer left to come.
    rates = [row["base_rate"] for row in report["by_shots"]]
    assert rates[1:] == sorted(rates[1:], reverse=True)
    assert rates[0] < rates[-1], "without first sales nothing tells in this shop"
    assert report["base_rate"] == pytest.approx(np.mean(rates), rel=0.05)
    assert report["top"] == report["products"] // 5
    lines = sentences(calibrated[1])
    assert f"{report['base_rate']:.2%}" in lines[0]
    assert "Your new products have all the first sales that help." in lines[1]
    (row,) = calibrated[1]["certainty"]["by_first_sales"]
    assert (row["shots"], row["products"], row["more_sales"]) == (5, 20, 0)


def test_replayed_pairs_stand_for_all_customers_and_products(supporter_source, monkeypatch) -> None:
    monkeypatch.setattr(replayed_pairs, "OTHERS", 4)
    monkeypatch.setattr(replayed_pairs, "CUSTOMERS", 80)
    source = supporter_source
    pairs = Replay.of_products(source, FormulaAdapter(uses_support=True), RunContext()).pairs(RunContext())
    customers = np.count_nonzero(np.diff(source.shown_.indptr))
    sales = source.sales_.of(source.judging())
    n, ones = len(sales.products), np.ones(len(sales.customer))
    bought_at_all = sp.csr_matrix((ones, (sales.customer, sales.product)))
    for shots in (0, 5):
        some = pairs[shots]
        assert len(some.customer) < customers * n / 2
        assert some.weight.sum() == pytest.approx((customers - shots) * n, rel=0.1)
        assert some.weight[some.bought].sum() == pytest.approx(len(sales.customer) - shots * n, rel=0.1)
        assert np.bincount(some.customer[some.listed]).max() == n // 5
        bought = some.take(some.bought)
        assert (np.asarray(bought_at_all[bought.customer, bought.product]) > 0).all()


def test_probabilities_rise_with_the_score_and_are_the_same_in_both_directions(
    calibrated: tuple[AdaptedModel, dict],
) -> None:
    adapted = calibrated[0]
    lists = adapted.recommend(top=100)
    assert list(lists)[:4] == ["customer_id", "product_id", "rank", "score"]
    assert lists["probability"].between(0, 1).all()
    # All products of this launch have five first sales.
    for _, one in lists.groupby("customer_id"):
        assert one["probability"].is_monotonic_decreasing
    audience = adapted.audience(top=30)
    for _, one in audience.groupby("product_id"):
        assert one["probability"].is_monotonic_decreasing
        assert one["score"].is_monotonic_decreasing
    both = audience.merge(lists, on=["customer_id", "product_id"])
    assert len(both) == len(audience)
    np.testing.assert_allclose(both["probability_x"], both["probability_y"], atol=2e-6)
    nobody = adapted.recommend(["nobody", "c001"], top=2)
    assert nobody["probability"].isna().tolist() == [True, True, False, False]


def test_the_launch_is_bought_as_often_as_said(calibrated: tuple[AdaptedModel, dict], supporter_shop) -> None:
    """In this shop a customer who loves a theme buys 15 of its 60 products; others buy hardly any of it."""
    lists = calibrated[0].recommend(top=20)
    best = lists[lists["rank"] <= 4]["probability"].mean()
    assert 0.1 < best < 0.4
    assert lists[lists["rank"] > 8]["probability"].mean() < best / 5


def test_probabilities_are_saved_and_loaded(
    calibrated: tuple[AdaptedModel, dict], supporter_source, tmp_path: Path
) -> None:
    adapted = calibrated[0]
    adapted.save(tmp_path / "adapted")
    loaded = AdaptedModel.load(tmp_path / "adapted", supporter_source)
    np.testing.assert_array_equal(loaded.recommend()["probability"], adapted.recommend()["probability"])


def test_without_calibration_it_isnt_known(supporter_source, supporter_shop, tmp_path: Path) -> None:
    adapted = method_named("prototype").adapt(supporter_source, supporter_shop[1], run=RunContext())
    adapted.save(tmp_path / "adapted")
    for model in (adapted, AdaptedModel.load(tmp_path / "adapted", supporter_source)):
        assert model.recommend(["c001"])["probability"].isna().all()
        assert model.audience(top=3)["probability"].isna().all()


def test_a_catalog_that_is_too_small_says_so(supporter_source, supporter_shop, monkeypatch) -> None:
    adapted = method_named("prototype").adapt(supporter_source, supporter_shop[1], run=RunContext())
    monkeypatch.setattr(supporter_source, "judging", lambda: supporter_source.held_out_[:5])
    with pytest.raises(CannotRun, match="too small"):
        calibrate(supporter_source, adapted.adapter, run=RunContext())
    same, known = with_uncertainty(adapted, run=RunContext())
    assert same.probability is None
    assert all("too small" in line for line in sentences(known))


@pytest.fixture(scope="module")
def seasons() -> tuple[Dataset, SourceModel]:
    """A shop in which customers buy 12 of their theme's 30 old products in January, and in February 4 of its 30 new ones."""
    rng = np.random.default_rng(0)
    months = {"old": ("2024-01-01", 31, 12), "new": ("2024-02-01", 29, 4)}
    sales = []
    for number in range(500):
        for age, (start, days, bought) in months.items():
            for product in rng.choice(30, bought, replace=False):
                at = pd.Timestamp(start) + pd.Timedelta(minutes=int(rng.integers(days * 24 * 60)))
                sales.append((f"c{number}", f"{age}{number % 5}-{product}", at))
    ids = [f"{age}{theme}-{product}" for age in months for theme in range(5) for product in range(30)]
    titles = [f"{THEMES[int(id_[3])]} thing{rng.integers(30)}" for id_ in ids]
    interactions = pd.DataFrame(sales, columns=["customer_id", "product_id", "timestamp"])
    catalog = Dataset(pd.DataFrame({"product_id": ids, "title": titles}), interactions)
    return catalog, SourceModel(SMALL.model_copy(update={"held_out_share": 0.4})).fit(catalog, run=RunContext())


def test_in_order_of_time_only_what_came_later_counts(seasons: tuple[Dataset, SourceModel]) -> None:
    catalog, source = seasons
    adapter = FormulaAdapter(uses_support=True)
    known = calibrate(source, adapter, catalog=catalog, run=RunContext())
    report = known.report
    assert report["in_time"]
    assert report["ece"] < 0.25 * report["base_rate"]
    assert np.mean([row["predicted"] for row in report["bins"]]) == pytest.approx(report["base_rate"], rel=0.1)
    assert 24 < report["days"] < 29
    replay = Replay.in_time(source, catalog, adapter, RunContext())
    assert all(id_.startswith("new") for id_ in catalog.product_ids[replay.sales.products])
    assert not set(replay.sales.products) & set(source.learning())
    # What was sold after the cut, or of products to come, is in nobody's history.
    histories = replay.scorer.weights
    assert histories.nnz < source.weights_[:, source.product_ids_.str.startswith("old")].nnz
    assert not histories[:, source.product_ids_.str.startswith("new")].nnz
    # Of the products taken out of the whole history some sold three times as well.
    assert report["out_of_time"]["base_rate"] > 1.3 * report["base_rate"]
    assert not report["out_of_time"]["in_time"]
    one, none = np.zeros(1, dtype=int), np.zeros(1)
    uncorrected = dataclasses.replace(known.probability, in_time=(0.0, 1.0))
    assert known.probability.of_pairs(one, none + 10, one) < uncorrected.of_pairs(one, none + 10, one)


def test_without_times_products_are_replayed_out_of_time(seasons: tuple[Dataset, SourceModel]) -> None:
    catalog, source = seasons
    timeless = Dataset(catalog.products, catalog.interactions.drop(columns="timestamp"))
    for given in (None, timeless):
        known = calibrate(source, FormulaAdapter(uses_support=True), catalog=given, run=RunContext())
        assert not known.report["in_time"]
        assert known.report["days"] is None
        assert known.probability.in_time == (0, 1)


def test_products_that_lack_sales_are_counted() -> None:
    rows = [{"more_sales": more, "products": 1000 + more} for more in (3, 1, 0)]
    assert lacking(rows) == "2,004 of your 3,004 new products would gain from 1 to 3 more."
    assert lacking(rows[:1]) == "1,003 of your 1,003 new products would gain from 3 more."
