from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer

from recsys_core.content.prices import PriceLevels
from recsys_core.content.words import WordCounts, product_tokens, readable


def table(**columns: list) -> pd.DataFrame:
    titles = columns.pop("title")
    return pd.DataFrame({"product_id": [str(i) for i in range(len(titles))], "title": titles, **columns})


def test_categories_brands_and_tags_are_whole_tokens() -> None:
    products = table(
        title=["Red mug", None],
        category=["Kitchen > Mugs & cups", None],
        brand=["Acme Ltd", None],
        tags=[["gift set", "new"], []],
    )
    bags = product_tokens(products, [])
    assert bags[0] == [
        "red",
        "mug",
        "category=kitchen",
        "category=mugs & cups",
        "brand=acme ltd",
        "tag=gift set",
        "tag=new",
    ]
    assert bags[1] == []
    assert readable("category=mugs & cups") == "category: mugs & cups"


def test_tfidf_equals_scikit_learns() -> None:
    titles = ["red mug red", "blue mug", "red plate", "green lamp", "blue lamp shade"]
    expected = TfidfVectorizer(sublinear_tf=True, min_df=2, token_pattern=r"(?u)\b\w[\w&\-]+\b").fit_transform(titles)
    counts = WordCounts.of(table(title=titles))
    ours = pd.DataFrame(counts.tfidf().toarray(), columns=counts.vocabulary)
    ours = ours.loc[:, ours.any()]
    np.testing.assert_allclose(ours.to_numpy(), expected.toarray(), rtol=1e-6)


def test_a_launch_brings_its_own_words_and_counts() -> None:
    catalog = WordCounts.of(table(title=["red mug", "red lamp"]))
    both = catalog.with_products(table(title=["teapot lid", "teapot"]))
    assert both.vocabulary[: len(catalog.vocabulary)] == catalog.vocabulary
    tfidf = pd.DataFrame(both.tfidf().toarray(), columns=both.vocabulary)
    assert (tfidf["teapot"] > 0).tolist() == [False, False, True, True]
    assert not tfidf["lid"].any(), "a word of one product alone can't compare it with another"


def test_extra_columns_count_unless_they_are_ids() -> None:
    products = table(title=["a"] * 6, colour=["red", "blue"] * 3, code=list("uvwxyz"))
    counts = WordCounts.of(products)
    assert counts.attributes == ["colour"]
    assert "colour=red" in counts.vocabulary


def test_texts_that_say_nothing_give_rows_of_zeros() -> None:
    tfidf = WordCounts.of(table(title=[None, "", "!!"])).tfidf()
    assert tfidf.shape[0] == 3
    assert tfidf.nnz == 0


def test_prices_lie_between_levels_and_missing_ones_nowhere() -> None:
    levels = PriceLevels.of(table(title=["x"] * 50, price=list(np.linspace(1, 100, 50))))
    encoded = levels.encode(table(title=["a", "b", "c"], price=[1e9, 20.0, np.nan]))
    np.testing.assert_allclose(encoded.sum(axis=1), [1, 1, 0], rtol=1e-6)
    assert encoded[0, -1] == 1
    assert (encoded[1] > 0).sum() == 2
    assert PriceLevels.of(table(title=["x"])).encode(table(title=["a"])).shape == (1, 0)
