from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from planted import SMALL, planted_shop

from recsys_core.adaptation.zero_shot import ZeroShot
from recsys_core.dataset import Dataset, Launch
from recsys_core.errors import Cancelled, DamagedArtefact, InvalidTable
from recsys_core.models.batches import Batch, TaskSampler
from recsys_core.models.content_neighbours import ContentNeighbours
from recsys_core.models.popularity import CustomerActivity, Popularity
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext


def same(one: SourceModel, other: SourceModel) -> None:
    for name, array in one.head_.arrays().items():
        np.testing.assert_array_equal(array, other.head_.arrays()[name])
    assert one.head_.mixture == other.head_.mixture
    assert [epoch["ndcg"] for epoch in one.history_] == [epoch["ndcg"] for epoch in other.history_]


def test_saved_and_loaded_it_is_the_same(word_source, word_shop, tmp_path: Path) -> None:
    word_source.save(tmp_path / "model")
    loaded = SourceModel.load(tmp_path / "model")
    same(loaded, word_source)
    lists = [ZeroShot().adapt(model, word_shop[1], run=RunContext()).recommend() for model in (word_source, loaded)]
    pd.testing.assert_frame_equal(*lists)


def test_a_flipped_bit_is_refused(word_source, tmp_path: Path) -> None:
    word_source.save(tmp_path / "model")
    file = tmp_path / "model" / "arrays.safetensors"
    content = bytearray(file.read_bytes())
    content[-1000] ^= 1
    file.write_bytes(content)
    with pytest.raises(DamagedArtefact, match="changed or cut off"):
        SourceModel.load(tmp_path / "model")


def test_the_same_seed_gives_the_same_model_and_another_does_not(word_source, word_shop) -> None:
    same(SourceModel(SMALL).fit(word_shop[0], run=RunContext()), word_source)
    other = SourceModel(SMALL).fit(word_shop[0], run=RunContext(seed=1))
    assert not np.array_equal(other.held_out_, word_source.held_out_)


def test_training_moves_the_towers_and_lowers_the_loss(word_shop) -> None:
    config = SMALL.model_copy(update={"held_out_share": 0.0, "epochs": 3})
    model = SourceModel(config).fit(word_shop[0], run=RunContext())
    identity = np.eye(len(model.head_.customer_tower), dtype=np.float32)
    assert not np.array_equal(model.head_.customer_tower, identity)
    losses = [epoch["loss"] for epoch in model.history_[1:]]
    assert losses == sorted(losses, reverse=True)


def test_the_signals_are_weighed_by_what_finds_buyers(word_source, supporter_source) -> None:
    """Where first sales tell, content stands for fewer supporters and taste weighs more than where words tell."""
    words, sales = word_source.head_.mixture, supporter_source.head_.mixture
    assert sales.taste > words.taste
    assert sales.taste_prior < words.taste_prior
    assert set(word_source.replayed_) == {"0", "1", "2", "5", "10"}
    assert supporter_source.replayed_["5"] > 1.3 * supporter_source.replayed_["0"]


def test_killed_after_an_epoch_it_goes_on_to_the_same_weights(word_source, word_shop, tmp_path: Path) -> None:
    seen: list[dict] = []
    stopped = RunContext(
        report=seen.append,
        stop_asked=lambda: any(report.get("epoch") == 1 for report in seen),
        checkpoints=tmp_path,
    )
    with pytest.raises(Cancelled):
        SourceModel(SMALL).fit(word_shop[0], run=stopped)
    again: list[dict] = []
    resumed = SourceModel(SMALL).fit(word_shop[0], run=RunContext(report=again.append, checkpoints=tmp_path))
    same(resumed, word_source)
    assert [report["epoch"] for report in again if "ndcg" in report] == [2]
    assert {"log": "Resumed after epoch 1"} in again


def test_a_damaged_checkpoint_is_passed_over(word_source, word_shop, tmp_path: Path) -> None:
    SourceModel(SMALL).fit(word_shop[0], run=RunContext(checkpoints=tmp_path))
    newest = sorted(tmp_path.glob("epoch_*"))[-1]
    (newest / "arrays.safetensors").write_bytes(b"cut off")
    again: list[dict] = []
    resumed = SourceModel(SMALL).fit(word_shop[0], run=RunContext(report=again.append, checkpoints=tmp_path))
    same(resumed, word_source)
    assert {"log": "Resumed after epoch 1"} in again


def test_nothing_of_a_held_out_product_is_learned_from(word_source, word_shop) -> None:
    """Whoever bought the held-out products, towers and strict factors are the same."""
    catalog = word_shop[0]
    held_out = catalog.product_ids[word_source.held_out_]
    moved = catalog.interactions.copy()
    rows = moved["product_id"].isin(held_out)
    moved.loc[rows, "customer_id"] = np.roll(moved.loc[rows, "customer_id"], 7)
    other = SourceModel(SMALL.model_copy(update={"patience": 99})).fit(
        Dataset(catalog.products, moved), run=RunContext()
    )
    np.testing.assert_array_equal(other.held_out_, word_source.held_out_)
    np.testing.assert_allclose(other.strict_factors, word_source.strict_factors, atol=1e-6)
    assert [epoch.get("loss") for epoch in other.history_] == [epoch.get("loss") for epoch in word_source.history_]


