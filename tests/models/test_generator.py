from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from planted import SMALL, planted_shop

from recsys_core.adaptation.compression.recipe import Recipe
from recsys_core.adaptation.compression.towers import with_smaller_towers
from recsys_core.adaptation.zero_shot import ZeroShot
from recsys_core.content.unit_rows import unit_rows
from recsys_core.dataset import Dataset, Launch
from recsys_core.errors import Cancelled
from recsys_core.models.batches import TaskSampler
from recsys_core.models.content_space import ContentVectors
from recsys_core.models.generator import STAGE, GeneratorNetwork, described
from recsys_core.models.head import Mixture, Scorer
from recsys_core.models.network import TwoTowers
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext

GENERATING = SMALL.model_copy(update={"generator_weight": 0.4, "generator_epochs": 2})


def fitted(catalog: Dataset, run: RunContext = RunContext(), **settings: object) -> SourceModel:
    return SourceModel(GENERATING.model_copy(update=settings)).fit(catalog, run=run)


@pytest.fixture(scope="module")
def generating(word_shop) -> SourceModel:
    return fitted(word_shop[0])


@pytest.fixture(scope="module")
def sampler(word_source) -> TaskSampler:
    return TaskSampler(word_source.shown_, described(word_source.space_.catalog(), word_source.strict_factors))


def untaught(source: SourceModel) -> GeneratorNetwork:
    """A generator that starts anywhere, not at the regression."""
    shape = source.space_.dimensions, source.factors_.shape[1]
    return GeneratorNetwork(np.random.default_rng(5).normal(scale=0.1, size=shape).astype(np.float32), seed=0)


def found(source: SourceModel, generator: np.ndarray) -> float:
    """Share of customers to whom the nearest of the vectors generated for held-out products is one of the theme they love."""
    _, _, love, theme = planted_shop(words_tell=True)
    made = unit_rows(source.space_.catalog().dense[source.held_out_] @ generator)
    nearest = source.held_out_[((source.shown_ @ source.strict_factors) @ made.T).argmax(axis=1)]
    loved = love[source.customer_ids_].to_numpy()
    return float((theme[source.product_ids_[nearest]].to_numpy() == loved).mean())


def nearness(source: SourceModel, generator: np.ndarray) -> float:
    """Mean cosine of the vectors generated for held-out products and where their buyers' purchases put these."""
    made = unit_rows(source.space_.catalog().dense[source.held_out_] @ generator)
    return float((made * unit_rows(source.factors_[source.held_out_])).sum(axis=1).mean())


def test_what_is_generated_for_unseen_products_lies_near_their_buyers(generating) -> None:
    assert nearness(generating, generating.head_.generator) > 0.6
    assert found(generating, generating.head_.generator) > 0.9


def test_training_finds_the_buyers_of_unseen_products_and_the_discriminator_keeps_them_among_real_ones(
    word_source, sampler
) -> None:
    """From anywhere: ranking alone finds the buyers, but leaves open what all generated vectors have in common."""
    trained = {}
    for adversarial_weight in (0.0, 1.0):
        network = untaught(word_source)
        assert found(word_source, network.matrix()) < 0.4
        optimizer = torch.optim.Adam(network.parameters(), lr=0.03)
        for epoch in range(5):
            for batch in sampler.epoch(np.random.default_rng(epoch), 256, 4000):
                optimizer.zero_grad()
                network.loss(batch, adversarial_weight).backward()
                optimizer.step()
        trained[adversarial_weight] = network.matrix()
    assert all(found(word_source, generator) > 0.9 for generator in trained.values())
    assert nearness(word_source, trained[1.0]) > nearness(word_source, trained[0.0]) + 0.1


def test_the_discriminator_learns_to_tell_and_the_generator_to_deceive_it(word_source, sampler) -> None:
    network = untaught(word_source)
    batch = sampler.batch(np.arange(0, 1500, 4))
    hardly = 1e-6

    def steps(moving: list[torch.nn.Parameter], weight: float) -> None:
        optimizer = torch.optim.Adam(moving, lr=0.02)
        for _ in range(60):
            optimizer.zero_grad()
            network.loss(batch, weight).backward()
            optimizer.step()

    def not_told() -> float:
        """The discriminator's loss: what is beside ranking where deceiving has hardly any weight."""
        return network.loss(batch, hardly).item() - network.loss(batch, 0.0).item()

    assert not_told() > 0.6
    steps([network.customer_view, network.product_view], hardly)
    assert not_told() < 0.05
    steps([network.generator], 1e3)
    assert not_told() > 0.3


def test_each_loss_has_a_slope_in_its_own_matrices_alone(word_source, sampler) -> None:
    network = untaught(word_source)
    batch = sampler.batch(np.arange(0, 1500, 4))

    def slopes(weight: float) -> tuple[torch.Tensor, torch.Tensor | None]:
        network.zero_grad()
        network.loss(batch, weight).backward()
        return network.generator.grad.clone(), network.product_view.grad

    ranking, none = slopes(0.0)
    hardly, view = slopes(1e-9)
    strongly, same_view = slopes(3.0)
    assert none is None
    torch.testing.assert_close(hardly, ranking)
    torch.testing.assert_close(view, same_view)
    assert not torch.allclose(strongly, ranking, rtol=0.1)


