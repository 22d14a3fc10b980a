"""Reptile: the initialisation moves towards the weights after a few steps on one task, again and again (Nichol et al. 2018).

The same network and steps as in `inner_steps.py`. In a task of learning each step sees other buyers of the product; afterwards
the heads' V (and the body, where it is adapted) move by Adam along start - end, as if that were a slope. Nothing tells
how long a step should be, so after each epoch the length is taken that makes the best lists on other replayed products.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from recsys_core.adaptation.inner_steps import Adapts
from recsys_core.adaptation.meta_method import MetaMethod, MetaSettings
from recsys_core.adaptation.meta_start import BODY_SHARE, initialisation
from recsys_core.adaptation.meta_tasks import MetaTasks
from recsys_core.adaptation.steps_adapter import StepsAdapter
from recsys_core.adaptation.supporters import Crowd

if TYPE_CHECKING:
    import torch
    from optuna import Trial

    from recsys_core.adaptation.meta_network import InnerSteps
    from recsys_core.adaptation.meta_training import TaskBatches

RATES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)


class Settings(MetaSettings, frozen=True):
    adapts: Adapts = "head"
    """What the first sales move: the head alone, or head and body."""
    inner_steps: Annotated[int, Field(ge=1, le=20)] = 3
    inner_rate: PositiveFloat | None = None
    """Length of a step; None: the one of 0.03, 0.1, ... 30 that makes the best lists on replayed products."""
    sales_per_step: PositiveInt = 5
    """Buyers of a product that a step of learning sees."""
    products_per_batch: Annotated[int, Field(ge=2)] = 64
    width: Annotated[int, Field(ge=2, le=4096)] = 64
    """Of the body; it has at most as many rows as a customer's x has dimensions."""
    body_learning_rate: PositiveFloat = 1e-5


class Reptile(MetaMethod):
    name: ClassVar[str] = "reptile"
    sentence: ClassVar[str] = "Starts new products where known ones ended up, and takes a few steps on the first sales."
    settings_type = Settings

    def suggest(self, trial: Trial) -> dict[str, Any]:
        return {
            "learning_rate": trial.suggest_float("learning_rate", 4e-4, 8e-3, log=True),
            "inner_steps": trial.suggest_int("inner_steps", 1, 5),
        }

    def _network(self, learning: MetaTasks) -> InnerSteps:
        from recsys_core.adaptation.meta_network import InnerSteps

        settings = self.settings
        start = initialisation(learning, settings.width, settings.inner_steps, settings.inner_rate or 1.0)
        return InnerSteps(start, settings.adapts, "first")

    def _optimizer(self, network: InnerSteps) -> torch.optim.Optimizer:
        import torch

        settings = self.settings
        groups = [{"params": [network.heads], "lr": settings.learning_rate, "weight_decay": settings.weight_decay}]
        if settings.adapts == "all":
            groups.append({"params": [network.body], "lr": settings.body_learning_rate})
        return torch.optim.AdamW(groups, weight_decay=0.0)

    def _losses(self, network: InnerSteps, batches: TaskBatches, rng: np.random.Generator) -> Iterator[torch.Tensor]:
        settings = self.settings
        for sales in batches.sales(
            rng,
            settings.batches_per_epoch,
            settings.products_per_batch,
            settings.inner_steps,
            settings.sales_per_step,
        ):
            yield network.distance_moved(sales)

    def _judge(self, network: InnerSteps, validating: MetaTasks, crowd: Crowd) -> float:
        if self.settings.inner_rate is not None:
            return super()._judge(network, validating, crowd)
        found = {}
        for rate in RATES:
            network.set_rate(rate, BODY_SHARE * rate)
            found[rate] = super()._judge(network, validating, crowd)
        best = max(found, key=lambda rate: found[rate])
        network.set_rate(best, BODY_SHARE * best)
        return found[best]

    def _adapter(self, network: InnerSteps, crowd: Crowd) -> StepsAdapter:
        return StepsAdapter(network.initialisation(), self.settings.adapts, crowd)
