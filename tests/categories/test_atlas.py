"""The atlas of a small shop: what it holds is what was put in, and it comes back as it was saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys_core.categories import atlas as atlas_module
from recsys_core.categories.atlas import Atlas
from recsys_core.dataset import Dataset
from recsys_core.errors import DamagedArtefact, NotThere
from recsys_core.run_context import RunContext

WORDS = {"Home > Mugs": "mug drink", "Home > Cups": "cup drink", "Garden > Spades": "spade soil", "Toys": "doll play"}


def shop(per_category: int = 12, prices: bool = True) -> Dataset:
    rng = np.random.default_rng(0)
    rows = [
        (f"{path}-{n}", f"{words} thing{rng.integers(5)}", path, 1.0 + n)
        for path, words in WORDS.items()
        for n in range(per_category)
    ]
    products = pd.DataFrame(rows, columns=["product_id", "title", "category", "price"])
    if not prices:
        products = products.drop(columns="price")
    # Who buys mugs buys cups; toys are bought alone.
    sales = []
    for customer in range(60):
        for path in (["Home > Mugs", "Home > Cups"], ["Toys"])[customer % 2]:
            sales.append((f"c{customer}", f"{path}-{customer % per_category}"))
    return Dataset(products, pd.DataFrame(sales, columns=["customer_id", "product_id"]))


def test_levels_profiles_and_words() -> None:
    found = Atlas.of(shop(), run=RunContext())
    assert {number: level.names for number, level in found.levels.items()} == {
        1: ["Garden", "Home", "Toys"],
        2: sorted(WORDS),
    }
    whole = found.levels[2]
    mugs = whole.names.index("Home > Mugs")
    profile = whole.profiles.iloc[mugs]
    assert profile[["products", "customers", "sales"]].tolist() == [12, 30, 30]
    assert profile[["price_low", "price", "price_high"]].tolist() == [3.75, 6.5, 9.25]
    words = whole.words[whole.words["category"] == mugs]["word"].tolist()
    assert words[0] == "mug"
    assert "drink" in words
    assert "spade" not in words


def test_views_tell_what_they_are_named_for() -> None:
    level = Atlas.of(shop(), run=RunContext()).levels[2]
    mugs, cups, spades, toys = (
        level.names.index(name) for name in ("Home > Mugs", "Home > Cups", "Garden > Spades", "Toys")
    )
    assert level.similarity["meaning"][mugs].argsort()[-2] == cups
    assert level.shared[mugs, cups] == 30
    assert level.lift[mugs, cups] == pytest.approx(2.0)
    assert level.similarity["customers"][mugs, toys] < 0 < level.similarity["customers"][mugs, cups]
    assert np.isnan(level.lift[mugs, spades])
    # Six pairs are too few to learn from, and the reason is kept.
    assert "combined" not in level.similarity
    assert "at least 10 pairs" in level.without["combined"]


def test_places_on_the_map_are_of_the_products_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atlas_module, "SHOWN", 10)
    found = Atlas.of(shop(), run=RunContext())
    assert len(found.products) == 10
    catalog = shop()
    assert (catalog.product_ids[found.products["position"]] == found.products["product_id"]).all()
    # Every category has a place, by its best sellers.
    shown = catalog.products["category"].iloc[found.products["position"]]
    assert set(shown) == set(WORDS)
    assert np.isfinite(found.products[["pca_x", "pca_y", "tsne_x", "tsne_y"]].to_numpy()).all()
    for level in found.levels.values():
        assert all(
            np.isfinite(points).all() and points.shape == (len(level.names), 2) for points in level.points.values()
        )


def test_saved_and_loaded_is_the_same(tmp_path: Path) -> None:
    made = Atlas.of(shop(), text="both", share=0.3, run=RunContext())
    made.save(tmp_path / "atlas")
    read = Atlas.load(tmp_path / "atlas")
    assert (read.text, read.share, list(read.levels)) == ("both", 0.3, [1, 2])
    pd.testing.assert_frame_equal(read.products, made.products)
    for number, level in made.levels.items():
        again = read.levels[number]
        assert (again.names, again.customers, again.without) == (level.names, level.customers, level.without)
        assert again.groups.suggested == level.groups.suggested
        np.testing.assert_array_equal(again.groups.labels, level.groups.labels)
        pd.testing.assert_frame_equal(again.profiles, level.profiles)
        pd.testing.assert_frame_equal(again.words, level.words)
        for view, matrix in level.similarity.items():
            np.testing.assert_array_equal(again.similarity[view], matrix)
    (tmp_path / "atlas" / "settings.json").write_text("{}")
    with pytest.raises(DamagedArtefact):
        Atlas.load(tmp_path / "atlas")


def test_poor_catalogs() -> None:
    with pytest.raises(NotThere, match="no categories"):
        Atlas.of(Dataset(shop().products.drop(columns="category"), shop().interactions), run=RunContext())
    one = shop(prices=False)
    one = Dataset(one.products[one.products["category"] == "Toys"], one.interactions)
    level = Atlas.of(one, run=RunContext()).levels[1]
    assert level.names == ["Toys"]
    assert level.profiles["price"].isna().all()
    silent = Dataset(shop().products.assign(title="the same"), shop().interactions.iloc[:0])
    level = Atlas.of(silent, run=RunContext()).levels[2]
    assert np.isfinite(level.similarity["meaning"]).all()
    assert level.profiles["sales"].sum() == 0
    # Titles without a word in common: nothing to lay out, and t-SNE would crash.
    numbers = shop().products.assign(title=[f"no{n} it{n}" for n in range(48)])
    found = Atlas.of(Dataset(numbers, shop().interactions), run=RunContext())
    assert (found.products[["tsne_x", "tsne_y"]] == 0).all(axis=None)