def test_a_share_of_a_new_products_taste_is_generated(generating) -> None:
    content = generating.space_.catalog()
    scorer = generating.scorer(content)
    without = Scorer(replace(generating.head_, generator=None), content, scorer.co_purchases)
    new = ContentVectors(content.words[:5], content.dense[:5])
    place, plain = scorer.place(new), without.place(new)
    made = unit_rows(new.dense @ generating.head_.generator)
    np.testing.assert_allclose(place.taste, unit_rows(0.6 * plain.taste + 0.4 * made), atol=1e-6)
    assert np.abs(place.taste - plain.taste).max() > 0.01
    assert (place.baskets != plain.baskets).nnz == 0
    mute = ContentVectors(0 * new.words, 0 * new.dense)
    assert not scorer.place(mute).taste.any()


def test_saved_and_loaded_it_scores_the_same(generating, word_shop, tmp_path: Path) -> None:
    generating.save(tmp_path / "model")
    loaded = SourceModel.load(tmp_path / "model")
    for model in (generating, loaded):
        model.head_ = replace(model.head_, mixture=replace(model.head_.mixture, taste=1.0))
    lists = [ZeroShot().adapt(model, word_shop[1], run=RunContext()).recommend() for model in (generating, loaded)]
    pd.testing.assert_frame_equal(*lists)
    loaded.head_ = replace(loaded.head_, generator=None)
    other = ZeroShot().adapt(loaded, word_shop[1], run=RunContext()).recommend()
    assert np.abs(other["score"] - lists[0]["score"]).max() > 1e-4


def test_towers_that_are_tuned_or_made_smaller_leave_it_in_place(generating) -> None:
    head = generating.head_
    for other in (TwoTowers(head).head(Mixture()), with_smaller_towers(head, Recipe(by="int8"))[0]):
        np.testing.assert_array_equal(other.generator, head.generator)
        np.testing.assert_array_equal(other.generator_share, np.float32([0.4]))


def test_the_same_seed_gives_the_same_generator_and_another_does_not(generating, word_shop) -> None:
    again, other = fitted(word_shop[0]), fitted(word_shop[0], RunContext(seed=1))
    np.testing.assert_array_equal(again.head_.generator, generating.head_.generator)
    assert again.replayed_ == generating.replayed_
    assert not np.array_equal(other.head_.generator, generating.head_.generator)


def test_killed_after_an_epoch_it_goes_on_to_the_same_generator(generating, word_shop, tmp_path: Path) -> None:
    seen: list[dict] = []
    stopped = RunContext(
        report=seen.append,
        stop_asked=lambda: any(report.get("stage") == STAGE and report.get("epoch") == 1 for report in seen),
        checkpoints=tmp_path,
    )
    with pytest.raises(Cancelled):
        fitted(word_shop[0], stopped)
    assert {report["stage"] for report in seen} == {
        "Reading the catalog",
        "Reading product texts",
        "Comparing baskets",
        STAGE,
    }
    again: list[dict] = []
    resumed = fitted(word_shop[0], RunContext(report=again.append, checkpoints=tmp_path))
    np.testing.assert_array_equal(resumed.head_.generator, generating.head_.generator)
    assert [report["epoch"] for report in again if report.get("stage") == STAGE and "ndcg" in report] == [2]


def test_nothing_of_a_held_out_product_is_generated_from(word_shop) -> None:
    """Whoever bought the held-out products, the generator is the same: of one epoch, so that none stops it in time."""
    catalog = word_shop[0]
    one = fitted(catalog, generator_epochs=1)
    moved = catalog.interactions.copy()
    rows = moved["product_id"].isin(catalog.product_ids[one.held_out_])
    moved.loc[rows, "customer_id"] = np.roll(moved.loc[rows, "customer_id"], 7)
    other = fitted(Dataset(catalog.products, moved), generator_epochs=1)
    assert np.abs(other.factors_ - one.factors_).max() > 1e-3
    np.testing.assert_allclose(other.head_.generator, one.head_.generator, atol=1e-5)


def test_without_weight_none_is_trained(word_source, word_shop) -> None:
    seen: list[dict] = []
    model = fitted(word_shop[0], RunContext(report=seen.append), generator_weight=0.0)
    assert model.head_.generator is None
    assert STAGE not in {report.get("stage") for report in seen}
    assert set(model.head_.arrays()) == {"customer_tower", "product_tower", "sharpness"}
    np.testing.assert_array_equal(model.head_.product_tower, word_source.head_.product_tower)
    assert model.replayed_ == word_source.replayed_


def test_where_there_is_nothing_to_generate_from_there_is_no_generator() -> None:
    catalog = planted_shop(words_tell=False)[0]
    silent = catalog.products.assign(title=pd.Series([None] * len(catalog.products), dtype="str"))
    assert fitted(Dataset(silent, catalog.interactions)).head_.generator is None
    products = pd.DataFrame({"product_id": ["a", "b", "c"], "title": ["red mug", "blue mug", "red bowl"]})
    sales = pd.DataFrame({"customer_id": ["x", "y", "y"], "product_id": ["a", "b", "a"]})
    tiny = fitted(Dataset(products, sales))
    new = pd.DataFrame({"product_id": ["n"], "title": ["red mug"]})
    lists = ZeroShot().adapt(tiny, Launch("l", new), run=RunContext()).recommend()
    assert np.isfinite(lists["score"]).all()
