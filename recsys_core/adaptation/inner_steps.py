"""Gradient steps from a learned initialisation to one product's θ_p. Needs no torch.

The network is f(x) = <W x, v>, with the body W shared by all products and the head v = V c_p made from a product's content
c_p. A step goes down the slope of

    L = mean over supporters of ln(1 + e^-z) + mean over the crowd of ln(1 + e^z),   z = a · (f_S(x) + f(x)) + b

(does a customer buy it, or is it anyone?), with f_S the source model's score. Of a customers' softmax the slope along x's
constant 1 would be zero, and a product whose supporters score low in f_S would stay behind those whose score high.

As f is linear in x, a product is done with when its θ_p = W'v is known; and as the slope along W is v times a row, a
product's own copy of W is W plus as many outer products as there were steps, and is never written out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, Self

import numpy as np
import scipy.sparse as sp
from scipy.special import expit

from recsys_core.adaptation.supporters import Supporters, dot_pairs

Adapts = Literal["head", "all"]
"""What a step changes: the head alone (ANIL, Raghu et al. 2020), or head and body (MAML, Finn et al. 2017)."""


@dataclass(frozen=True)
class Initialisation:
    """What is learned over tasks; h = width of the body."""

    body: np.ndarray
    """(h, D) float32 W."""
    heads: np.ndarray
    """(h, d) float32 V."""
    head_rates: np.ndarray
    """(steps,) > 0: how far each step moves v, with one supporter."""
    body_rates: np.ndarray
    """(steps,) > 0: how far it moves W."""
    growth: np.ndarray
    """() with k supporters a step is k^growth times as long."""
    slope: np.ndarray
    """(2,) a = a_0 + a_1 ln k with k supporters."""
    level: np.ndarray
    """(2,) b = b_0 + b_1 ln k."""
    most: np.ndarray
    """() most supporters that a product had while it was learned; with more, a, b and the steps stay as they are with those."""

    def arrays(self) -> dict[str, np.ndarray]:
        return {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        return cls(**{field.name: arrays[field.name] for field in fields(cls)})

    def adapted(self, supporters: Supporters, adapts: Adapts) -> np.ndarray:
        """θ (n, D) float32 after the steps; a product without supporters takes none."""
        shots = supporters.shots
        sold = (shots > 0)[:, None]
        stretch = self._known(shots)[:, None] ** float(self.growth)
        v = supporters.content @ self.heads.T
        theta = v @ self.body
        moves: list[tuple[np.ndarray, np.ndarray]] = []
        for head_rate, body_rate in zip(self.head_rates, self.body_rates, strict=True):
            down = self._downhill(supporters, theta) * sold * stretch
            through_body = down @ self.body.T
            for left, right in moves:
                through_body += left * np.einsum("nd,nd->n", right, down)[:, None]
            if adapts == "all":
                moves.append((body_rate * v, down))
            v = v + head_rate * through_body
            theta = v @ self.body
            for left, right in moves:
                theta += np.einsum("nh,nh->n", left, v)[:, None] * right
        return theta.astype(np.float32)

    def _known(self, shots: np.ndarray) -> np.ndarray:
        """Numbers of supporters as far as they were learned about."""
        return np.clip(shots, 1, int(self.most))

    def _downhill(self, supporters: Supporters, theta: np.ndarray) -> np.ndarray:
        """(n, D) -dL/dθ."""
        bought, product, shots = supporters.bought, supporters.product, np.maximum(supporters.shots, 1)
        slope, level = (first + growing * np.log(self._known(shots)) for first, growing in (self.slope, self.level))
        dots = dot_pairs(supporters.customers, theta, bought.indices, product)
        missing = expit(-slope[product] * (supporters.scores + dots) - level[product]) / shots[product]
        pull = sp.csr_matrix((missing, bought.indices, bought.indptr), bought.shape) @ supporters.customers
        taken = expit(slope[:, None] * (supporters.crowd_scores + theta @ supporters.crowd.T) + level[:, None])
        return slope[:, None] * (pull - taken @ supporters.crowd / len(supporters.crowd))
