"""Customers encoded once are scored as those encoded anew."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from recsys_core.evaluation.ranking import BLOCK
from recsys_core.models import known_customers
from recsys_core.models.head import CustomerSide, Scorer
from recsys_core.models.known_customers import KnownCustomers


@pytest.fixture
def scorer(word_source, monkeypatch: pytest.MonkeyPatch) -> Scorer:
    monkeypatch.setattr(known_customers, "BLOCK", 100)
    assert len(word_source.customer_ids_) < BLOCK, "a smaller block is what makes several of them"
    return word_source.scorer(word_source.space_.catalog())


def same(one: CustomerSide, other: CustomerSide) -> None:
    np.testing.assert_allclose(one.dense, other.dense, atol=1e-6)
    np.testing.assert_allclose(one.sparse.toarray(), other.sparse.toarray(), atol=1e-6)


def test_blocks_are_kept_and_say_the_same(scorer: Scorer) -> None:
    known, n = KnownCustomers(scorer), scorer.weights.shape[0]
    for start in range(0, n, 100):
        block = np.arange(start, min(start + 100, n))
        first = known.side(block)
        same(first, scorer.customers(scorer.weights[block]))
        assert known.side(block) is first


@pytest.mark.parametrize("asked", [[0, 1, 2], [100, 5, 199], list(range(50, 150)), list(range(99, -1, -1)), []])
def test_others_are_encoded_as_asked_for(scorer: Scorer, asked: list[int]) -> None:
    known, customers = KnownCustomers(scorer), np.array(asked, dtype=np.int64)
    known.side(np.arange(100))
    same(known.side(customers), scorer.customers(scorer.weights[customers]))


def test_a_stranger_has_no_history(scorer: Scorer) -> None:
    side = KnownCustomers(scorer).side(np.array([-1, 3]))
    assert not side.dense[0, :-1].any()
    assert side.sparse[0].nnz == 0
    same(CustomerSide(side.dense[1:], side.sparse[1:]), scorer.customers(scorer.weights[[3]]))


def test_no_more_is_kept_than_memory_allows(scorer: Scorer, monkeypatch: pytest.MonkeyPatch) -> None:
    one = KnownCustomers(scorer).side(np.arange(100))
    size = one.dense.nbytes + one.sparse.data.nbytes + one.sparse.indices.nbytes
    monkeypatch.setattr(known_customers, "KEPT_BYTES", int(1.5 * size))
    known = KnownCustomers(scorer)
    assert known.side(np.arange(100)) is known.side(np.arange(100))
    assert known.side(np.arange(100, 200)) is not known.side(np.arange(100, 200))


def test_threads_may_ask_at_once(scorer: Scorer) -> None:
    known, blocks = KnownCustomers(scorer), [np.arange(start, start + 100) for start in (0, 100)] * 20
    with ThreadPoolExecutor(8) as pool:
        for block, side in zip(blocks, pool.map(known.side, blocks), strict=True):
            same(side, scorer.customers(scorer.weights[block]))
