from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from recsys_core.dataset import Dataset
from recsys_core.errors import Cancelled, CannotRun, InvalidSetting
from recsys_core.evaluation.metrics import hits, list_metrics
from recsys_core.evaluation.split import Split, splits
from recsys_core.run_context import RunContext
from recsys_core.selection.backtests.figures import ALL_CUTS, ANY, EVERYTHING, KNOWN, NEW, TOGETHER
from recsys_core.selection.backtests.names import BASELINES, CONTENT, RANDOM
from recsys_core.selection.backtests.result import Backtest, load_figures, load_said, load_stage
from recsys_core.selection.backtests.run import replayed
from recsys_core.selection.backtests.words import best_method, figure, headline, summary
from tests.planted import SMALL

METHODS = ["zero-shot", "prototype"]
MODEL = SMALL.model_dump(exclude_defaults=True)


@pytest.fixture(scope="module")
def past(word_shop) -> Dataset:
    """The planted catalog with times spread over a season, so that some products come late; words tell who buys."""
    catalog = word_shop[0]
    rng = np.random.default_rng(0)
    born = pd.Series(rng.uniform(0, 100, size=len(catalog.products)), index=catalog.product_ids)
    sales = catalog.interactions.copy()
    # Early customers buy only what is there; every product goes on selling to the end.
    days = born[sales["product_id"]].to_numpy() + rng.exponential(20, size=len(sales))
    sales["timestamp"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.minimum(days, 120), unit="D")
    themes = catalog.product_ids.str[1].map(
        dict(zip("01234", ("Garden", "Kitchen", "Toys", "Music", "Travel"), strict=True))
    )
    products = catalog.products.assign(category=themes + " > All", price=rng.uniform(1, 9, size=len(themes)).round(2))
    return Dataset(products, sales)


@pytest.fixture(scope="module")
def found(past: Dataset) -> Backtest:
    return replayed(
        splits(past, "date", 2, 0), methods=METHODS, shots=(0, 1, 2, 5), top=10, model=MODEL, run=RunContext()
    )


def test_every_method_and_baseline_has_every_figure(found: Backtest) -> None:
    rows = found.metrics
    assert not rows.duplicated(["method", "k", "cut", "group", "metric"]).any()
    everywhere = rows[(rows["group"] == NEW) & (rows["method"] != ANY)]
    size = everywhere.groupby(["method", "cut", "k"]).size()
    assert len(size) == (len(BASELINES) + len(METHODS)) * 3 * 4
    assert size.nunique() == 1
    there = rows.dropna(subset=["low"])
    assert (there["low"] <= there["value"] + 1e-6).all()
    assert (there["value"] <= there["high"] + 1e-6).all()
    shares = rows[rows["metric"].isin(["recall", "precision", "ndcg", "auc", "accuracy", "hit_rate", "capture"])][
        "value"
    ]
    assert shares.dropna().between(0, 1).all()
    assert {KNOWN, TOGETHER, EVERYTHING} <= set(rows["group"])
    assert set(rows["cut"]) == {ALL_CUTS, *(cut["name"] for cut in found.facts["cuts"])}


def test_words_find_buyers_and_chance_does_not(found: Backtest) -> None:
    best = {name: figure(found.metrics, "ndcg", name, 0)["value"] for name in (*METHODS, CONTENT, RANDOM)}
    assert best["zero-shot"] > 1.5 * best[RANDOM]
    assert best[CONTENT] > 1.5 * best[RANDOM]
    assert figure(found.metrics, "auc", RANDOM, 0)["value"] == pytest.approx(0.5, abs=0.05)
    assert figure(found.metrics, "lift", RANDOM, 0)["value"] == pytest.approx(1, abs=0.5)


