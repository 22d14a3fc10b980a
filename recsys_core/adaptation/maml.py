"""MAML: an initialisation, learned over tasks, from which a few gradient steps suffice (Finn et al. 2017).

A product's score is the source model's with the supporters, plus the network of `inner_steps.py`: its head is made from the
product's content, and a few steps on the first sales move it. What is learned by the ranking loss of later buyers,
through the steps: the body, what makes heads from content, and how far each step goes (Li et al. 2017, Meta-SGD). `adapts`
"head" is ANIL (Raghu et al. 2020); order "first" leaves out how the steps' slopes change with the start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from recsys_core.adaptation.inner_steps import Adapts
from recsys_core.adaptation.meta_method import MetaMethod, MetaSettings
from recsys_core.adaptation.meta_start import initialisation
from recsys_core.adaptation.meta_tasks import MetaTasks
from recsys_core.adaptation.steps_adapter import StepsAdapter
from recsys_core.adaptation.supporters import Crowd

if TYPE_CHECKING:
    import torch
    from optuna import Trial

    from recsys_core.adaptation.meta_network import InnerSteps


class Settings(MetaSettings, frozen=True):
    adapts: Adapts = "all"
    """What the first sales move: head and body, or the head alone (ANIL): faster."""
    order: Literal["first", "second"] = "first"
    """Whether learning takes into account how the slopes of the steps change with the start: slower, and takes more memory."""
    inner_steps: Annotated[int, Field(ge=1, le=20)] = 3
    inner_rate: PositiveFloat = 3.0
    """Length of the steps at the start; learned from there."""
    products_per_batch: Annotated[int, Field(ge=2)] = 64
    batches_per_epoch: PositiveInt = 20
    width: Annotated[int, Field(ge=2, le=4096)] = 64
    """Of the body; it has at most as many rows as a customer's x has dimensions."""
    body_learning_rate: PositiveFloat = 1e-5


class Maml(MetaMethod):
    name: ClassVar[str] = "maml"
    sentence: ClassVar[str] = "Has learned a start for new products from which a few steps on the first sales suffice."
    settings_type = Settings

    def suggest(self, trial: Trial) -> dict[str, Any]:
        return {
            "learning_rate": trial.suggest_float("learning_rate", 4e-4, 8e-3, log=True),
            "inner_rate": trial.suggest_float("inner_rate", 0.3, 30.0, log=True),
            "inner_steps": trial.suggest_int("inner_steps", 1, 5),
        }

    def _network(self, learning: MetaTasks) -> InnerSteps:
        from recsys_core.adaptation.meta_network import InnerSteps

        settings = self.settings
        start = initialisation(learning, settings.width, settings.inner_steps, settings.inner_rate)
        return InnerSteps(start, settings.adapts, settings.order)

    def _optimizer(self, network: InnerSteps) -> torch.optim.Optimizer:
        import torch

        settings = self.settings
        return torch.optim.AdamW(
            [
                {"params": [network.heads], "lr": settings.learning_rate, "weight_decay": settings.weight_decay},
                {"params": [network.body], "lr": settings.body_learning_rate},
                {"params": [network.log_head_rates, network.log_body_rates], "lr": settings.scalar_rate},
                {"params": [network.growth], "lr": settings.scalar_rate / 5},
                {"params": [network.log_sharpness], "lr": settings.scalar_rate / 2},
            ],
            weight_decay=0.0,
        )

    def _adapter(self, network: InnerSteps, crowd: Crowd) -> StepsAdapter:
        return StepsAdapter(network.initialisation(), self.settings.adapts, crowd)
