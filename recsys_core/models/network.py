"""The two towers as a torch module, and their loss. The words' cosine stands beside them, so that they learn the rest."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from recsys_core.models.batches import Batch

MASKED = -1e4
SHARPNESS_START = 10.0


class TwoTowers(nn.Module):
    """Linear towers that start at the identity: epoch 0 equals content neighbours."""

    def __init__(self, customer_tower: np.ndarray, product_tower: np.ndarray):
        """Both (d, d) float32, applied from the right."""
        super().__init__()
        self.customer_tower = nn.Parameter(torch.tensor(customer_tower))
        self.product_tower = nn.Parameter(torch.tensor(product_tower))
        self.sharpness = nn.Parameter(torch.tensor([SHARPNESS_START, SHARPNESS_START]))
        """Of the words' cosine and of the towers' product, in the softmax."""

    def parameter_groups(self, learning_rate: float, scalar_rate: float, weight_decay: float) -> list[dict]:
        """The towers move slowly from their informed start; the two scales have far to go, and no decay."""
        towers = [p for p in (self.customer_tower, self.product_tower) if p.requires_grad]
        return [
            {"params": towers, "lr": learning_rate, "weight_decay": weight_decay},
            {"params": [self.sharpness], "lr": scalar_rate, "weight_decay": 0.0},
        ]

    def loss(self, batch: Batch, log_frequency_strength: float) -> Tensor:
        """In-batch softmax cross-entropy with log-frequency correction; other purchases of the customer are masked."""
        device = self.sharpness.device

        def tensor(array: np.ndarray) -> Tensor:
            return torch.as_tensor(array, device=device)

        towers = (tensor(batch.customers) @ self.customer_tower) @ (tensor(batch.products) @ self.product_tower).T
        scores = self.sharpness[0] * tensor(batch.words) + self.sharpness[1] * towers
        scores = scores - log_frequency_strength * tensor(batch.log_frequency)
        return functional.cross_entropy(scores.masked_fill(tensor(batch.known), MASKED), tensor(batch.target))

    def towers(self) -> tuple[np.ndarray, np.ndarray]:
        """(customer tower, product tower) as arrays."""
        return self.customer_tower.detach().cpu().numpy().copy(), self.product_tower.detach().cpu().numpy().copy()