def test_queries_are_nobody_of_the_support_and_no_first_buyer_is_asked_again(found: Backtest) -> None:
    for part in found.parts:
        stage = part.stage
        pairs = set(zip(stage.queries.asked[stage.queries.customer], stage.queries.product, strict=True))
        supported = {(customer, product) for product, who in enumerate(stage.support) for customer in who}
        assert len(supported) == len(stage.few) * max(stage.shots)
        assert not pairs & supported
        for said in part.said:
            for lists in said.lists:
                rows, places = np.nonzero(lists >= 0)
                listed = zip(stage.queries.asked[rows], lists[rows, places], strict=True)
                assert not supported & set(listed)


def test_what_learns_nothing_from_first_sales_gains_nothing_by_them(found: Backtest) -> None:
    """The same pairs are ranked for every number of first sales, so that no curve rises by itself."""
    for part in found.parts:
        for name in (RANDOM, CONTENT, "popularity", "zero-shot"):
            lists = part.of(name).lists
            assert (lists == lists[0]).all(), name
        assert (part.of(RANDOM).in_audience == part.of(RANDOM).in_audience[0]).all()
        assert (part.of("prototype").lists != part.of("prototype").lists[0]).any()


def test_chances_are_judged_by_all_who_bought_after_the_known_sales(found: Backtest) -> None:
    judged = [(part.stage, part.of("zero-shot").chances) for part in found.parts if part.of("zero-shot").chances]
    assert judged
    for stage, rows in judged:
        assert {row["shots"] for row in rows} == set(stage.shots)
        came = {k: sum(row["bought"] * row["pairs"] for row in rows if row["shots"] == k) for k in stage.shots}
        everybody = len(stage.queries.customer)
        for k in stage.shots:
            # Lists of 10 of these few products hold nearly all; nobody who is known already is counted.
            left = everybody + len(stage.few) * (max(stage.shots) - k)
            assert 0 < came[k] <= left + 1e-6
        assert came[0] > came[max(stage.shots)]


def test_lists_and_ranks_agree(found: Backtest) -> None:
    """Two ways to the same figure: from lists, and from the ranks of what was bought."""
    for part in found.parts:
        pairs = part.stage.queries
        for said in part.said:
            for at in range(len(part.stage.shots)):
                from_lists = hits(said.lists[at], pairs.relevant).sum(axis=1)
                from_ranks = np.bincount(pairs.customer, said.in_list[at] <= 10, minlength=len(pairs.asked))
                np.testing.assert_array_equal(from_lists, from_ranks)
                assert (said.in_audience[at] >= 1).all()
                assert (said.in_audience[at] <= len(part.stage.customers)).all()


def test_figures_are_those_of_the_lists(found: Backtest) -> None:
    part = found.parts[0]
    said = part.of("prototype")
    pairs = part.stage.queries
    values = list_metrics(hits(said.lists[2], pairs.relevant), pairs.counts, k=10)
    row = figure(found.metrics, "ndcg", "prototype", 2, part.stage.name)
    assert row["value"] == pytest.approx(values["ndcg"].mean())
    assert row["n"] == len(pairs.asked)
    cuts = [figure(found.metrics, "recall", "prototype", 2, part.stage.name)["value"] for part in found.parts]
    assert figure(found.metrics, "recall", "prototype", 2)["value"] == pytest.approx(np.mean(cuts))


def test_groups_of_customers_add_up_and_groups_of_products_are_told_apart(found: Backtest) -> None:
    rows = found.metrics[(found.metrics["cut"] == found.parts[0].stage.name) & (found.metrics["k"] == 0)]
    rows = rows[(rows["method"] == "zero-shot") & (rows["metric"] == "recall")].set_index("group")
    of_customers = rows[rows.index.str.startswith("customers: ")]
    assert of_customers["n"].sum() == rows.loc[NEW, "n"]
    assert np.average(of_customers["value"], weights=of_customers["n"]) == pytest.approx(rows.loc[NEW, "value"])
    kinds = set(rows.index.str.extract(r"^(\w+): ")[0].dropna())
    assert kinds == {"category", "price", "launched", "products", "customers"}


