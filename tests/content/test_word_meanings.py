"""With the real weights of the installed package."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from recsys_core.content import word_meanings
from recsys_core.content.word_meanings import WordMeanings
from recsys_core.content.words import WordCounts
from recsys_core.run_context import RunContext

SEATS, TOOLS, DISHES = (
    ["couch", "sofa", "armchair", "bench"],
    ["hammer", "wrench", "drill", "pliers"],
    ["bowl", "plate", "teacup", "saucer"],
)
LOOKS = ["red", "green", "large", "old"]


def shop() -> pd.DataFrame:
    titles = [f"{look} {thing}" for look, thing in product(LOOKS, [*SEATS, *TOOLS, *DISHES])]
    return pd.DataFrame({"product_id": [str(n) for n in range(len(titles))], "title": titles}).astype("str")


def read(
    products: pd.DataFrame, dimensions: int = 8, run: RunContext = RunContext()
) -> tuple[WordCounts, WordMeanings]:
    counts = WordCounts.of(products)
    return counts, WordMeanings.of(counts, counts.tfidf(), dimensions, None, run=run)


def likeness(meanings: WordMeanings, counts: WordCounts, one: str, other: str) -> float:
    rows = [meanings.vectors[counts.vocabulary.index(word)] for word in (one, other)]
    return float(np.dot(*rows) / np.prod([np.linalg.norm(row) for row in rows]))


def test_words_that_mean_alike_lie_near_each_other_though_they_share_no_letter() -> None:
    counts, meanings = read(shop())
    same = [likeness(meanings, counts, *pair) for kind in (SEATS, TOOLS, DISHES) for pair in pairwise(kind)]
    apart = [likeness(meanings, counts, *pair) for pair in zip(SEATS, TOOLS, strict=True)]
    assert np.mean(same) > np.mean(apart) + 0.3


def test_products_are_their_words_mean_with_length_1() -> None:
    counts, meanings = read(shop())
    made = meanings.products(counts.tfidf())
    np.testing.assert_allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
    couches, sofas, hammers = (
        made[[thing in title.split() for title in shop()["title"]]].mean(axis=0)
        for thing in ("couch", "sofa", "hammer")
    )
    assert couches @ sofas > couches @ hammers + 0.2


def test_a_word_that_only_the_launch_has_comes_into_the_same_space() -> None:
    counts, meanings = read(shop())
    new = pd.DataFrame({"product_id": ["x", "y"], "title": ["futon", "futon"]}).astype("str")
    both = counts.with_products(new)
    more = meanings.extended(both, run=RunContext())
    np.testing.assert_array_equal(more.vectors[: len(meanings.vectors)], meanings.vectors)
    assert likeness(more, both, "futon", "couch") > likeness(more, both, "futon", "drill") + 0.3
    # A word of the catalog would lie where it lies.
    twice = sp.hstack([counts.counts, counts.counts[:, [counts.vocabulary.index("couch")]]], format="csr")
    again = meanings.extended(WordCounts([*counts.vocabulary, "couch"], twice, []), run=RunContext())
    np.testing.assert_allclose(again.vectors[-1], meanings.vectors[counts.vocabulary.index("couch")], atol=1e-5)


def test_a_word_is_read_once_and_one_of_a_single_product_never() -> None:
    reports: list[dict] = []
    run = RunContext(report=reports.append)
    products = shop().assign(title=lambda frame: frame["title"].str.replace("old", "ancient", regex=False))
    products.loc[0, "title"] = "unheard " + products.loc[0, "title"]
    counts, meanings = read(products, run=run)
    assert reports[-1]["stage"] == "Reading the words"
    assert reports[-1]["total"] <= len(LOOKS) + len([*SEATS, *TOOLS, *DISHES])
    assert not meanings.vectors[counts.vocabulary.index("unheard")].any()
    reports.clear()
    read(products, run=run)
    assert not reports


def test_of_many_words_the_most_frequent_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_meanings, "MOST_WORDS", len(LOOKS))
    counts, meanings = read(shop())
    told = {counts.vocabulary[token] for token in np.flatnonzero(meanings.vectors.any(axis=1))}
    assert told == set(LOOKS)


@pytest.mark.parametrize(
    ("titles", "dimensions"), [(["red couch", "red sofa"], 0), ([None, None], 8), (["a1b2", "c3d4"], 8)]
)
def test_without_words_or_room_nothing_is_meant(titles: list[str | None], dimensions: int) -> None:
    products = pd.DataFrame({"product_id": ["a", "b"], "title": titles}).astype("str")
    counts, meanings = read(products, dimensions)
    assert meanings.dimensions == 0
    assert meanings.products(counts.tfidf()).shape == (2, 0)
    more = counts.with_products(products.assign(title="new"))
    assert meanings.extended(more, run=RunContext()).dimensions == 0