def test_the_answer_of_a_pair_is_not_in_its_question(word_source) -> None:
    """Each pair's history is without its product, and no other purchase of the customer is a negative."""
    weights, content = word_source.weights_, word_source.space_.catalog()
    sampler = TaskSampler(weights, content)
    pairs = np.arange(0, 200, 3)
    batch = sampler.batch(pairs)
    customer, product = sampler.customers[pairs], sampler.products[pairs]
    products = np.unique(product)
    for row in range(len(pairs)):
        history = weights[[customer[row]]].toarray()[0]
        history[product[row]] = 0
        expected = history @ content.dense
        np.testing.assert_allclose(batch.customers[row], expected / np.linalg.norm(expected), atol=1e-5)
        np.testing.assert_array_equal(batch.mask[row], np.where((history > 0)[products], -1e4, 0))


def test_batches_are_the_same_however_many_histories_are_summed_together(word_source, monkeypatch) -> None:
    sampler = TaskSampler(word_source.weights_, word_source.space_.catalog())

    def batches() -> list[Batch]:
        return list(sampler.epoch(np.random.default_rng(3), 64, 1000))

    together = batches()
    monkeypatch.setattr("recsys_core.models.batches.SUMMED", 1)
    for one, other in zip(together, batches(), strict=True):
        np.testing.assert_array_equal(one.target, other.target)
        np.testing.assert_allclose(one.words, other.words, atol=1e-6)
        np.testing.assert_allclose(one.customers, other.customers, atol=1e-6)


def test_who_bought_one_thing_alone_asks_with_nothing(word_source) -> None:
    """What is left of a sum when all of it is taken out isn't noise of length 1."""
    weights = sp.csr_matrix(([0.7, 0.3, 0.9], ([0, 1, 1], [4, 4, 8])), (2, word_source.weights_.shape[1]))
    batch = TaskSampler(weights.astype(np.float32), word_source.space_.catalog()).batch(np.arange(3))
    assert not batch.customers[0].any()
    assert not batch.words[0].any()
    assert batch.customers[1:].any(axis=1).all()


def test_a_shop_too_small_to_judge_is_trained_all_the_same(tmp_path: Path) -> None:
    products = pd.DataFrame({"product_id": ["a", "b"], "title": ["red mug", "blue mug"]})
    sales = pd.DataFrame({"customer_id": ["x", "y"], "product_id": ["a", "b"]})
    model = SourceModel(SMALL).fit(Dataset(products, sales), run=RunContext())
    assert not len(model.held_out_)
    new = pd.DataFrame({"product_id": ["n"], "title": ["red mug"]})
    lists = ZeroShot().adapt(model, Launch("l", new), run=RunContext()).recommend()
    assert sorted(lists["customer_id"]) == ["x", "y"]
    model.save(tmp_path / "model")
    SourceModel.load(tmp_path / "model")


@pytest.mark.parametrize("title", [None, "the same"])
def test_products_that_say_nothing(title: str | None) -> None:
    catalog = planted_shop(words_tell=False)[0]
    silent = catalog.products.assign(title=pd.Series([title] * len(catalog.products), dtype="str"))
    model = SourceModel(SMALL).fit(Dataset(silent, catalog.interactions), run=RunContext())
    new = pd.DataFrame({"product_id": ["n1", "n2"], "title": [title, "other"]}).astype({"title": "str"})
    lists = ZeroShot().adapt(model, Launch("l", new), run=RunContext()).recommend()
    assert np.isfinite(lists["score"]).all()


def test_a_catalog_without_sales_is_refused_with_what_to_do() -> None:
    products = pd.DataFrame({"product_id": ["a"], "title": ["x"]})
    sales = pd.DataFrame({"customer_id": ["c"], "product_id": ["elsewhere"]})
    with pytest.raises(InvalidTable, match="Upload an interactions file"):
        SourceModel(SMALL).fit(Dataset(products, sales), run=RunContext())


def test_content_neighbours_are_cosines_of_summed_histories(word_shop, tmp_path: Path) -> None:
    catalog, launch = word_shop
    model = ContentNeighbours().fit(catalog, run=RunContext())
    customers = pd.Index(["c000", "c001", "nobody"])
    scores = model.score(customers, launch.products)
    tfidf = model.counts_.with_products(launch.products).tfidf().toarray()
    history = (catalog.weights @ sp.csr_matrix(tfidf[: len(catalog.product_ids)])).toarray()[
        catalog.customer_ids.get_indexer(customers[:2])
    ]
    expected = history / np.linalg.norm(history, axis=1, keepdims=True) @ tfidf[len(catalog.product_ids) :].T
    np.testing.assert_allclose(scores[:2], expected, atol=1e-5)
    assert not scores[2].any()
    model.save(tmp_path / "neighbours")
    np.testing.assert_array_equal(
        ContentNeighbours.load(tmp_path / "neighbours").score(customers, launch.products), scores
    )


def test_popularity_and_activity_count_and_say_whom_they_cannot_serve(word_shop, tmp_path: Path) -> None:
    from recsys_core.errors import UnknownProduct

    catalog = word_shop[0]
    popularity = Popularity().fit(catalog, run=RunContext())
    buyers = catalog.sales.groupby("product_id")["customer_id"].nunique()
    some = catalog.product_ids[:5]
    popularity.save(tmp_path / "popularity")
    scores = Popularity.load(tmp_path / "popularity").score(pd.Index(["c000", "nobody"]), some)
    np.testing.assert_array_equal(scores, [buyers[some], buyers[some]])
    with pytest.raises(UnknownProduct, match="new"):
        popularity.score(pd.Index(["c000"]), pd.Index(["new"]))
    activity = CustomerActivity().fit(catalog, run=RunContext())
    activity.save(tmp_path / "activity")
    bought = catalog.sales.groupby("customer_id")["product_id"].nunique()
    scores = CustomerActivity.load(tmp_path / "activity").score(pd.Index(["c000", "nobody"]), pd.Index(["new"]))
    np.testing.assert_array_equal(scores, [[bought["c000"]], [0]])
