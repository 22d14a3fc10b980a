"""Ensemble: f = Σ w_i · z(f_i), with w_i ∝ 1 / L_i on held-out tasks.

L_i is the cross-entropy of the softmax of z(f_i) over a product that was bought and all that weren't, at the sharpness that suits
the member best: every sale counts in it, where a list's ndcg sees only the first places. Losses of good members are
close to each other, so that 1 / L_i alone would weigh all nearly the same; the power to which it is raised is the least
whose lists on those tasks are as good as any's. z divides a member's scores by their spread. All of that for each number of first sales.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
import scipy.sparse as sp
from pydantic import BaseModel, PositiveFloat

from recsys_core.adaptation.members import HeldOutScores, MemberNames, Panel, PanelMethod, by_name
from recsys_core.adaptation.weighted import WeightedAdapter, rounded
from recsys_core.evaluation.metrics import ndcg_per_customer, no_worse
from recsys_core.evaluation.ranking import best_columns
from recsys_core.models.head import NewProducts, Scorer
from recsys_core.run_context import RunContext

POWERS = tuple(2.0**i for i in range(9))
K = 20


class Settings(BaseModel, frozen=True, extra="forbid", use_attribute_docstrings=True):
    members: MemberNames | None = None
    """The methods in it; None: every one that can run and isn't made of others."""
    power: PositiveFloat | None = None
    """w_i ∝ 1 / L_i^power: the larger, the more the best member prevails. None: of 1, 2, 4 to
    256 the least that is as good as any on held-out tasks."""


class Ensemble(PanelMethod):
    name: ClassVar[str] = "ensemble"
    sentence: ClassVar[str] = "Asks all methods, and listens most to those that found buyers best in the past."
    settings_type = Settings

    def fit_panel(self, panel: Panel, run: RunContext) -> Self:
        self.members_, self.reference_, heard = panel.members, panel.reference, panel.heard
        self.losses_ = np.array([[loss(one.scores[i], one, run) for one in heard] for i in range(len(heard[0].scores))])
        powers = POWERS if self.settings.power is None else (self.settings.power,)
        self.power_ = best_power(powers, self.losses_, heard)
        return self

    def place(self, scorer: Scorer, new: NewProducts, *, run: RunContext) -> tuple[WeightedAdapter, dict[str, Any]]:
        """Raises CannotRun if fewer than two members can be placed."""
        placed = self.members_.place(scorer, new, run)
        members = self.members_.without(placed.unable)
        able = [name in members.methods for name in self.members_.methods]
        weight = weights(self.losses_[able], self.power_)
        adapters = [placed.adapters[name] for name in members.methods]
        spread = self.reference_.scale(adapters, run).spread
        shots = self.reference_.shots
        summary = {
            "power": self.power_,
            "weights": by_name(members, shots, weight),
            "losses": by_name(members, shots, self.losses_[able]),
            "left_out": members.left_out,
            "members": placed.summaries,
        }
        return WeightedAdapter(tuple(adapters), shots, rounded(weight / spread)), summary


def weights(losses: np.ndarray, power: float) -> np.ndarray:
    """(m, K) for losses (m, K): ∝ 1 / L^power, each column with sum 1."""
    losses = np.maximum(losses, 1e-9)
    inverse = (losses.min(axis=0) / losses) ** power
    return inverse / inverse.sum(axis=0)


def loss(scores: np.ndarray, held_out: HeldOutScores, run: RunContext) -> float:
    """Mean cross-entropy of the softmax of sharpness · scores (n_customers, n) over a product to be found and all that
    aren't, at the sharpness that makes it least; the support is left out."""
    from scipy.optimize import minimize_scalar
    from scipy.special import logsumexp

    customer, product = np.nonzero(held_out.relevant)
    others = np.where(held_out.hidden | held_out.relevant, -np.inf, scores)

    def at(log_sharpness: float) -> float:
        run.check()
        sharpness = np.exp(log_sharpness)
        own, rest = sharpness * scores[customer, product], logsumexp(sharpness * others, axis=1)[customer]
        return float((np.logaddexp(own, rest) - own).mean())

    return float(minimize_scalar(at, bounds=(-4, 4), method="bounded", options={"maxiter": 20}).fun)


def best_power(powers: Sequence[float], losses: np.ndarray, heard: Sequence[HeldOutScores]) -> float:
    """The power whose lists are best, or a smaller one that isn't worse beyond chance (two standard errors)."""
    figures = [_figures(weights(losses, power), heard) for power in powers]
    best = max(figures, key=np.mean)
    return next(power for power, one in zip(powers, figures, strict=True) if no_worse(one, best, errors=2))


def _figures(weight: np.ndarray, heard: Sequence[HeldOutScores]) -> np.ndarray:
    """(n_customers,) ndcg@20, mean over the numbers of first sales."""
    each = []
    for column, one in enumerate(heard):
        scores = np.tensordot(weight[:, column].astype(np.float32), one.scores, axes=1)
        scores[one.hidden] = -np.inf
        best = best_columns(scores, K)
        best[~np.isfinite(np.take_along_axis(scores, best, axis=1))] = -1
        each.append(ndcg_per_customer(best, sp.csr_matrix(one.relevant), K))
    return np.mean(each, axis=0)
