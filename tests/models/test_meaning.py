"""A source model whose words have meanings: a shop of things that are called by other names in the launch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys_core.adaptation.adapted_model import AdaptedModel
from recsys_core.adaptation.zero_shot import ZeroShot
from recsys_core.content import word_meanings
from recsys_core.dataset import Dataset, Launch
from recsys_core.errors import InvalidSetting
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext
from tests.planted import SMALL

MEANING = SMALL.model_copy(update={"meaning_dimensions": 16})
KINDS = {
    "couch sofa armchair bench stool": "futon divan",
    "hammer wrench drill pliers chisel": "screwdriver saw",
    "bowl plate teacup saucer jug": "mug dish",
}


@pytest.fixture(scope="module")
def shop() -> tuple[Dataset, Launch, dict[str, int]]:
    """Each customer buys of one kind; the launch's things share no word with the catalog's."""
    rng = np.random.default_rng(0)
    things = [(name, kind) for kind, names in enumerate(KINDS) for name in names.split()]
    titles = [
        (f"{look} {name}", kind) for name, kind in things for look in ("red", "green", "large", "old", "new", "tiny")
    ]
    products = pd.DataFrame({"product_id": [f"p{n}" for n in range(len(titles))], "title": [t for t, _ in titles]})
    by_kind = [[f"p{n}" for n, (_, kind) in enumerate(titles) if kind == wanted] for wanted in range(len(KINDS))]
    loves = {f"c{n}": n % len(KINDS) for n in range(150)}
    rows = [(c, p) for c, kind in loves.items() for p in rng.choice(by_kind[kind], 6, replace=False)]
    sales = pd.DataFrame(rows, columns=["customer_id", "product_id"]).assign(
        timestamp=pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 90, len(rows)), "D")
    )
    new = [name for names in KINDS.values() for name in names.split() for _ in range(2)]
    launch = pd.DataFrame({"product_id": [f"n{n}" for n in range(len(new))], "title": new})
    return Dataset(products.astype("str"), sales), Launch("spring", launch.astype("str")), loves


@pytest.fixture(scope="module")
def source(shop) -> SourceModel:  # type: ignore[no-untyped-def]
    return SourceModel(MEANING).fit(shop[0], run=RunContext())


def test_who_loves_a_kind_gets_its_things_under_names_never_sold(source, shop) -> None:
    _, launch, loves = shop
    first = ZeroShot().adapt(source, launch, run=RunContext()).recommend(top=4)
    kind = first["product_id"].str[1:].astype(int) // 4
    assert (kind == first["customer_id"].map(loves)).mean() > 0.6  # by chance: a third
    mute = SourceModel(SMALL).fit(shop[0], run=RunContext())
    assert not ZeroShot().adapt(mute, launch, run=RunContext()).recommend()["score"].any()


def test_content_neighbours_are_found_by_meaning_where_no_word_is_shared(source, shop) -> None:
    launch, each = shop[1], len(source.product_ids_) // len(KINDS)
    catalog, new = source.space_.with_launch(launch.products).catalog().split(len(source.product_ids_))
    co_purchases = source.scorer(catalog).co_purchases
    neighbours = co_purchases.neighbours(new, catalog, 0.4).tocoo()
    own = neighbours.col // each == neighbours.row // 4
    assert neighbours.data[own].sum() > 0.6 * len(launch.products)  # by chance: a third
    assert not co_purchases.neighbours(new, catalog, 0.0).nnz


def test_what_is_stored_needs_no_encoder(source, shop, tmp_path: Path, monkeypatch) -> None:
    adapted = ZeroShot().adapt(source, shop[1], run=RunContext())
    source.save(tmp_path / "model")
    adapted.save(tmp_path / "adapted")

    def not_here(*_: object) -> None:
        raise AssertionError("a word was read")

    monkeypatch.setattr(word_meanings, "_read", not_here)
    loaded = AdaptedModel.load(tmp_path / "adapted", SourceModel.load(tmp_path / "model"))
    pd.testing.assert_frame_equal(loaded.recommend(), adapted.recommend())
    pair = adapted.recommend(top=1).iloc[0]
    why = [model.explain(pair["customer_id"], pair["product_id"]) for model in (loaded, adapted)]
    pd.testing.assert_frame_equal(*why)
    assert not why[0].empty


def test_a_shop_whose_customers_came_once_is_trained_all_the_same(shop) -> None:
    """Nobody has bought a second thing, so nothing can be held out and replayed."""
    products = shop[0].products
    n = len(products)
    sales = pd.DataFrame({"customer_id": [f"c{i}" for i in range(4 * n)], "product_id": [*products["product_id"]] * 4})
    model = SourceModel(MEANING).fit(Dataset(products, sales), run=RunContext())
    assert not len(model.held_out_)
    assert np.isfinite(ZeroShot().adapt(model, shop[1], run=RunContext()).recommend()["score"]).all()


def test_a_text_model_that_is_not_there_is_said(shop) -> None:
    config = MEANING.model_copy(update={"text_model": "/not/there"})
    with pytest.raises(InvalidSetting, match="/not/there"):
        SourceModel(config).fit(shop[0], run=RunContext())
