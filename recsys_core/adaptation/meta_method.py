"""What the methods share that learn over tasks: settings, the loop, and when it stops."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from pydantic import BaseModel, Field, NonNegativeFloat, PositiveFloat, PositiveInt

from recsys_core.adaptation.meta_tasks import MetaTasks, learning_tasks
from recsys_core.adaptation.method import Method
from recsys_core.adaptation.supporters import Crowd
from recsys_core.adaptation.theta_adapter import ThetaAdapter
from recsys_core.models.head import NewProducts, Scorer
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext

if TYPE_CHECKING:
    import torch

    from recsys_core.adaptation.meta_training import MetaNetwork, TaskBatches

PAIRS = 512
"""Pairs of a customer and what that one buys, in a batch."""


class MetaSettings(BaseModel, frozen=True, extra="forbid", use_attribute_docstrings=True):
    epochs: Annotated[int, Field(ge=1, le=100)] = 16
    batches_per_epoch: PositiveInt = 30
    """Each of products with another number of first sales: 0, 1, 2, 5, 10 in turn."""
    products_per_batch: Annotated[int, Field(ge=2)] = 256
    learning_rate: PositiveFloat = 5e-4
    """Of V, which turns a product's content into its start."""
    scalar_rate: PositiveFloat = 0.05
    """Of the few numbers that say how much the first sales move it."""
    weight_decay: NonNegativeFloat = 1.0
    """Of V (Loshchilov & Hutter 2019)."""
    patience: PositiveInt = 3
    """Epochs without better lists on other replayed products after which learning ends."""
    crowd: Annotated[int, Field(ge=16, le=10_000)] = 512
    """Customers drawn from all, beside whom a product's first buyers are seen."""


class MetaMethod(Method):
    """A method that learns on known products replayed as new ones, and leaves a `ThetaAdapter`."""

    def fit(self, source: SourceModel, *, run: RunContext) -> Self:
        from recsys_core.adaptation.meta_training import TaskBatches
        from recsys_core.models.training import Schedule, train

        run.check()
        settings = self.settings
        crowd = Crowd(settings.crowd, run.seed)
        learning, validating = learning_tasks(source, crowd, self.name)
        batches = TaskBatches(learning, run.device)
        network = self._network(learning).to(run.device)
        network.start_sharpness(batches.batch(np.random.default_rng(run.seed), 0, settings.products_per_batch, PAIRS))

        def losses(epoch: int) -> Iterator[torch.Tensor]:
            return self._losses(network, batches, np.random.default_rng([run.seed, epoch]))

        self.history_ = train(
            network,
            self._optimizer(network),
            # Whoever asks for what is learned gets it: the untrained start isn't among the choices.
            Schedule(settings.epochs, settings.batches_per_epoch, settings.patience, 1),
            losses=losses,
            evaluate=lambda: self._judge(network, validating, crowd),
            run=run,
            stage="Learning from replayed launches",
        )
        self.adapter_ = self._adapter(network, crowd)
        return self

    def place(self, scorer: Scorer, new: NewProducts, *, run: RunContext) -> tuple[ThetaAdapter, dict[str, Any]]:
        run.check()
        return self.adapter_, {"history": self.history_, "settings": self.settings.model_dump(mode="json")}

    @abstractmethod
    def _network(self, learning: MetaTasks) -> MetaNetwork: ...

    @abstractmethod
    def _optimizer(self, network: Any) -> torch.optim.Optimizer: ...

    @abstractmethod
    def _adapter(self, network: Any, crowd: Crowd) -> ThetaAdapter:
        """With what the network has learned so far."""

    def _losses(self, network: Any, batches: TaskBatches, rng: np.random.Generator) -> Iterator[torch.Tensor]:
        """Those of an epoch."""
        for batch in batches.epoch(rng, self.settings.batches_per_epoch, self.settings.products_per_batch, PAIRS):
            yield network.ranking_loss(batch)

    def _judge(self, network: Any, validating: MetaTasks, crowd: Crowd) -> float:
        return validating.ndcg(self._adapter(network, crowd).theta)
