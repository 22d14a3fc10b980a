"""Adversarial training: what is learned must still hold when its inputs are moved a little the worst way.

L(x) + weight · L(x + Δ), Δ = size · ∂L/∂x scaled to length 1 row by row: the fast gradient method (Goodfellow et al. 2015)
on the vectors that a recommender scores by, as in adversarial personalised ranking (He et al. 2018).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Adversary:
    weight: float
    """Of the loss of the moved vectors."""
    size: float
    """Length of each row's move; content and customer vectors have length 1."""

    def loss(self, loss: Callable[..., Tensor], *vectors: Tensor) -> Tensor:
        """loss(*vectors) and, beside it, that of the vectors moved; vectors: (n, d) each, rows move each on its own."""
        vectors = tuple(rows.detach().requires_grad_() for rows in vectors)
        plain = loss(*vectors)
        slopes = torch.autograd.grad(plain, vectors, retain_graph=True)
        return plain + self.weight * loss(*moved(vectors, slopes, self.size))


def moved(vectors: tuple[Tensor, ...], slopes: tuple[Tensor, ...], size: float) -> tuple[Tensor, ...]:
    """`vectors` with each row moved by `size` along its slope; a row without a slope stays."""
    return tuple(
        rows.detach() + size * functional.normalize(slope, dim=1) for rows, slope in zip(vectors, slopes, strict=True)
    )