def test_it_is_kept_and_read_again(found: Backtest, tmp_path: Path) -> None:
    found.save(tmp_path / "kept")
    metrics, facts = load_figures(tmp_path / "kept")
    pd.testing.assert_frame_equal(metrics, found.metrics)
    assert facts == found.facts
    stage, said = load_stage(tmp_path / "kept", 1), load_said(tmp_path / "kept", 1, RANDOM)
    np.testing.assert_array_equal(said.lists, found.parts[1].of(RANDOM).lists)
    np.testing.assert_array_equal(stage.support, found.parts[1].stage.support)
    pd.testing.assert_frame_equal(stage.products, found.parts[1].stage.products)


def test_it_goes_on_after_a_kill(past: Dataset, found: Backtest, tmp_path: Path) -> None:
    """Stopped in the second split, it does only what is left, and finds the same."""
    halves = splits(past, "date", 2, 0)
    lines: list[str] = []
    stop = RunContext(
        report=lambda told: lines.append(told.get("log", "")),
        stop_asked=lambda: any(halves[1].name in line for line in lines),
        checkpoints=tmp_path,
    )
    how = {"methods": METHODS, "shots": (0, 1, 2, 5), "top": 10, "model": MODEL}
    with pytest.raises(Cancelled):
        replayed(halves, run=stop, **how)
    before = [line for line in lines if "took" in line]
    again: list[str] = []
    run = RunContext(report=lambda told: again.append(told.get("log", "")), checkpoints=tmp_path)
    resumed = replayed(halves, run=run, **how)
    after = [line for line in again if "took" in line]
    assert len(before) + len(after) == 2 * (len(BASELINES) + len(METHODS))
    assert not {line.rsplit(" took")[0] for line in before} & {line.rsplit(" took")[0] for line in after}
    pd.testing.assert_frame_equal(resumed.metrics, found.metrics)


def test_fewer_first_sales_are_replayed_where_buyers_are_few(past: Dataset) -> None:
    split = splits(past, "date", 1, 0)[0]
    few = split.sales.groupby("product_id").head(6)
    thin = Split(split.name, split.catalog, split.new_products, few, split.later, split.reached, split.first_sold)
    shots = replayed([thin], methods=["zero-shot"], shots=(0, 2, 10), model=MODEL, run=RunContext()).facts["cuts"][0][
        "shots"
    ]
    assert shots == [0, 2]
    lonely = split.sales.groupby("product_id").head(1)
    none = Split(split.name, split.catalog, split.new_products, lonely, split.later, split.reached, split.first_sold)
    with pytest.raises(CannotRun, match="0 of"):
        replayed([none], methods=["zero-shot"], shots=(0, 1), model=MODEL, run=RunContext())


def test_unknown_methods_are_refused_before_anything_is_trained(past: Dataset) -> None:
    from recsys_core.selection.backtests.run import backtest

    with pytest.raises(InvalidSetting, match="no method “magic”"):
        backtest(past, methods=["magic"], run=RunContext())


def test_the_headline_is_three_sentences_with_the_figures_of_the_table(found: Backtest) -> None:
    told = headline(found.metrics, 10, "zero-shot", 0)
    recall = figure(found.metrics, "recall", "zero-shot", 0)["value"]
    assert told[0][0] == f"{recall:.0%}"
    assert len(told) == 3
    lines = summary(found.metrics, found.facts)
    assert any(
        line.startswith("zero-shot") and f"{figure(found.metrics, 'ndcg', 'zero-shot', 5)['value']:.4f}" in line
        for line in lines
    )
    best = best_method(found.metrics, 5)
    assert figure(found.metrics, "ndcg", best, 5)["value"] == max(
        figure(found.metrics, "ndcg", name, 5)["value"] for name in METHODS
    )


def test_known_products_are_found_and_one_list_costs_them_something(found: Backtest) -> None:
    for part in found.parts:
        stage = part.stage
        assert stage.known_found.any()
        said = part.of(RANDOM)
        # New products with random scores take places of known ones that were right.
        assert (said.together[0] == 1).sum() < stage.known_found.sum()
        known = sp.csr_matrix(stage.known_queries.relevant)
        assert known.shape[1] == stage.known
