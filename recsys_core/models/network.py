"""The two towers as a torch module, and their loss. The words' cosine stands beside them, so that they learn the rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from recsys_core.models.adversarial import Adversary
from recsys_core.models.batches import Batch
from recsys_core.models.head import Head, Mixture

MASKED = -1e4


class TwoTowers(nn.Module):
    """Linear towers that start at the identity: epoch 0 equals content neighbours."""

    def __init__(self, head: Head):
        super().__init__()
        self._start = head
        self.customer_tower = nn.Parameter(torch.tensor(head.customer_tower))
        self.product_tower = nn.Parameter(torch.tensor(head.product_tower))
        self.sharpness = nn.Parameter(torch.tensor(head.sharpness))

    def parameter_groups(self, learning_rate: float, scalar_rate: float, weight_decay: float) -> list[dict]:
        """The towers move slowly from their informed start; the two scales have far to go, and no decay."""
        return [
            {"params": [self.customer_tower, self.product_tower], "lr": learning_rate, "weight_decay": weight_decay},
            {"params": [self.sharpness], "lr": scalar_rate, "weight_decay": 0.0},
        ]

    def loss(self, batch: Batch, log_frequency_strength: float, adversary: Adversary | None = None) -> Tensor:
        """In-batch softmax cross-entropy, with as much of the log-frequency correction as asked for; other purchases of the
        customer are masked. adversary: beside it, that of content and customer vectors moved the worst way."""
        device = self.sharpness.device

        def tensor(array: np.ndarray) -> Tensor:
            return torch.as_tensor(array, device=device)

        words, known, target = tensor(batch.words), tensor(batch.known), tensor(batch.target)
        correction = log_frequency_strength * tensor(batch.log_frequency)

        def cross_entropy(customers: Tensor, products: Tensor) -> Tensor:
            towers = (customers @ self.customer_tower) @ (products @ self.product_tower).T
            scores = self.sharpness[0] * words + self.sharpness[1] * towers - correction
            return functional.cross_entropy(scores.masked_fill(known, MASKED), target)

        vectors = tensor(batch.customers), tensor(batch.products)
        return adversary.loss(cross_entropy, *vectors) if adversary else cross_entropy(*vectors)

    def head(self, mixture: Mixture) -> Head:
        """What was learned, as arrays; the rest as at the start."""
        arrays = {name: value.detach().cpu().numpy().copy() for name, value in self.named_parameters()}
        return replace(self._start, **arrays, mixture=mixture)
