"""What sells fast goes on selling: learned where it is so, and used from the second first sale on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from planted import SMALL

from recsys_core.adaptation.fine_tune import FineTune
from recsys_core.adaptation.formula import FormulaAdapter
from recsys_core.adaptation.prototype import Prototype
from recsys_core.adaptation.tasks import tasks
from recsys_core.adaptation.zero_shot import ZeroShot
from recsys_core.artefacts import load_arrays, load_frame, save_arrays
from recsys_core.dataset import Dataset, Launch
from recsys_core.models.head import ProductSide
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext
from recsys_core.selection.backtests.ways import Methods
from recsys_core.selection.replayed_pairs import Replay

PRODUCTS, CUSTOMERS = 160, 300


def shop(pace_tells: bool) -> Dataset:
    """Half of the products are bought by many, half by few, either slowly or fast; where the pace tells, the many come fast."""
    rng = np.random.default_rng(0)
    frames = []
    for product in range(PRODUCTS):
        much, fast = product % 2 == 0, product % (2 if pace_tells else 4) < (1 if pace_tells else 2)
        buyers = rng.choice(CUSTOMERS, 60 if much else 16, replace=False)
        days = np.cumsum(rng.uniform(0, 1 if fast else 20, len(buyers)))
        frames.append(pd.DataFrame({"customer_id": buyers, "product_id": product, "day": days}))
    sales = pd.concat(frames)
    return Dataset(
        pd.DataFrame({"product_id": [str(p) for p in range(PRODUCTS)], "title": "thing"}),
        pd.DataFrame(
            {
                "customer_id": sales["customer_id"].astype("str"),
                "product_id": sales["product_id"].astype("str"),
                "timestamp": pd.Timestamp("2024-01-01") + pd.to_timedelta(sales["day"], unit="D"),
            }
        ),
    )


@pytest.fixture(scope="module")
def source() -> SourceModel:
    config = SMALL.model_copy(update={"held_out_share": 0.4})
    return SourceModel(config).fit(shop(pace_tells=True), run=RunContext())


def test_it_counts_where_it_tells_and_not_elsewhere(source: SourceModel) -> None:
    assert source.head_.mixture.pace > 0
    assert source.replayed_["5"] > 1.1 * source.replayed_["1"]
    other = SourceModel(source.config).fit(shop(pace_tells=False), run=RunContext())
    assert other.head_.mixture.pace == 0


@pytest.fixture
def two() -> Launch:
    products = pd.DataFrame({"product_id": ["slow", "fast"], "title": ["thing", "thing"]})
    rows = [
        (str(customer), name, day)
        for name, days in (("slow", (1, 90, 180)), ("fast", (1, 2, 3)))
        for customer, day in enumerate(days)
    ]
    sales = pd.DataFrame(rows, columns=["customer_id", "product_id", "day"])
    sales["timestamp"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(sales.pop("day"), unit="D")
    return Launch("two", products, sales)


def test_the_faster_of_two_products_comes_first_for_everyone(source: SourceModel, two: Launch, tmp_path: Path) -> None:
    adapted = Prototype().adapt(source, two, run=RunContext())
    first = adapted.recommend().query("rank == 1")
    others = first[~first["customer_id"].isin(two.interactions["customer_id"])]
    assert (others["product_id"] == "fast").all()
    adapted.save(tmp_path / "model")
    again = type(adapted).load(tmp_path / "model", source).recommend().query("rank == 1")
    pd.testing.assert_frame_equal(again, first)
    by_words = ZeroShot().adapt(source, two, run=RunContext())
    scores = by_words.score(np.arange(len(source.customer_ids_)))
    np.testing.assert_allclose(scores[:, 0], scores[:, 1], atol=1e-6)


def test_fine_tune_knows_it_too(source: SourceModel, two: Launch) -> None:
    side = FineTune().adapt(source, two, run=RunContext()).side
    assert isinstance(side, ProductSide)
    slow, fast = side.dense[:, -1]
    assert fast > slow


def test_replayed_products_have_theirs_from_the_second_sale_on(source: SourceModel) -> None:
    held_out = tasks(source, source.learning())
    assert held_out is not None
    for shots, new in held_out.new.items():
        assert new.pace.any() == (shots > 1)
    replay = Replay.of_products(source, FormulaAdapter(uses_support=True), RunContext())
    for shots, side in replay.sides.items():
        assert isinstance(side, ProductSide)
        assert side.dense[:, -1].any() == (shots > 1)


def test_a_backtest_scores_as_a_launch_does(source: SourceModel, two: Launch) -> None:
    customers = np.arange(20)
    answer = Methods(source, shop(pace_tells=True), RunContext()).way("prototype", two)(two)
    expected = Prototype().adapt(source, two, run=RunContext()).score(customers)
    np.testing.assert_allclose(answer.score(customers), expected, atol=1e-6)


def test_a_model_saved_without_times_is_read(source: SourceModel, tmp_path: Path) -> None:
    source.save(tmp_path / "model")
    np.testing.assert_array_equal(SourceModel.load(tmp_path / "model").sales_.time, source.sales_.time)
    arrays, settings = load_arrays(tmp_path / "model")
    del arrays["sales.time"], settings["mixture"]["pace"]
    frames = {name: load_frame(tmp_path / "model", name) for name in ("products", "customers", "words")}
    save_arrays(tmp_path / "older", arrays, settings, frames)
    older = SourceModel.load(tmp_path / "older")
    assert np.isnan(older.sales_.time).all()
    assert older.head_.mixture.pace == 0
