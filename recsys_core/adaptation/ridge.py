"""Ridge: each product's term in closed form, by ridge regression on its supporters (R2-D2, Bertinetto et al. 2019).

The score of customer u for product p is b_p(u) + s · <η_p, x_u>, with b_p(u) = f_S + <V c_p, x_u>: the source model's score
with the supporters, and a start made from the product's content c_p. η_p is the least of

    w · Σ over supporters (1 - ρ · b_p(u) - <η, x_u>)² + mean over a crowd of (0 - ρ · b_p(u) - <η, x_u>)² + Σ_g λ_g |η_g|²

where g are the parts of x: content, taste, and the constant 1. V, w, ρ, s and λ are learned over tasks, by the ranking loss
of their later buyers, through the closed form. With k supporters and D dimensions a product costs a system of min(k, D)
equations; what the crowd says is the same for all, and solved once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import scipy.sparse as sp
from pydantic import PositiveFloat

from recsys_core.adaptation.meta_method import MetaMethod, MetaSettings
from recsys_core.adaptation.meta_tasks import MetaTasks
from recsys_core.adaptation.supporters import Crowd, Supporters, dot_pairs
from recsys_core.adaptation.theta_adapter import ThetaAdapter

if TYPE_CHECKING:
    import torch
    from optuna import Trial

    from recsys_core.adaptation.ridge_network import RidgeNetwork

ELEMENTS = 2**24
"""Numbers held at once while systems are made and solved."""


class Settings(MetaSettings, frozen=True):
    penalty: PositiveFloat = 0.1
    """λ of content and taste at the start; that of the constant is ten times as large."""
    weight: PositiveFloat = 0.1
    """w at the start: a supporter's weight, where the whole crowd has 1."""


SHARE, SCALE = 0.05, 4.0
"""ρ and s at the start."""


@dataclass(frozen=True)
class RidgeAdapter(ThetaAdapter):
    prior: np.ndarray
    """(D, d) float32 V."""
    penalties: np.ndarray
    """(3,) λ of content, taste and the constant."""
    weight: np.ndarray
    """() w."""
    share: np.ndarray
    """() ρ."""
    scale: np.ndarray
    """() s."""
    crowd: Crowd
    kind: ClassVar[str] = "ridge"

    def theta(self, supporters: Supporters) -> np.ndarray:
        dimensions, d = self.prior.shape
        prior = supporters.content @ self.prior.T
        shrink = np.repeat(self.penalties**-0.5, [d, dimensions - d - 1, 1]).astype(np.float32)
        crowd, customers = supporters.crowd * shrink, supporters.customers * shrink
        known = np.eye(dimensions) + crowd.T @ crowd / len(crowd)
        crowd_aim = -self.share * (supporters.crowd_scores + prior @ supporters.crowd.T)
        start = dot_pairs(supporters.customers, prior, supporters.bought.indices, supporters.product)
        aim = sp.csr_matrix(supporters.bought)
        aim.data = 1 - self.share * (supporters.scores + start)
        right = crowd_aim @ crowd / len(crowd) + float(self.weight) * (aim @ customers)
        eta = solved(known, right, customers, supporters.bought, float(self.weight))
        return (prior + self.scale * eta * shrink).astype(np.float32)

    def arrays(self) -> dict[str, np.ndarray]:
        return {name: np.asarray(getattr(self, name)) for name in ("prior", "penalties", "weight", "share", "scale")}

    def settings(self) -> dict[str, Any]:
        return {"crowd": asdict(self.crowd)}

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray], settings: Mapping[str, Any]) -> Self:
        return cls(**arrays, crowd=Crowd(**settings["crowd"]))

    @classmethod
    def average(cls, adapters: Sequence[Self]) -> RidgeAdapter:
        """Penalties, weight and scale are learned as logarithms, and averaged so; the crowd is the first one's."""
        each = [adapter.arrays() for adapter in adapters]
        mean = {name: np.mean([one[name] for one in each], axis=0) for name in ("prior", "share")}
        for name in ("penalties", "weight", "scale"):
            mean[name] = np.exp(np.mean([np.log(one[name]) for one in each], axis=0))
        return RidgeAdapter(**mean, crowd=adapters[0].crowd)


