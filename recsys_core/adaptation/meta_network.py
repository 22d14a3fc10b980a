"""The torch side of the gradient steps in `inner_steps.py`: the same steps by `torch.func`, so that they can be learned through."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn import functional

from recsys_core.adaptation.inner_steps import Adapts, Initialisation
from recsys_core.adaptation.meta_training import Batch, MetaNetwork, Sales

Weights = dict[str, Tensor]


class ProductNetwork(nn.Module):
    """f(x) = <W x, v> of one product; its weights come from outside."""

    body: Tensor
    head: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("body", torch.empty(0), persistent=False)
        self.register_buffer("head", torch.empty(0), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        # The vector first: W x of all customers would cost far more.
        return x @ (self.head @ self.body)


class InnerSteps(MetaNetwork):
    """An `Initialisation` whose parts can be learned."""

    def __init__(self, start: Initialisation, adapts: Adapts, order: Literal["first", "second"]):
        super().__init__()
        self.adapts, self.order = adapts, order
        self.body = nn.Parameter(torch.tensor(start.body))
        self.heads = nn.Parameter(torch.tensor(start.heads))
        self.log_head_rates = nn.Parameter(torch.tensor(np.log(start.head_rates), dtype=torch.float32))
        self.log_body_rates = nn.Parameter(torch.tensor(np.log(start.body_rates), dtype=torch.float32))
        self.growth = nn.Parameter(torch.tensor(float(start.growth)))
        self.slope, self.level = start.slope.tolist(), start.level.tolist()
        self.most = int(start.most)
        self.network = ProductNetwork()

    def theta(self, batch: Batch) -> Tensor:
        heads = batch.content @ self.heads.T
        if not batch.shots:
            return heads @ self.body

        def one(head: Tensor, x: Tensor, scores: Tensor, crowd_scores: Tensor) -> Tensor:
            weights = {"head": head, "body": self.body}
            for step in range(len(self.log_head_rates)):
                weights = self.step(weights, step, x, scores, batch.crowd, crowd_scores)
            return weights["head"] @ weights["body"]

        return vmap(one)(heads, batch.supporters, batch.scores, batch.crowd_scores)

    def step(
        self, weights: Weights, step: int, x: Tensor, scores: Tensor, crowd: Tensor, crowd_scores: Tensor
    ) -> Weights:
        """One product's weights after one more step; x: (k, D) supporters, scores: (k,)."""
        moving = ("head", "body") if self.adapts == "all" else ("head",)
        still = {name: value for name, value in weights.items() if name not in moving}
        shots = min(len(x), self.most)
        slope, level = (first + growing * np.log(shots) for first, growing in (self.slope, self.level))

        def loss(moved: Weights) -> Tensor:
            def logits(who: Tensor, source: Tensor) -> Tensor:
                f = functional_call(self.network, {**still, **moved}, (who,))
                return slope * (source + f) + level

            return (
                functional.softplus(-logits(x, scores)).mean() + functional.softplus(logits(crowd, crowd_scores)).mean()
            )

        uphill = grad(loss)({name: weights[name] for name in moving})
        if self.order == "first":
            uphill = {name: value.detach() for name, value in uphill.items()}
        stretch = shots**self.growth
        rates = {"head": self.log_head_rates[step].exp(), "body": self.log_body_rates[step].exp()}
        return still | {name: weights[name] - stretch * rates[name] * uphill[name] for name in moving}

    def distance_moved(self, sales: Sales) -> Tensor:
        """Half the squared distance from the start to where each product's steps end, whose slope is start - end (Reptile)."""
        heads = sales.content @ self.heads.T

        def moved(head: Tensor, buyers: Tensor, scores: Tensor, crowd_scores: Tensor) -> Weights:
            weights = {"head": head, "body": self.body}
            for step in range(len(buyers)):
                weights = self.step(weights, step, buyers[step], scores[step], sales.crowd, crowd_scores)
            return weights if self.adapts == "all" else {"head": weights["head"]}

        with torch.no_grad():
            end = vmap(moved)(heads, sales.buyers, sales.scores, sales.crowd_scores)
        distance = (heads - end["head"]).square().sum(1).mean()
        if "body" in end:
            distance = distance + (self.body - end["body"].mean(0)).square().sum()
        return distance / 2

    def set_rate(self, head: float, body: float) -> None:
        """The length of every step."""
        with torch.no_grad():
            self.log_head_rates.fill_(float(np.log(head)))
            self.log_body_rates.fill_(float(np.log(body)))

    def initialisation(self) -> Initialisation:
        """What was learned so far, as arrays."""

        def array(tensor: Tensor) -> np.ndarray:
            return tensor.detach().cpu().numpy().copy()

        return Initialisation(
            array(self.body),
            array(self.heads),
            array(self.log_head_rates.exp()),
            array(self.log_body_rates.exp()),
            array(self.growth),
            np.array(self.slope, dtype=np.float32),
            np.array(self.level, dtype=np.float32),
            np.array(self.most),
        )
