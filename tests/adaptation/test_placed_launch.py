"""What the model placed is known by what goes with its category, too; all else in a launch stays as it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from planted import SMALL, planted_shop

from recsys_core.adaptation.placed_launch import PlacedLaunch
from recsys_core.adaptation.zero_shot import ZeroShot
from recsys_core.dataset import Dataset, Launch
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext


@pytest.fixture(scope="module")
def shop() -> tuple[SourceModel, Launch, Dataset]:
    """Customers buy in one theme, and each theme has two categories: these go together."""
    catalog, launch = planted_shop(words_tell=True)[:2]
    themes = catalog.products["title"].str.split().str[0]
    paths = [f"{theme} > part{at % 2}" for at, theme in enumerate(themes)]
    catalog = Dataset(catalog.products.assign(category=paths), catalog.interactions)
    return SourceModel(SMALL).fit(catalog, run=RunContext()), launch, catalog


def placed(shop: tuple[SourceModel, Launch, Dataset], path: str, by: str | None) -> Launch:
    """The launch, its first product being placed."""
    products = shop[1].products
    rest = [None] * (len(products) - 1)
    return replace(shop[1], products=products.assign(place=[path, *rest], placed_by=[by, *rest]))


def test_only_what_the_model_placed_gains_what_goes_with_its_place(shop) -> None:
    source, launch, catalog = shop
    path = catalog.products["category"].iloc[0]
    theme, _, part = path.partition(" > ")
    plain, by_person, by_model = (
        PlacedLaunch.of(source, one).new.placement.together.toarray()
        for one in (launch, placed(shop, path, "person"), placed(shop, path, "model"))
    )
    np.testing.assert_array_equal(plain, by_person)
    np.testing.assert_array_equal(plain[1:], by_model[1:])
    gained = set(catalog.products["category"][by_model[0] > plain[0] + 1e-7])
    assert f"{theme} > part{1 - int(part[-1])}" in gained
    assert path not in gained


def test_a_place_that_the_catalog_does_not_have_says_nothing(shop) -> None:
    plain, nowhere = (
        PlacedLaunch.of(shop[0], one).new.placement.together.toarray()
        for one in (shop[1], placed(shop, "Nowhere > Such", "model"))
    )
    np.testing.assert_array_equal(plain, nowhere)


def test_a_place_is_in_the_score_and_the_words_are_explained_beside_it(shop) -> None:
    source, launch, catalog = shop
    path = catalog.products["category"].iloc[0]
    other = catalog.products["category"].ne(path) & catalog.products["category"].str.startswith(path.split(" > ")[0])
    bought = catalog.interactions[catalog.interactions["product_id"].isin(catalog.products["product_id"][other])]
    customer = source.customer_ids_.get_indexer([bought["customer_id"].iloc[0]])
    adapted = [ZeroShot().adapt(source, one, run=RunContext()) for one in (launch, placed(shop, path, "model"))]
    plain, through = (model.score(customer)[0] for model in adapted)
    assert source.head_.mixture.together > 0
    assert through[0] > plain[0]
    np.testing.assert_allclose(through[1:], plain[1:], rtol=1e-5)
    told = [model.explain(source.customer_ids_[customer[0]], launch.product_ids[0]) for model in adapted]
    words = [frame[frame["kind"] == "word"]["effect"].to_numpy() for frame in told]
    np.testing.assert_allclose(*words, rtol=1e-3, atol=1e-5)
