"""The torch side of fine-tuning: the source network with its first layers frozen, the products' terms, and L_T."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from recsys_core.adaptation.adapted_model import AdaptedModel
from recsys_core.adaptation.customer_terms import SupportTask, TermSettings
from recsys_core.models.network import Network

LAYERS = {1: ("mixture", "popularity"), 2: ("product_tower", "placement")}
"""What each step of depth thaws. The customers' maps stay frozen at any depth: x, which θ_T is about, must not move."""


class TunedNetwork(nn.Module):
    """f_T of the support pairs and of the negatives, with the layers of the source model that may move."""

    def __init__(self, base: AdaptedModel, task: SupportTask, judged: np.ndarray, depth: int, terms: TermSettings):
        """judged: (m,) bool, the support pairs that are held out."""
        super().__init__()
        self.source = Network(base.head)
        thawed = {name for step, names in LAYERS.items() if step <= depth for name in names}
        for name, parameter in self.source.named_parameters():
            parameter.requires_grad_(name in thawed)
        n = task.negative_scores.shape[1]
        self.theta = nn.Parameter(torch.zeros(n, task.negatives.shape[1]))
        self.log_scale = nn.Parameter(torch.tensor(float(np.log(terms.scale))))
        self.sharpness = terms.sharpness
        alpha = float(base.head.mixture[0, 0]) or 1.0
        self.register_buffer("content", torch.tensor(base.content.dense), persistent=False)
        for name, x, scores in (
            ("positive", task.positives, task.positive_scores),
            ("negative", task.negatives, task.negative_scores),
        ):
            self.register_buffer(f"{name}_x", torch.tensor(x), persistent=False)
            # Without supporters, what the scores hold beyond the dense part is α times the words' cosine.
            dense = torch.tensor(x) @ torch.tensor(base.products.dense).T
            if name == "positive":
                dense = dense[torch.arange(len(x)), torch.tensor(task.product, dtype=torch.long)]
            self.register_buffer(f"{name}_words", (torch.tensor(scores) - dense) / alpha, persistent=False)
        self.register_buffer("product", torch.tensor(task.product, dtype=torch.long), persistent=False)
        self.register_buffer("judged", torch.tensor(judged), persistent=False)

    def parameter_groups(self, learning_rate: float, scalar_rate: float) -> list[dict]:
        maps = [self.source.product_tower, self.source.placement]
        slow = [self.source.mixture, self.source.popularity, self.log_scale, self.theta]
        return [
            {"params": [p for p in maps if p.requires_grad], "lr": learning_rate},
            {"params": [p for p in slow if p.requires_grad], "lr": scalar_rate},
        ]

    def scale(self) -> float:
        return float(self.log_scale.exp().item())

    def _logits(self) -> Tensor:
        """(m, 1 + q): sharpness · f_T of each support pair's customer and of the negatives."""
        source = self.source
        products = torch.cat(
            [
                source.mixture[1, 0] * (self.content @ source.product_tower),
                source.mixture[2, 0] * (self.content @ source.placement),
                (self.content @ source.popularity)[:, None],
            ],
            dim=1,
        )
        positive_source = (self.positive_x * products[self.product]).sum(1) + source.mixture[0, 0] * self.positive_words
        negative_source = self.negative_x @ products.T + source.mixture[0, 0] * self.negative_words
        positive = torch.sigmoid((self.positive_x * self.theta[self.product]).sum(1))
        negative = torch.sigmoid(self.negative_x @ self.theta.T)
        scale = self.log_scale.exp()
        positive = positive + scale * positive_source
        negative = (negative + scale * negative_source).T[self.product]
        return self.sharpness * torch.cat([positive[:, None], negative], dim=1)

    def support_loss(self) -> Tensor:
        """L_T over the support pairs that aren't held out."""
        return -torch.log_softmax(self._logits(), dim=1)[~self.judged, 0].mean()

    def judge(self) -> float:
        """Mean reciprocal rank of the held-out supporters among the negatives."""
        with torch.no_grad():
            logits = self._logits()[self.judged]
            rank = 1 + (logits[:, 1:] > logits[:, :1]).sum(1)
            return float((1 / rank).mean())
