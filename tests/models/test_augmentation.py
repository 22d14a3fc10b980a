from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from planted import planted_shop

from recsys_core.models.augmentation import ContentDropout, pseudo_supporters
from recsys_core.models.batches import TaskSampler
from recsys_core.models.co_purchases import NEIGHBOURS
from recsys_core.models.content_space import ContentSpace, ContentVectors
from recsys_core.run_context import RunContext

N = 400


@pytest.fixture(scope="module")
def space() -> ContentSpace:
    """Products of six words each, the last one of a single word, with a brand, two tags and a price."""
    rng = np.random.default_rng(0)
    titles = [" ".join(f"word{w:02d}" for w in rng.choice(60, 6, replace=False)) for _ in range(N - 1)] + ["word07"]
    frame = pd.DataFrame(
        {
            "product_id": [str(i) for i in range(N)],
            "title": titles,
            "brand": [f"b{i % 9}" for i in range(N)],
            "tags": [f"t{i % 5}|u{i % 7}" for i in range(N)],
            "price": rng.uniform(1, 50, N),
        }
    )
    return ContentSpace.of(frame, 12, run=RunContext())


def attributes(space: ContentSpace) -> np.ndarray:
    return np.array(["=" in token for token in space.counts.vocabulary])


def stored(words: sp.csr_matrix, columns: np.ndarray) -> float:
    return float(columns[words.indices].sum())


@pytest.mark.parametrize(("word", "attribute"), [(0.3, 0.0), (0.0, 0.4), (0.2, 0.6)])
def test_about_the_asked_for_share_is_dropped(space: ContentSpace, word: float, attribute: float) -> None:
    whole = space.catalog()
    rng, everything, kind = np.random.default_rng(1), np.arange(N), attributes(space)
    drawn = [ContentDropout.of(space, whole.words, word, attribute).draw(everything, rng) for _ in range(5)]
    for columns, share in ((~kind, word), (kind, attribute)):
        left = np.mean([stored(one.words, columns) for one in drawn]) / stored(whole.words, columns)
        assert left == pytest.approx(1 - share, abs=0.03)
    text = len(space.components)
    priced = np.mean([np.abs(one.dense[:, text:]).sum(axis=1) > 0 for one in drawn])
    assert priced == pytest.approx(1 - attribute, abs=0.03)


def test_no_product_loses_all_it_says_and_what_is_left_is_scaled_and_projected_anew(space: ContentSpace) -> None:
    whole = space.catalog()
    products = np.array([N - 1, 3, 3, 50, N - 1])
    drawn = ContentDropout.of(space, whole.words, 0.95, 0.95).draw(products, np.random.default_rng(2))
    assert (np.diff(drawn.words.indptr) >= 1).all()
    np.testing.assert_allclose(np.sqrt(drawn.words.multiply(drawn.words).sum(axis=1)), 1, atol=1e-5)
    for row, product in enumerate(products):
        assert set(drawn.words[row].indices) <= set(whole.words[product].indices)
    text = len(space.components)
    expected = drawn.words @ space.components.T
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(drawn.dense[:, :text], expected, atol=1e-5)
    survivors = {
        int(token)
        for seed in range(60)
        for token in ContentDropout.of(space, whole.words, 0.99, 0.99)
        .draw(np.array([3]), np.random.default_rng(seed))
        .words.indices
    }
    assert len(survivors) > 3


def test_a_catalog_without_words_has_nothing_to_drop() -> None:
    silent = ContentSpace.of(
        pd.DataFrame({"product_id": ["a", "b"], "title": [None, None]}).astype("str"), 4, run=RunContext()
    )
    drawn = ContentDropout.of(silent, silent.catalog().words, 0.5, 0.5).draw(np.array([1, 0]), np.random.default_rng(0))
    assert drawn.words.nnz == 0
    assert drawn.dense.shape == (2, 0)


def test_a_batch_drops_words_of_its_products_and_not_of_the_histories(word_source) -> None:
    content = word_source.space_.catalog()
    dropout = ContentDropout.of(word_source.space_, content.words, 0.5, 0.0)
    pairs = np.arange(0, 400, 3)
    plain = TaskSampler(word_source.shown_, content).batch(pairs)
    less, again = (
        TaskSampler(word_source.shown_, content, dropout).batch(pairs, np.random.default_rng(4)) for _ in range(2)
    )
    assert np.abs(less.products - plain.products).max() > 0.1
    np.testing.assert_array_equal(less.products, again.products)
    np.testing.assert_array_equal(less.words, again.words)
    np.testing.assert_array_equal(less.customers, plain.customers)
    np.testing.assert_array_equal(less.mask, plain.mask)


def test_pseudo_supporters_are_those_who_buy_what_is_alike(word_source, word_shop) -> None:
    """Where words tell, most pseudo-supporters of a product love its theme; a fifth would by chance."""
    _, launch, love, theme = planted_shop(words_tell=True)
    catalog, content = word_source.space_.with_launch(launch.products).catalog().split(len(word_source.product_ids_))
    scorer = word_source.scorer(catalog)
    stand_ins = pseudo_supporters(scorer, content, at_most=8)
    assert (np.diff(stand_ins.indptr) == 8).all()
    np.testing.assert_allclose(stand_ins.sum(axis=1), 1, atol=1e-5)
    pairs = stand_ins.tocoo()
    loved = love[word_source.customer_ids_].to_numpy()[pairs.col]
    assert (loved == theme[launch.product_ids].to_numpy()[pairs.row]).mean() > 0.6


def test_pseudo_supporters_are_the_buyers_with_most_weight_among_the_neighbours(word_source) -> None:
    scorer = word_source.scorer(word_source.space_.catalog())
    content = ContentVectors(scorer.content.words[:3], scorer.content.dense[:3])
    similarity = np.asarray((content.words @ scorer.content.words.T).todense(), dtype=np.float64)
    sold = np.asarray((scorer.weights > 0).sum(axis=0)).ravel()
    stand_ins = pseudo_supporters(scorer, content, at_most=5)
    for row in range(3):
        nearest = np.argsort(-similarity[row] * (sold > 0), kind="stable")[:NEIGHBOURS]
        weight = similarity[row, nearest] ** 3 / np.maximum(sold[nearest], 1)
        expected = (scorer.weights[:, nearest] > 0).astype(np.float64) @ weight
        chosen = stand_ins[row].indices
        assert expected[chosen].min() >= np.sort(expected)[-5] - 1e-9
        np.testing.assert_allclose(stand_ins[row].data, expected[chosen] / expected[chosen].sum(), rtol=1e-4)


def test_pseudo_supporters_are_the_same_block_by_block(word_source, monkeypatch) -> None:
    scorer = word_source.scorer(word_source.space_.catalog())
    words = scorer.content.words[:5].tolil()
    words[1] = 0
    content = ContentVectors(words.tocsr(), scorer.content.dense[:5])
    whole = pseudo_supporters(scorer, content)
    monkeypatch.setattr("recsys_core.models.augmentation.BLOCK", 2)
    np.testing.assert_array_equal(pseudo_supporters(scorer, content).toarray(), whole.toarray())
    np.testing.assert_allclose(np.asarray(whole.sum(axis=1)).ravel(), [1, 0, 1, 1, 1], atol=1e-5)
