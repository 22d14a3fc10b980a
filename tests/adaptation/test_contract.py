"""What every method promises, whatever it does inside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recsys_core.adaptation import AdaptedModel
from recsys_core.adaptation.method import Method
from recsys_core.adaptation.registry import METHODS, method_named
from recsys_core.dataset import Dataset, Launch
from recsys_core.errors import Cancelled, InvalidSetting, UnknownCustomer, UnknownProduct
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext

Shop = tuple[Dataset, Launch]
every_method = pytest.mark.parametrize("method", METHODS)

QUICK: dict[str, dict[str, Any]] = {
    "maml": {"epochs": 3},
    "reptile": {"epochs": 3},
    "averaging": {"models": 2},
    "ensemble": {"members": ["zero-shot", "prototype", "fine-tune"]},
    "blend": {"members": ["zero-shot", "prototype", "fine-tune"]},
}
"""Settings with which a method is done in a moment; the promises are the same."""


def quick(method: str) -> Method:
    return method_named(method, QUICK.get(method))


@dataclass(frozen=True)
class Fitted:
    """A method fitted once for all tests, and what it made of the shop's launch."""

    method: Method
    adapted: AdaptedModel
    reports: int
    """How often it told of its progress."""
    before: dict[str, np.ndarray]
    """The source model's weights as they were."""


@pytest.fixture(scope="session")
def fitted(supporter_source: SourceModel, supporter_shop: Shop) -> Callable[[str], Fitted]:
    @cache
    def one(method: str) -> Fitted:
        reports: list[dict] = []
        before = {name: array.copy() for name, array in supporter_source.head_.arrays().items()}
        made, run = quick(method), RunContext(report=reports.append)
        adapted = made.adapt(supporter_source, supporter_shop[1], run=run)
        return Fitted(made, adapted, len(reports), before)

    return one


Fit = Callable[[str], Fitted]


@pytest.fixture
def adapted(fitted: Fit, method: str) -> AdaptedModel:
    return fitted(method).adapted


@pytest.fixture
def readapted(fitted: Fit, method: str, supporter_source: SourceModel) -> Callable[[Launch], AdaptedModel]:
    """What the method makes of another launch."""
    return lambda launch: fitted(method).method.adapt_fitted(supporter_source, launch, run=RunContext())


@every_method
def test_saved_and_loaded_it_says_the_same(method: str, adapted: AdaptedModel, tmp_path: Path) -> None:
    adapted.save(tmp_path / "adapted")
    loaded = AdaptedModel.load(tmp_path / "adapted", adapted.source)
    pd.testing.assert_frame_equal(loaded.recommend(), adapted.recommend())
    pd.testing.assert_frame_equal(loaded.audience(top=30), adapted.audience(top=30))
    assert (loaded.method, loaded.summary) == (method, adapted.summary)
    scores = adapted.adapter.side(adapted.placed.scorer, adapted.placed.new)
    again = loaded.adapter.side(adapted.placed.scorer, adapted.placed.new)
    customers = adapted.placed.scorer.customers(adapted.source.weights_)
    np.testing.assert_array_equal(again.scores(customers), scores.scores(customers))


@every_method
def test_the_same_seed_gives_the_same_result(
    method: str, adapted: AdaptedModel, supporter_source: SourceModel, supporter_shop: Shop
) -> None:
    again = quick(method).adapt(supporter_source, supporter_shop[1], run=RunContext())
    pd.testing.assert_frame_equal(again.recommend(), adapted.recommend())


@every_method
def test_stopped_in_the_middle_and_taken_up_again_it_ends_the_same(
    method: str, fitted: Fit, supporter_source: SourceModel, supporter_shop: Shop, tmp_path: Path
) -> None:
    middle = fitted(method).reports // 2
    seen: list[dict] = []
    stopped = RunContext(report=seen.append, stop_asked=lambda: len(seen) >= middle, checkpoints=tmp_path)
    with pytest.raises(Cancelled):
        quick(method).adapt(supporter_source, supporter_shop[1], run=stopped)
    assert len(seen) == middle
    resumed = quick(method).adapt(supporter_source, supporter_shop[1], run=RunContext(checkpoints=tmp_path))
    pd.testing.assert_frame_equal(resumed.recommend(), fitted(method).adapted.recommend())


@every_method
def test_the_source_model_stays_as_it_was(method: str, fitted: Fit, supporter_source: SourceModel) -> None:
    before = fitted(method).before
    now = supporter_source.head_.arrays()
    assert now.keys() == before.keys()
    for name, array in now.items():
        np.testing.assert_array_equal(array, before[name])


@every_method
def test_without_first_sales_it_still_recommends(
    method: str, readapted: Callable[[Launch], AdaptedModel], supporter_shop: Shop
) -> None:
    model = readapted(Launch("empty", supporter_shop[1].products))
    recommended = model.recommend(top=3)
    assert recommended.groupby("customer_id").size().eq(3).all()
    assert np.isfinite(recommended["score"]).all()
    assert recommended["score"].std() > 0


@every_method
def test_ranks_scores_and_support(method: str, adapted: AdaptedModel, supporter_shop: Shop) -> None:
    catalog, launch = supporter_shop
    lists = adapted.recommend(top=100)
    n = len(launch.product_ids)
    support = set(launch.support[["customer_id", "product_id"]].itertuples(index=False, name=None))
    pairs = set(lists[["customer_id", "product_id"]].itertuples(index=False, name=None))
    assert support
    assert not pairs & support
    assert len(pairs) == len(catalog.customer_ids) * n - len(support)
    for _, one in lists.groupby("customer_id"):
        assert one["rank"].tolist() == list(range(1, len(one) + 1))
        assert one["score"].is_monotonic_decreasing
    audience = adapted.audience(share=0.1)
    assert audience.groupby("product_id").size().eq(int(len(catalog.customer_ids) * 0.1)).all()
    assert not set(audience[["customer_id", "product_id"]].itertuples(index=False, name=None)) & support


