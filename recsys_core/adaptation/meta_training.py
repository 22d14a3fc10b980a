"""Learning over tasks with torch: batches of products that come as new, and the loss of ranking them for their later buyers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from recsys_core.adaptation.meta_tasks import MetaTasks
from recsys_core.models.batches import MASKED

SHARPNESS = np.exp(np.arange(-4, 1.01, 0.125))
"""Of the ranking softmax: the one that suits the source model's scores best is where learning starts."""


@dataclass(frozen=True)
class Batch:
    """p products with k supporters each; b customers, each of whom buys one of them."""

    shots: int
    """k."""
    content: Tensor
    """(p, d)."""
    supporters: Tensor
    """(p, k, D) x."""
    scores: Tensor
    """(p, k): what the source model says of the supporters."""
    crowd: Tensor
    """(q, D) x."""
    crowd_scores: Tensor
    """(p, q)."""
    customers: Tensor
    """(b, D) x."""
    customer_scores: Tensor
    """(b, p)."""
    target: Tensor
    """(b,) position of the product that is bought."""
    masked: Tensor
    """(b, p) bool: what else the customer buys: not negatives."""


@dataclass(frozen=True)
class Sales:
    """p products, and so many buyers of each for one step after another."""

    content: Tensor
    """(p, d)."""
    buyers: Tensor
    """(p, steps, size, D) x."""
    scores: Tensor
    """(p, steps, size): what the source model says of the buyers."""
    crowd: Tensor
    """(q, D) x."""
    crowd_scores: Tensor
    """(p, q)."""


class MetaNetwork(nn.Module):
    """Brings a batch of products with supporters to their θ_p, and ranks them by it."""

    def __init__(self) -> None:
        super().__init__()
        self.log_sharpness = nn.Parameter(torch.zeros(()))
        """Of the ranking softmax."""

    @abstractmethod
    def theta(self, batch: Batch) -> Tensor:
        """(p, D)."""

    def ranking_loss(self, batch: Batch) -> Tensor:
        """Softmax cross-entropy of what each customer buys among the batch's products."""
        return self._loss(
            batch, batch.customer_scores + batch.customers @ self.theta(batch).T, self.log_sharpness.exp()
        )

    def start_sharpness(self, batch: Batch) -> None:
        """Sets the sharpness that suits the source model's own scores."""
        with torch.no_grad():
            losses = [float(self._loss(batch, batch.customer_scores, torch.tensor(value))) for value in SHARPNESS]
            self.log_sharpness.fill_(float(np.log(SHARPNESS[int(np.argmin(losses))])))

    @staticmethod
    def _loss(batch: Batch, scores: Tensor, sharpness: Tensor) -> Tensor:
        return functional.cross_entropy((sharpness * scores).masked_fill(batch.masked, float(MASKED)), batch.target)


class TaskBatches:
    """Draws batches from tasks; the same ones for the same generator."""

    def __init__(self, learning: MetaTasks, device: str):
        def tensor(array: np.ndarray) -> Tensor:
            return torch.as_tensor(array, device=device)

        self.shots = list(learning.supporters)
        first = learning.supporters[self.shots[0]]
        relevant = learning.relevant.toarray() > 0
        self.customer, self.product = np.nonzero(relevant)
        self.content, self.crowd, self.customers = map(tensor, (first.content, first.crowd, learning.customers))
        self.supporters: dict[int, Tensor] = {}
        self.scores: dict[int, Tensor] = {}
        self.crowd_scores: dict[int, Tensor] = {}
        self.customer_scores: dict[int, Tensor] = {}
        self.known: dict[int, Tensor] = {}
        for k, one in learning.supporters.items():
            # In a task every product has exactly k supporters.
            self.supporters[k] = tensor(
                one.customers[one.bought.indices].reshape(len(one.content), k, one.customers.shape[1])
            )
            self.scores[k] = tensor(one.scores.reshape(len(one.content), k))
            self.crowd_scores[k] = tensor(one.crowd_scores)
            self.customer_scores[k] = tensor(learning.scores[k])
            self.known[k] = tensor(relevant | (learning.hidden[k].toarray() > 0))

    def epoch(self, rng: np.random.Generator, batches: int, products: int, pairs: int) -> Iterator[Batch]:
        """Batches of at most so many products and pairs, each with another number of supporters in turn."""
        for number in range(batches):
            yield self.batch(rng, self.shots[number % len(self.shots)], products, pairs)

    def sales(self, rng: np.random.Generator, batches: int, products: int, steps: int, size: int) -> Iterator[Sales]:
        """The later buyers of products with another number of supporters in turn: `size` of each product at each step."""
        buyers = np.bincount(self.product, minlength=len(self.content))
        sold, first = np.flatnonzero(buyers), np.cumsum(buyers) - buyers
        customer = self.customer[np.argsort(self.product, kind="stable")]
        for number in range(batches):
            shots = self.shots[number % len(self.shots)]
            drawn = np.sort(rng.permutation(sold)[:products])
            chosen = (rng.random((steps, size, len(drawn))) * buyers[drawn]).astype(np.int64)
            who = customer[first[drawn] + chosen].transpose(2, 0, 1)
            yield Sales(
                self.content[drawn],
                self.customers[who],
                self.customer_scores[shots][who, drawn[:, None, None]],
                self.crowd,
                self.crowd_scores[shots][drawn],
            )

    def batch(self, rng: np.random.Generator, shots: int, products: int, pairs: int) -> Batch:
        drawn = np.sort(rng.permutation(len(self.content))[:products])
        position = np.full(len(self.content), -1)
        position[drawn] = np.arange(len(drawn))
        chosen = rng.permutation(np.flatnonzero(position[self.product] >= 0))[:pairs]
        customer, target = self.customer[chosen], position[self.product[chosen]]
        masked = self.known[shots][customer][:, drawn]
        masked[np.arange(len(chosen)), target] = False
        return Batch(
            shots,
            self.content[drawn],
            self.supporters[shots][drawn],
            self.scores[shots][drawn],
            self.crowd,
            self.crowd_scores[shots][drawn],
            self.customers[customer],
            self.customer_scores[shots][customer][:, drawn],
            torch.as_tensor(target, device=self.content.device),
            masked,
        )
