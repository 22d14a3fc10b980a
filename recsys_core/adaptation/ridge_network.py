"""The torch side of `ridge.py`: the same closed form, so that its few numbers can be learned through it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from recsys_core.adaptation.meta_training import Batch, MetaNetwork


class RidgeNetwork(MetaNetwork):
    def __init__(
        self, content: int, dimensions: int, penalties: list[float], weight: float, share: float, scale: float
    ):
        """content: d; dimensions: D; the others: see `ridge.py`."""
        super().__init__()
        groups = [content, dimensions - content - 1, 1]
        self.register_buffer("group", torch.repeat_interleave(torch.arange(3), torch.tensor(groups)), persistent=False)
        self.group: Tensor
        self.prior = nn.Parameter(torch.zeros(dimensions, content))
        self.log_penalties = nn.Parameter(torch.tensor(np.log(penalties), dtype=torch.float32))
        self.log_weight = nn.Parameter(torch.tensor(float(np.log(weight))))
        self.log_scale = nn.Parameter(torch.tensor(float(np.log(scale))))
        self.share = nn.Parameter(torch.tensor(share))

    def theta(self, batch: Batch) -> Tensor:
        prior = batch.content @ self.prior.T
        shrink = torch.exp(-self.log_penalties / 2)[self.group]
        crowd, x = batch.crowd * shrink, batch.supporters * shrink
        identity = torch.eye(len(shrink), device=crowd.device)
        factor = torch.linalg.cholesky(identity + crowd.T @ crowd / len(crowd))
        crowd_aim = -self.share * (batch.crowd_scores + prior @ batch.crowd.T)
        eta = torch.cholesky_solve((crowd_aim @ crowd / len(crowd)).T, factor).T
        if batch.shots:
            weight = self.log_weight.exp()
            aim = 1 - self.share * (batch.scores + torch.einsum("pkd,pd->pk", batch.supporters, prior))
            spread = torch.cholesky_solve(x.reshape(-1, len(shrink)).T, factor).T.reshape(x.shape)
            inner = torch.einsum("pkd,pld->pkl", x, spread) + torch.eye(batch.shots, device=x.device) / weight
            missing = aim - torch.einsum("pkd,pd->pk", x, eta)
            eta = eta + torch.einsum("pk,pkd->pd", torch.linalg.solve(inner, missing), spread)
        return prior + self.log_scale.exp() * eta * shrink

    def numbers(self) -> dict[str, np.ndarray]:
        """What was learned so far, as arrays; see `RidgeAdapter`."""
        learned = {
            "prior": self.prior,
            "penalties": self.log_penalties.exp(),
            "weight": self.log_weight.exp(),
            "share": self.share,
            "scale": self.log_scale.exp(),
        }
        return {name: value.detach().cpu().numpy().copy() for name, value in learned.items()}