def solved(
    known: np.ndarray, right: np.ndarray, x: np.ndarray, bought: sp.csr_matrix, weight: float, elements: int = ELEMENTS
) -> np.ndarray:
    """(n, D): for each product the solution of (known + weight · X'X) η = right, with X the rows of `x` that it bought.

    known: (D, D) positive definite, the same for all; right: (n, D); x: (u, D); bought: (n, u) with a stored entry for each
    row of X; elements: about so many numbers are held at once. With fewer rows than dimensions by Woodbury's identity.
    """
    dimensions = len(known)
    inverse = np.linalg.inv(known)
    eta = right @ inverse
    shots = np.diff(bought.indptr)
    padded = np.vstack([x, np.zeros((1, dimensions), dtype=x.dtype)])
    for products in _of_like_size(shots, dimensions, elements):
        most = int(shots[products[0]])
        number = np.arange(most)
        there = number < shots[products, None]
        rows = padded[
            np.where(there, bought.indices[np.where(there, bought.indptr[products, None] + number, 0)], len(x))
        ]
        if most < dimensions:
            spread = rows @ inverse
            inner = spread @ rows.transpose(0, 2, 1) + np.eye(most) / weight
            away = np.linalg.solve(inner, rows @ eta[products, :, None])
            eta[products] -= (away.transpose(0, 2, 1) @ spread)[:, 0]
        else:
            whole = known + weight * (rows.transpose(0, 2, 1) @ rows)
            eta[products] = np.linalg.solve(whole, right[products, :, None])[..., 0]
    return eta


def _of_like_size(shots: np.ndarray, dimensions: int, elements: int) -> Iterator[np.ndarray]:
    """The products with supporters in groups, most supporters first, so that one size fits a group."""
    order = np.argsort(-shots, kind="stable")[: np.count_nonzero(shots)]
    while len(order):
        size = max(1, elements // (max(int(shots[order[0]]), dimensions) * dimensions))
        yield order[:size]
        order = order[size:]


class Ridge(MetaMethod):
    name: ClassVar[str] = "ridge"
    sentence: ClassVar[str] = (
        "Solves for what the first buyers of each product have in common that other customers lack."
    )
    settings_type = Settings

    def suggest(self, trial: Trial) -> dict[str, Any]:
        return {
            "learning_rate": trial.suggest_float("learning_rate", 2e-4, 4e-3, log=True),
            "scalar_rate": trial.suggest_float("scalar_rate", 0.01, 0.1, log=True),
            "weight": trial.suggest_float("weight", 0.02, 1.0, log=True),
        }

    def _network(self, learning: MetaTasks) -> RidgeNetwork:
        from recsys_core.adaptation.ridge_network import RidgeNetwork

        settings = self.settings
        penalties = [settings.penalty, settings.penalty, 10 * settings.penalty]
        content = learning.supporters[0].content.shape[1]
        return RidgeNetwork(content, learning.customers.shape[1], penalties, settings.weight, SHARE, SCALE)

    def _optimizer(self, network: RidgeNetwork) -> torch.optim.Optimizer:
        import torch

        settings = self.settings
        moved = [network.log_penalties, network.log_weight, network.log_scale]
        return torch.optim.AdamW(
            [
                {"params": [network.prior], "lr": settings.learning_rate, "weight_decay": settings.weight_decay},
                {"params": moved, "lr": settings.scalar_rate},
                # ρ is no logarithm and small: a step of the others' length would be a leap.
                {"params": [network.share], "lr": settings.scalar_rate / 5},
                {"params": [network.log_sharpness], "lr": settings.scalar_rate / 2},
            ],
            weight_decay=0.0,
        )

    def _adapter(self, network: RidgeNetwork, crowd: Crowd) -> RidgeAdapter:
        return RidgeAdapter(**network.numbers(), crowd=crowd)
