"""Adapters that add a term <θ_p, x_u> of each product's own to what the source model says with its supporters."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace

import numpy as np

from recsys_core.adaptation.adapter import Adapter
from recsys_core.adaptation.supporters import Crowd, Supporters
from recsys_core.models.head import NewProducts, ProductSide, Scorer


class ThetaAdapter(Adapter):
    crowd: Crowd

    @abstractmethod
    def theta(self, supporters: Supporters) -> np.ndarray:
        """(n, D) float32."""

    def side(self, scorer: Scorer, new: NewProducts) -> ProductSide:
        base = scorer.products(new)
        theta = self.theta(Supporters.of(scorer, new, base, self.crowd.drawn(scorer)))
        return replace(base, dense=base.dense + theta)
