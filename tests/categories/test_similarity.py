"""Categories whose likeness is known: what is named alike, and what the same people buy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from recsys_core.categories.levels import Categories
from recsys_core.categories.similarity import CrossPurchases, by_meaning, combined, product_words, similarity_table
from recsys_core.dataset import Dataset
from recsys_core.errors import InvalidSetting, NotThere
from recsys_core.run_context import RunContext

PATHS = ["Home > Mugs", "Home > Cups", "Garden > Spades", "Garden > Rakes", "Toys > Dolls", "Toys > Cars"]
WORDS = {
    "Home > Mugs": "drink mug",
    "Home > Cups": "drink cup",
    "Garden > Spades": "soil spade",
    "Garden > Rakes": "soil rake",
    "Toys > Dolls": "play doll",
    "Toys > Cars": "play car",
}
PARTNER = {0: 2, 2: 4, 4: 0}
"""Those who buy in the first category of this one buy in that one, too: nothing that titles or the tree tell."""


def shop(seed: int = 0, customers: int = 600) -> Dataset:
    rng = np.random.default_rng(seed)
    products = pd.DataFrame(
        [(f"{path}-{number}", f"{WORDS[path]} thing{rng.integers(9)}", path) for path in PATHS for number in range(8)],
        columns=["product_id", "title", "category"],
    )
    sales = []
    for customer in range(customers):
        home = int(rng.integers(6))
        also = PARTNER.get(home, home)
        for path in (PATHS[home], PATHS[also], "Home > Cups"):
            sales.append((f"c{customer}", f"{path}-{rng.integers(8)}"))
    return Dataset(products, pd.DataFrame(sales, columns=["customer_id", "product_id"]))


def nearest(table: pd.DataFrame, category: str) -> str:
    return str(table.loc[table["category"] == category, "other"].iloc[0])


def test_paths_are_cut_at_a_level_and_short_ones_stay() -> None:
    products = pd.DataFrame({"category": ["A>B > C", "A > B", "A", None, "D > E > F"]})
    categories = Categories.of(products, 2)
    assert categories.names == ["A", "A > B", "D > E"]
    assert categories.of_product.tolist() == [1, 1, 0, -1, 2]
    assert Categories.of(products).names == ["A", "A > B", "A > B > C", "D > E > F"]
    assert categories.membership.toarray().sum(axis=0).tolist() == [1, 2, 1]
    assert np.allclose(categories.kinship(), [[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]])
    with pytest.raises(InvalidSetting, match="level 0"):
        Categories.of(products, 0)
    with pytest.raises(NotThere, match="column “category”"):
        Categories.of(products.drop(columns="category"))


def test_by_meaning_siblings_share_words_and_the_category_itself_says_nothing() -> None:
    catalog = shop()
    table = similarity_table(catalog, by="meaning", run=RunContext())
    for one, other in zip(PATHS[::2], PATHS[1::2], strict=True):
        assert nearest(table, one) == other
        assert nearest(table, other) == one
    renamed = catalog.products.assign(category=catalog.products["category"].str[::-1])
    assert (product_words(renamed) != product_words(catalog.products)).nnz == 0


def test_by_meaning_takes_any_encoder() -> None:
    catalog = shop()
    categories = Categories.of(catalog.products)
    # A text encoder for which mugs are rakes.
    vectors = np.eye(6, dtype=np.float32)[categories.of_product]
    rake, mug = categories.names.index("Garden > Rakes"), categories.names.index("Home > Mugs")
    vectors[categories.of_product == mug] = vectors[categories.of_product == rake][0]
    similarity = by_meaning(vectors, categories)
    assert similarity[mug, rake] == pytest.approx(1)
    assert np.allclose(similarity, by_meaning(sp.csr_matrix(vectors), categories))


def test_by_customers_the_category_that_everyone_buys_in_does_not_win() -> None:
    table = similarity_table(shop(), by="customers", run=RunContext())
    assert nearest(table, "Home > Mugs") in ("Garden > Spades", "Toys > Dolls")
    pair = table[(table["category"] == "Home > Mugs") & (table["other"] == "Home > Cups")].iloc[0]
    assert pair["shared_customers"] == table.loc[table["category"] == "Home > Mugs", "shared_customers"].max()
    assert pair["lift"] == pytest.approx(1, abs=0.01)
    assert pair["similarity"] == pytest.approx(0, abs=0.01)


def test_lift_and_similarity_are_what_their_formulas_say() -> None:
    # Of 8 customers 4 buy in a, 4 in b, 3 in both; nobody in c.
    weights = sp.csr_matrix(np.array([[1, 1, 0]] * 3 + [[1, 0, 0], [0, 1, 0]] + [[0, 0, 0]] * 3, dtype=np.float32))
    purchases = CrossPurchases.of(weights, Categories(["a", "b", "c"], np.arange(3)))
    assert purchases.lift()[0, 1] == pytest.approx(3 / 2)
    assert np.isnan(purchases.lift()[0, 2])
    expected = np.log((3 + 5) / (2 + 5)) / -np.log((3 + 5) / (8 + 10))
    assert purchases.similarity()[0, 1] == pytest.approx(expected)
    assert purchases.similarity()[0, 2] == 0
    assert np.array_equal(purchases.similarity(), purchases.similarity().T)


def test_combined_foretells_who_buys_in_both_better_than_meaning() -> None:
    seen, later = shop(seed=0), shop(seed=1)
    categories = Categories.of(seen.products)
    meaning = by_meaning(product_words(seen.products), categories)
    purchases, kinship = CrossPurchases.of(seen.weights, categories), categories.kinship()
    learned = combined(purchases, meaning, kinship, seed=0)
    truth = CrossPurchases.of(later.weights, Categories.of(later.products)).similarity()
    upper = np.triu_indices(len(PATHS), 1)
    assert np.corrcoef(learned[upper], truth[upper])[0, 1] > 0.9
    assert np.corrcoef(meaning[upper], truth[upper])[0, 1] < 0.5
    assert np.array_equal(learned, combined(purchases, meaning, kinship, seed=0))
    assert np.allclose(learned, learned.T)


def test_the_table_has_every_pair_and_the_most_alike_first() -> None:
    table = similarity_table(shop(), run=RunContext())
    assert list(table) == ["category", "other", "similarity", "shared_customers", "lift"]
    assert len(table) == 30
    assert (table["category"] != table["other"]).all()
    assert table.groupby("category", sort=False)["similarity"].agg(lambda s: s.is_monotonic_decreasing).all()


def test_without_sales_only_meaning_can_be_told() -> None:
    products = shop().products
    catalog = Dataset(products, pd.DataFrame({"customer_id": [], "product_id": []}, dtype="str"))
    with pytest.raises(NotThere, match="by meaning"):
        similarity_table(catalog, by="combined", run=RunContext())
    assert similarity_table(catalog, by="customers", run=RunContext())["lift"].isna().all()
    assert nearest(similarity_table(catalog, by="meaning", run=RunContext()), "Home > Mugs") == "Home > Cups"
    with pytest.raises(NotThere, match="there are 3"):
        similarity_table(shop(), level=1, run=RunContext())
    with pytest.raises(InvalidSetting, match="customers"):
        similarity_table(catalog, by="colour", run=RunContext())  # type: ignore[arg-type]
