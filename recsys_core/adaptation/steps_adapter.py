"""What maml and reptile leave behind: an initialisation, and gradient steps from it for any product."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np

from recsys_core.adaptation.inner_steps import Adapts, Initialisation
from recsys_core.adaptation.supporters import Crowd, Supporters
from recsys_core.adaptation.theta_adapter import ThetaAdapter


@dataclass(frozen=True)
class StepsAdapter(ThetaAdapter):
    start: Initialisation
    adapts: Adapts
    crowd: Crowd
    kind: ClassVar[str] = "inner-steps"

    def theta(self, supporters: Supporters) -> np.ndarray:
        return self.start.adapted(supporters, self.adapts)

    def arrays(self) -> dict[str, np.ndarray]:
        return self.start.arrays()

    def settings(self) -> dict[str, Any]:
        return {"adapts": self.adapts, "crowd": asdict(self.crowd)}

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray], settings: Mapping[str, Any]) -> Self:
        return cls(Initialisation.of_arrays(arrays), settings["adapts"], Crowd(**settings["crowd"]))
