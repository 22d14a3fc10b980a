from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recsys_core.categories.levels import Categories
from recsys_core.categories.new_category import learn, place_category
from recsys_core.categories.similarity import product_words
from recsys_core.content.words import WordCounts
from recsys_core.errors import NotThere

PARENTS = ("Kitchen", "Garden", "Toys", "Music", "玩具")
LEAVES = 6


def shop(parents: bool = True) -> pd.DataFrame:
    """Products whose titles name their parent more often than not, and always their leaf."""
    rng = np.random.default_rng(0)
    rows = []
    for parent in PARENTS:
        for leaf in range(LEAVES):
            for number in range(8):
                word = parent.lower() if rng.random() < 0.7 else f"noise{rng.integers(20)}"
                path = f"{parent} > leaf{leaf}" if parents else f"{parent} leaf{leaf}"
                rows.append((f"{parent}{leaf}-{number}", f"{word} {parent[:2]}thing{leaf} new{rng.integers(30)}", path))
    return pd.DataFrame(rows, columns=["product_id", "title", "category"])


def vectors_with(catalog: pd.DataFrame, *titles: str):
    new = pd.DataFrame({"product_id": [f"n{n}" for n in range(len(titles))], "title": list(titles)})
    return WordCounts.of(catalog.drop(columns="category")).with_products(new).tfidf()


def test_a_new_category_comes_beside_its_siblings() -> None:
    catalog = shop()
    vectors = vectors_with(catalog, "garden spade", "garden rake", "garden hose")
    learned = learn(Categories.of(catalog), vectors[: len(catalog)])
    assert learned.trust.first > 0.8
    assert learned.trust.products == len(PARENTS) * LEAVES
    placed, known = place_category(learned, vectors[len(catalog) :], top=LEAVES)
    assert placed["category"].str.startswith("Garden > ").all()
    assert placed["probability"].is_monotonic_decreasing
    assert 0.5 < placed["probability"].sum() <= 1
    assert known


def test_what_is_like_nothing_is_not_known_and_gets_no_high_probability() -> None:
    catalog = shop()
    vectors = vectors_with(catalog, "quite another thing", "never heard of", "garden")
    learned = learn(Categories.of(catalog), vectors[: len(catalog)], error_rate=0.02)
    sure, _ = place_category(learned, vectors[-1:])
    placed, known = place_category(learned, vectors[len(catalog) : -1])
    assert not known
    assert placed["probability"].iloc[0] < sure["probability"].iloc[0]


def test_a_flat_tree_learns_from_halves() -> None:
    catalog = shop(parents=False)
    learned = learn(Categories.of(catalog), product_words(catalog))
    assert learned.trust.products == len(PARENTS) * LEAVES
    assert learned.trust.first > 0.8


def test_one_parent_alone_says_nothing_of_where_a_category_belongs() -> None:
    catalog = shop()
    catalog["category"] = "All > " + catalog["category"].str.replace(" > ", " ")
    learned = learn(Categories.of(catalog), product_words(catalog))
    assert len(np.unique(learned.parents)) == len(PARENTS) * LEAVES


def test_too_few_categories_are_not_learned_from() -> None:
    catalog = shop().head(40)
    with pytest.raises(NotThere, match="takes 20 known ones"):
        learn(Categories.of(catalog), product_words(catalog))
