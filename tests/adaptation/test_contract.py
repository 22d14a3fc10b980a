"""What every method promises, whatever it does inside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys_core.adaptation import AdaptedModel
from recsys_core.adaptation.registry import METHODS, method_named
from recsys_core.dataset import Dataset, Launch
from recsys_core.errors import Cancelled, InvalidSetting, UnknownCustomer, UnknownProduct
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext

Shop = tuple[Dataset, Launch]
every_method = pytest.mark.parametrize("method", METHODS)


def adapted(source: SourceModel, launch: Launch, method: str, seed: int = 0) -> AdaptedModel:
    return method_named(method).adapt(source, launch, run=RunContext(seed=seed))


@every_method
def test_saved_and_loaded_it_says_the_same(method: str, supporter_source, supporter_shop: Shop, tmp_path: Path) -> None:
    model = adapted(supporter_source, supporter_shop[1], method)
    model.save(tmp_path / "adapted")
    loaded = AdaptedModel.load(tmp_path / "adapted", supporter_source)
    pd.testing.assert_frame_equal(loaded.recommend(), model.recommend())
    pd.testing.assert_frame_equal(loaded.audience(top=30), model.audience(top=30))
    assert (loaded.method, loaded.summary) == (method, model.summary)


@every_method
def test_the_same_seed_gives_the_same_result(method: str, supporter_source, supporter_shop: Shop) -> None:
    first, second = (adapted(supporter_source, supporter_shop[1], method, seed=3) for _ in range(2))
    pd.testing.assert_frame_equal(first.recommend(), second.recommend())


@every_method
def test_the_source_model_stays_as_it_was(method: str, supporter_source, supporter_shop: Shop) -> None:
    before = {name: array.copy() for name, array in supporter_source.head_.arrays().items()}
    mixture = supporter_source.head_.mixture
    adapted(supporter_source, supporter_shop[1], method)
    assert supporter_source.head_.mixture == mixture
    for name, array in supporter_source.head_.arrays().items():
        np.testing.assert_array_equal(array, before[name])


@every_method
def test_without_first_sales_it_still_recommends(method: str, supporter_source, supporter_shop: Shop) -> None:
    model = adapted(supporter_source, Launch("empty", supporter_shop[1].products), method)
    recommended = model.recommend(top=3)
    assert recommended.groupby("customer_id").size().eq(3).all()
    assert np.isfinite(recommended["score"]).all()


@every_method
def test_ranks_scores_and_support(method: str, supporter_source, supporter_shop: Shop) -> None:
    catalog, launch = supporter_shop
    model = adapted(supporter_source, launch, method)
    lists = model.recommend(top=100)
    n = len(launch.product_ids)
    support = set(launch.support[["customer_id", "product_id"]].itertuples(index=False, name=None))
    pairs = set(lists[["customer_id", "product_id"]].itertuples(index=False, name=None))
    assert support
    assert not pairs & support
    assert len(pairs) == len(catalog.customer_ids) * n - len(support)
    for _, one in lists.groupby("customer_id"):
        assert one["rank"].tolist() == list(range(1, len(one) + 1))
        assert one["score"].is_monotonic_decreasing
    audience = model.audience(share=0.1)
    assert audience.groupby("product_id").size().eq(int(len(catalog.customer_ids) * 0.1)).all()
    assert not set(audience[["customer_id", "product_id"]].itertuples(index=False, name=None)) & support


@every_method
def test_an_unknown_customer_is_served_and_named(method: str, supporter_source, supporter_shop: Shop) -> None:
    model = adapted(supporter_source, supporter_shop[1], method)
    lists = model.recommend(["nobody", "c001", "c001"], top=2)
    assert lists["customer_id"].tolist() == ["nobody", "nobody", "c001", "c001"]
    assert lists.attrs["without_history"] == 1
    nobody = lists[lists["customer_id"] == "nobody"]
    assert nobody["product_id"].tolist() == model.launch.product_ids[:2].tolist()
    assert not nobody["score"].any()
    with pytest.raises(UnknownCustomer, match="nobody"):
        model.explain("nobody", lists["product_id"].iloc[0])


@every_method
def test_an_unknown_product_is_refused_by_name(method: str, supporter_source, supporter_shop: Shop) -> None:
    model = adapted(supporter_source, supporter_shop[1], method)
    with pytest.raises(UnknownProduct, match="p999"):
        model.audience(["p999"], top=3)


@every_method
def test_a_supporter_without_history_changes_nothing(method: str, supporter_source, supporter_shop: Shop) -> None:
    launch = supporter_shop[1]
    stranger = pd.DataFrame({"customer_id": ["stranger"], "product_id": [launch.product_ids[0]]})
    more = Launch("more", launch.products, pd.concat([launch.interactions, stranger]))
    assert more.unknown_supporters(supporter_source.customer_ids_) == 1
    pd.testing.assert_frame_equal(
        adapted(supporter_source, more, method).recommend(), adapted(supporter_source, launch, method).recommend()
    )


@every_method
def test_a_product_without_text_and_a_launch_of_one(method: str, supporter_source, supporter_shop: Shop) -> None:
    products = pd.DataFrame({"product_id": ["silent"], "title": [None]}).astype("str")
    sales = pd.DataFrame({"customer_id": ["c001", "c002"], "product_id": ["silent", "silent"]})
    model = adapted(supporter_source, Launch("one", products, sales), method)
    assert len(model.recommend(["c003"])) == 1
    assert np.isfinite(model.audience(top=5)["score"]).all()


@every_method
def test_it_stops_when_told_to(method: str, supporter_source, supporter_shop: Shop) -> None:
    with pytest.raises(Cancelled):
        method_named(method).adapt(supporter_source, supporter_shop[1], run=RunContext(stop_asked=lambda: True))


@every_method
def test_one_products_audience_is_that_of_all(method: str, supporter_source, supporter_shop: Shop) -> None:
    model = adapted(supporter_source, supporter_shop[1], method)
    one = model.audience(["n12"], top=20)
    among_all = model.audience(top=20)
    among_all = among_all[among_all["product_id"] == "n12"].reset_index(drop=True)
    assert one["customer_id"].tolist() == among_all["customer_id"].tolist()
    np.testing.assert_allclose(one["score"], among_all["score"], atol=1e-4)


@every_method
def test_nonsense_sizes_are_refused(method: str, supporter_source, supporter_shop: Shop) -> None:
    model = adapted(supporter_source, supporter_shop[1], method)
    for bad in ({"top": 0}, {"share": 0.0}, {"share": 1.5}, {}, {"top": 3, "share": 0.5}):
        with pytest.raises(InvalidSetting):
            model.audience(**bad)
    with pytest.raises(InvalidSetting):
        model.recommend(top=0)


@every_method
def test_reasons_are_measured(method: str, supporter_source, supporter_shop: Shop) -> None:
    """Taking the named product out of the history really lowers the score, by what was said."""
    model = adapted(supporter_source, supporter_shop[1], method)
    best = model.recommend(["c004"], top=1).iloc[0]
    reasons = model.explain("c004", best["product_id"])
    assert (reasons["effect"] > 0).all()
    assert set(reasons["kind"]) <= {"history", "word", "supporter"}
    named = reasons[reasons["kind"] == "history"].iloc[0]
    source = supporter_source
    customer, product = source.customer_ids_.get_loc("c004"), source.product_ids_.get_loc(named["id"])
    histories = source.weights_[[customer]].tolil()
    histories[0, product] = 0
    at = model.launch.product_ids.get_loc(best["product_id"])
    less = model.combine(model.scorer.customers(histories.tocsr()), model.products, model.theta)[0, at]
    assert best["score"] - less == pytest.approx(named["effect"], abs=1e-4)


def test_every_method_is_itself(supporter_source, supporter_shop: Shop) -> None:
    lists = {name: adapted(supporter_source, supporter_shop[1], name).recommend(top=5) for name in METHODS}
    for one in METHODS:
        for other in METHODS:
            if one < other:
                same = lists[one]["product_id"].to_numpy() == lists[other]["product_id"].to_numpy()
                assert same.mean() < 0.9, f"{one} gives the lists of {other}"


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="zero-shot"):
        method_named("magic")
