"""The two towers as a torch module, and their loss. The words' cosine stands beside them, so that they learn the rest."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from recsys_core.models.acceleration import compiled, half_wide, moved_to
from recsys_core.models.adversarial import Adversary
from recsys_core.models.batches import Batch
from recsys_core.models.head import Head, Mixture


def cross_entropy(
    customer_tower: Tensor,
    product_tower: Tensor,
    sharpness: Tensor,
    words: Tensor,
    fixed: Tensor,
    target: Tensor,
    customers: Tensor,
    products: Tensor,
) -> Tensor:
    """Of the softmax of a batch's scores. fixed: (b, c) what is added to them; the rest as in `Head` and `Batch`."""
    left = sharpness[1] * (customers @ customer_tower)
    # Added up as float32, also where the product was made in half the width.
    scores = torch.addcmul(fixed, sharpness[0], words).add_(left @ (products @ product_tower).T)
    return functional.cross_entropy(scores, target)


class TwoTowers(nn.Module):
    """Linear towers that start at the identity: epoch 0 equals content neighbours."""

    def __init__(self, head: Head):
        super().__init__()
        self._start = head
        self._cross_entropy = cross_entropy
        self.customer_tower = nn.Parameter(torch.tensor(head.customer_tower))
        self.product_tower = nn.Parameter(torch.tensor(head.product_tower))
        self.sharpness = nn.Parameter(torch.tensor(head.sharpness))

    def parameter_groups(self, learning_rate: float, scalar_rate: float, weight_decay: float) -> list[dict]:
        """The towers move slowly from their informed start; the two scales have far to go, and no decay."""
        return [
            {"params": [self.customer_tower, self.product_tower], "lr": learning_rate, "weight_decay": weight_decay},
            {"params": [self.sharpness], "lr": scalar_rate, "weight_decay": 0.0},
        ]

    def compile_loss(self, steps: int) -> None:
        """Compiles the loss for a GPU where so many steps make up for it."""
        self._cross_entropy = compiled(cross_entropy, self.sharpness.device, steps)

    def loss(self, batch: Batch, log_frequency_strength: float, adversary: Adversary | None = None) -> Tensor:
        """In-batch softmax cross-entropy, with as much of the log-frequency correction as asked for; other purchases of the
        customer are masked. adversary: beside it, that of content and customer vectors moved the worst way."""
        device = self.sharpness.device
        words, mask, target, customers, products, log_frequency = (
            moved_to(device, array)
            for array in (
                batch.words,
                batch.mask,
                batch.target,
                batch.customers,
                batch.products,
                batch.log_frequency,
            )
        )
        fixed = mask - log_frequency_strength * log_frequency if log_frequency_strength else mask
        towers = self.customer_tower, self.product_tower, self.sharpness

        def of(customers: Tensor, products: Tensor) -> Tensor:
            with half_wide(device):
                return self._cross_entropy(*towers, words, fixed, target, customers, products)

        return adversary.loss(of, customers, products) if adversary else of(customers, products)

    def head(self, mixture: Mixture) -> Head:
        """What was learned, as arrays; the rest as at the start."""
        arrays = {name: value.detach().cpu().numpy().copy() for name, value in self.named_parameters()}
        return replace(self._start, **arrays, mixture=mixture)
