"""The torch side of fine-tuning: the two towers with their first layers frozen, the products' terms, and L_T."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from recsys_core.adaptation.customer_terms import SupportTask, TermSettings
from recsys_core.models.batches import MASKED
from recsys_core.models.head import NewProducts, Scorer
from recsys_core.models.network import TwoTowers


class TunedNetwork(nn.Module):
    """f_T of the support pairs and of the negatives, with the layers of the source model that may move."""

    content: Tensor
    product: Tensor
    judged: Tensor
    bought: Tensor
    taken: Tensor
    positive_x: Tensor
    negative_x: Tensor
    positive_rest: Tensor
    negative_rest: Tensor
    pseudo_x: Tensor
    pseudo_product: Tensor
    pseudo_rest: Tensor
    pair_weight: Tensor

    def __init__(
        self,
        scorer: Scorer,
        new: NewProducts,
        task: SupportTask,
        judged: np.ndarray,
        depth: int,
        terms: TermSettings,
    ):
        """judged: (m,) bool, the support pairs that are held out."""
        super().__init__()
        head, content = scorer.head, new.content.dense
        self.towers = TwoTowers(head)
        # The customers' tower stays frozen at any depth: x, which θ_T is about, must not move.
        self.towers.requires_grad_(False)
        self.towers.product_tower.requires_grad_(depth > 0)
        n = len(content)
        self.theta = nn.Parameter(torch.zeros(n, task.negatives.shape[1]))
        self.log_scale = nn.Parameter(torch.tensor(float(np.log(terms.scale))))
        self.sharpness = terms.sharpness
        self.weight = float(head.mixture.weights(np.zeros(1))["towers"][0])
        products = self.weight * (content @ head.product_tower)
        d = content.shape[1]
        pseudo = task.pseudo
        constants = {
            "content": content,
            "product": task.product.astype(np.int64),
            "judged": judged,
            "bought": task.bought,
            "taken": task.taken,
            "positive_x": task.positives,
            "negative_x": task.negatives,
            # What f_S holds beside the towers, which alone may move.
            "positive_rest": task.positive_scores - task.positives[:, :d] @ products.T,
            "negative_rest": task.negative_scores - task.negatives[:, :d] @ products.T,
            "pseudo_rest": pseudo.scores - (pseudo.customers[:, :d] * products[pseudo.product]).sum(axis=1),
            "pseudo_x": pseudo.customers,
            "pseudo_product": pseudo.product.astype(np.int64),
            # Of the pairs that are learned from.
            "pair_weight": task.of(~judged).learned_from().weight,
        }
        for name, value in constants.items():
            self.register_buffer(name, torch.tensor(value), persistent=False)

    def parameter_groups(self, learning_rate: float, scalar_rate: float) -> list[dict]:
        return [
            {"params": [p for p in [self.towers.product_tower] if p.requires_grad], "lr": learning_rate},
            {"params": [self.log_scale, self.theta], "lr": scalar_rate},
        ]

    def scale(self) -> float:
        """θ_μ."""
        return float(self.log_scale.exp().item())

    def _products(self) -> Tensor:
        """(n, d): what the towers hold of the products."""
        return self.weight * (self.content @ self.towers.product_tower)

    def _target(self) -> tuple[Tensor, Tensor]:
        """f_T of the support pairs' customers (m, n) and of the negatives (q, n)."""
        products = self._products()
        d = products.shape[1]
        positive, negative = (
            torch.sigmoid(x @ self.theta.T) + self.log_scale.exp() * (x[:, :d] @ products.T + rest)
            for x, rest in ((self.positive_x, self.positive_rest), (self.negative_x, self.negative_rest))
        )
        return positive, negative

    def _pseudo(self) -> Tensor:
        """(s,) f_T of the pseudo-supporters, each for its product alone: there can be many."""
        products, theta = self._products()[self.pseudo_product], self.theta[self.pseudo_product]
        source = (self.pseudo_x[:, : products.shape[1]] * products).sum(1) + self.pseudo_rest
        return torch.sigmoid((self.pseudo_x * theta).sum(1)) + self.log_scale.exp() * source

    def support_loss(self) -> Tensor:
        """L_T over the support pairs that aren't held out, and the pseudo-supporters: the softmax of sharpness · f_T over a
        customer and the negatives."""
        positive, negative = self._target()
        own = torch.cat([positive.gather(1, self.product[:, None])[~self.judged], self._pseudo()[:, None]])
        product = torch.cat([self.product[~self.judged], self.pseudo_product])
        negative = negative.masked_fill(self.taken, float(MASKED))
        logits = self.sharpness * torch.cat([own, negative.T[product]], dim=1)
        return -(self.pair_weight * torch.log_softmax(logits, dim=1)[:, 0]).sum() / self.pair_weight.sum()

    def judge(self) -> float:
        """Mean reciprocal rank of the held-out pairs' products among those that their customers haven't bought."""
        with torch.no_grad():
            scores = self._target()[0]
            own = scores.gather(1, self.product[:, None])
            ranks = 1 + ((scores > own) & ~self.bought).sum(1)
            return float((1 / ranks[self.judged]).mean())
