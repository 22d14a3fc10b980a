from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from recsys_core.models.adversarial import Adversary, moved
from recsys_core.models.batches import TaskSampler
from recsys_core.models.head import Head
from recsys_core.models.network import TwoTowers


@pytest.fixture(scope="module")
def batch(word_source):
    content = word_source.space_.catalog()
    return TaskSampler(word_source.shown_, content).batch(np.arange(0, word_source.shown_.nnz, 9))


@pytest.fixture
def towers(word_source) -> TwoTowers:
    rng = np.random.default_rng(0)
    d = len(word_source.head_.customer_tower)
    near = [(np.eye(d) + 0.1 * rng.normal(size=(d, d))).astype(np.float32) for _ in range(2)]
    return TwoTowers(Head(*near, np.array([3, 5], dtype=np.float32)))


def test_the_moved_vectors_are_worse_than_the_plain_ones_and_than_a_random_move(towers, batch) -> None:
    plain = towers.loss(batch, 0.5)
    doubled = towers.loss(batch, 0.5, Adversary(weight=1.0, size=0.2))
    worse = doubled - plain
    assert worse > plain * 1.05
    rng = torch.Generator().manual_seed(0)

    def after_a_random_move() -> torch.Tensor:
        rows = [torch.tensor(vectors) for vectors in (batch.customers, batch.products)]
        steps = [0.2 * functional.normalize(torch.randn(one.shape, generator=rng), dim=1) for one in rows]
        customers, products = ((one + step).numpy() for one, step in zip(rows, steps, strict=True))
        return towers.loss(replace(batch, customers=customers, products=products), 0.5)

    assert all(worse > after_a_random_move() for _ in range(20))


def test_each_row_moves_by_the_size_and_one_without_a_slope_stays() -> None:
    rows, slope = torch.zeros(3, 4), torch.tensor([[3.0, 0, 4, 0], [1e-3, 0, 0, 0], [0, 0, 0, 0]])
    (after,) = moved((rows,), (slope,), 0.5)
    torch.testing.assert_close(after, torch.tensor([[0.3, 0, 0.4, 0], [0.5, 0, 0, 0], [0, 0, 0, 0]]))


def test_the_move_is_a_constant_to_the_weights(towers, batch) -> None:
    """The gradient is that of the plain loss plus weight times that of the loss at the moved vectors."""
    adversary = Adversary(weight=0.5, size=0.1)
    towers.loss(batch, 0.0, adversary).backward()
    both = towers.customer_tower.grad.clone()
    towers.zero_grad()
    plain = towers.loss(batch, 0.0)
    plain.backward()
    alone = towers.customer_tower.grad.clone()
    towers.zero_grad()
    vectors = [torch.tensor(rows, requires_grad=True) for rows in (batch.customers, batch.products)]
    weights = dict(towers.named_parameters())

    def loss(customers: torch.Tensor, products: torch.Tensor) -> torch.Tensor:
        scores = weights["sharpness"][0] * torch.tensor(batch.words) + weights["sharpness"][1] * (
            customers @ weights["customer_tower"] @ (products @ weights["product_tower"]).T
        )
        return functional.cross_entropy(scores + torch.tensor(batch.mask), torch.tensor(batch.target))

    slopes = torch.autograd.grad(loss(*vectors), vectors)
    loss(*moved(tuple(vectors), slopes, 0.1)).backward()
    torch.testing.assert_close(both, alone + 0.5 * towers.customer_tower.grad, rtol=1e-3, atol=1e-6)