@every_method
def test_an_unknown_customer_is_served_and_named(method: str, adapted: AdaptedModel) -> None:
    lists = adapted.recommend(["nobody", "c001", "c001"], top=2)
    assert lists["customer_id"].tolist() == ["nobody", "nobody", "c001", "c001"]
    assert lists.attrs["without_history"] == 1
    nobody = lists[lists["customer_id"] == "nobody"]
    assert nobody["product_id"].tolist() == adapted.launch.product_ids[:2].tolist()
    assert not nobody["score"].any()
    with pytest.raises(UnknownCustomer, match="nobody"):
        adapted.explain("nobody", lists["product_id"].iloc[0])


@every_method
def test_an_unknown_product_is_refused_by_name(method: str, adapted: AdaptedModel) -> None:
    with pytest.raises(UnknownProduct, match="p999"):
        adapted.audience(["p999"], top=3)


@every_method
def test_a_supporter_without_history_changes_nothing(
    method: str,
    adapted: AdaptedModel,
    readapted: Callable[[Launch], AdaptedModel],
    supporter_source: SourceModel,
    supporter_shop: Shop,
) -> None:
    launch = supporter_shop[1]
    stranger = pd.DataFrame({"customer_id": ["stranger"], "product_id": [launch.product_ids[0]]})
    more = Launch("more", launch.products, pd.concat([launch.interactions, stranger]))
    assert more.unknown_supporters(supporter_source.customer_ids_) == 1
    pd.testing.assert_frame_equal(readapted(more).recommend(), adapted.recommend())


@every_method
def test_a_product_without_text_and_a_launch_of_one(method: str, readapted: Callable[[Launch], AdaptedModel]) -> None:
    products = pd.DataFrame({"product_id": ["silent"], "title": [None]}).astype("str")
    sales = pd.DataFrame({"customer_id": ["c001", "c002"], "product_id": ["silent", "silent"]})
    model = readapted(Launch("one", products, sales))
    assert len(model.recommend(["c003"])) == 1
    assert np.isfinite(model.audience(top=5)["score"]).all()


@every_method
def test_it_stops_when_told_to(method: str, supporter_source: SourceModel, supporter_shop: Shop) -> None:
    with pytest.raises(Cancelled):
        quick(method).adapt(supporter_source, supporter_shop[1], run=RunContext(stop_asked=lambda: True))


@every_method
def test_one_products_audience_is_that_of_all(method: str, adapted: AdaptedModel) -> None:
    one = adapted.audience(["n12"], top=20)
    among_all = adapted.audience(top=20)
    among_all = among_all[among_all["product_id"] == "n12"].reset_index(drop=True)
    assert one["customer_id"].tolist() == among_all["customer_id"].tolist()
    np.testing.assert_allclose(one["score"], among_all["score"], atol=1e-4)


@every_method
def test_a_product_alone_scores_as_among_all(method: str, adapted: AdaptedModel) -> None:
    """Explanations ask about one product's variants: what another product sold must not matter."""
    scorer, new = adapted.placed.scorer, adapted.placed.new
    customers = scorer.customers(adapted.source.weights_)
    alone = adapted.adapter.side(scorer, new.repeated(7, 1)).scores(customers)[:, 0]
    among_all = adapted.side.scores(customers)[:, 7]
    np.testing.assert_allclose(alone, among_all, atol=0.02 * among_all.std())


@every_method
def test_nonsense_sizes_are_refused(method: str, adapted: AdaptedModel) -> None:
    for bad in ({"top": 0}, {"share": 0.0}, {"share": 1.5}, {}, {"top": 3, "share": 0.5}):
        with pytest.raises(InvalidSetting):
            adapted.audience(**bad)
    with pytest.raises(InvalidSetting):
        adapted.recommend(top=0)


@every_method
def test_reasons_are_measured(method: str, adapted: AdaptedModel) -> None:
    """Taking the named product out of the history really lowers the score, by what was said."""
    best = adapted.recommend(["c004"], top=1).iloc[0]
    reasons = adapted.explain("c004", best["product_id"])
    assert (reasons["effect"] > 0).all()
    assert set(reasons["kind"]) <= {"history", "word", "supporter"}
    named = reasons[reasons["kind"] == "history"].iloc[0]
    source = adapted.source
    customer, product = source.customer_ids_.get_loc("c004"), source.product_ids_.get_loc(named["id"])
    histories = source.weights_[[customer]].tolil()
    histories[0, product] = 0
    at = adapted.launch.product_ids.get_loc(best["product_id"])
    less = adapted.side.scores(adapted.placed.scorer.customers(histories.tocsr()))[0, at]
    assert best["score"] - less == pytest.approx(named["effect"], abs=1e-4)


def test_every_method_is_itself(fitted: Fit) -> None:
    lists = {name: fitted(name).adapted.recommend(top=5) for name in METHODS}
    for one, other in combinations(METHODS, 2):
        same = lists[one]["product_id"].to_numpy() == lists[other]["product_id"].to_numpy()
        assert same.mean() < 0.9, f"{one} gives the lists of {other}"


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="zero-shot"):
        method_named("magic")
