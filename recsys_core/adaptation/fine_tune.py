"""Fine-tuning: f_T(x) = σ(θ_T·x) + θ_μ · f_S(x), trained by L = L_S + λ · L_T (see `Settings`).

f_S is the source model, its layers frozen up to a chosen depth; the last ones, θ_μ and a term θ_T for each new product
are tuned on the support. L_T asks, for each first sale, who bought: the softmax of f_T over that customer and customers
drawn from the catalog. L_S is the source model's own loss, so that the old task isn't forgotten. A share of the support
stops training in time; afterwards θ_T alone is fitted once more on all of it, so that no sale is lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, NonNegativeFloat, PositiveFloat, PositiveInt

from recsys_core.adaptation.adapted_model import AdaptedModel, Adapters
from recsys_core.adaptation.customer_terms import SupportTask, TermSettings, fit_theta, reciprocal_ranks, support_task
from recsys_core.dataset import Launch
from recsys_core.models.head import Head
from recsys_core.models.source_model import Share, SourceModel
from recsys_core.run_context import RunContext

if TYPE_CHECKING:
    import torch


class Settings(BaseModel, frozen=True):
    depth: Literal[0, 1] = 1
    """How many of the last layers are tuned: 0 none, 1 the products' tower."""
    source_loss_weight: PositiveFloat = 1.0
    """Weight of L_S; L_T is weighed by `support_loss_weight`."""
    support_loss_weight: NonNegativeFloat = 0.5
    """λ."""
    learning_rate: PositiveFloat = 1e-4
    scalar_rate: PositiveFloat = 5e-3
    epochs: PositiveInt = 4
    batches_per_epoch: PositiveInt = 8
    source_batch: PositiveInt = 512
    negatives: PositiveInt = 256
    """Customers drawn from the catalog, beside whom a supporter has to stand out."""
    scales: tuple[PositiveFloat, ...] = (0.5, 0.25, 0.1)
    """θ_μ at the start: the one that finds held-out support best, the first where too little is held out. The softmax of
    L_T has the sharpness 1 / θ_μ, so that f_S starts with the weight that it was trained with."""
    penalty: NonNegativeFloat = 0.02
    """Weight of |θ_T|² in its last fit."""
    held_out_share: Share = 0.2
    """Share of the support pairs that stop training in time."""
    patience: PositiveInt = 2


MIN_HELD_OUT = 10
"""With fewer held-out pairs training isn't stopped early."""


class FineTune:
    name: ClassVar[str] = "fine-tune"
    sentence: ClassVar[str] = "Trains the model's last layers, and a term for each product, on the first sales."

    def __init__(self, settings: Settings = Settings()):
        self.settings = settings

    def adapt(self, source: SourceModel, launch: Launch, *, run: RunContext) -> AdaptedModel:
        """Without a support that the catalog's customers know there is nothing to tune: then f_T is f_S."""
        base = AdaptedModel(self.name, source, launch, source.head_, uses_support=False)
        if not base.support.nnz:
            base.summary = {"note": "No first sale by a known customer: nothing could be tuned."}
            return base
        choices = self._choices(run.seed)
        # Whom it is about and how f_S sees them is the same for every θ_μ.
        task = support_task(base.scorer, source.weights_, base.products, base.support, choices[0])
        judged = self._judged_pairs(len(task.product), run.seed)
        start = self._start(choices, task, judged, run)
        head, scale, history = self._tune(base, task, judged, start, run)
        tuned = AdaptedModel(self.name, source, launch, head, uses_support=False)
        terms = replace(start, scale=scale)
        tuned_task = support_task(tuned.scorer, source.weights_, tuned.products, tuned.support, terms)
        tuned.adapters = Adapters(fit_theta(tuned_task, terms), terms)
        tuned.summary = {
            "history": history,
            "scale": round(scale, 4),
            "settings": self.settings.model_dump(mode="json"),
        }
        return tuned

    def _choices(self, seed: int) -> list[TermSettings]:
        """The terms' settings with each θ_μ to choose from."""
        settings = self.settings
        return [TermSettings(scale, 1 / scale, settings.penalty, settings.negatives, seed) for scale in settings.scales]

    def _start(
        self, choices: list[TermSettings], task: SupportTask, judged: np.ndarray, run: RunContext
    ) -> TermSettings:
        """The choice that finds held-out support best."""
        if not judged.any():
            return choices[0]
        ranks = []
        for terms in run.track(choices, "Weighing old and new", len(choices)):
            theta = fit_theta(task.of(~judged), terms)
            ranks.append(reciprocal_ranks(task.of(judged), theta, terms).mean())
        return choices[int(np.argmax(ranks))]

    def _tune(
        self, base: AdaptedModel, task: SupportTask, judged: np.ndarray, terms: TermSettings, run: RunContext
    ) -> tuple[Head, float, list[dict[str, float]]]:
        """The tuned head, θ_μ, and what happened in each epoch."""
        import torch

        from recsys_core.adaptation.tuned_network import TunedNetwork
        from recsys_core.models.batches import TaskSampler
        from recsys_core.models.training import Schedule, train

        settings, source = self.settings, base.source
        network = TunedNetwork(base, task, judged, settings.depth, terms).to(run.device)
        optimizer = torch.optim.AdamW(
            network.parameter_groups(settings.learning_rate, settings.scalar_rate), weight_decay=0.0
        )
        sampler = TaskSampler(source.weights_, base.scorer.content)
        size = min(settings.source_batch, len(sampler.products))
        log_frequency_strength = source.config.log_frequency_strength

        def losses(epoch: int) -> Iterator[torch.Tensor]:
            rng = np.random.default_rng([run.seed, epoch])
            for batch in sampler.epoch(rng, size, size * settings.batches_per_epoch):
                source_loss = network.towers.loss(batch, log_frequency_strength)
                yield settings.source_loss_weight * source_loss + settings.support_loss_weight * network.support_loss()

        history = train(
            network,
            optimizer,
            Schedule(settings.epochs, sampler.n_batches(size, size * settings.batches_per_epoch), settings.patience),
            losses=losses,
            evaluate=network.judge if judged.any() else None,
            run=run,
            stage="Fine-tuning",
        )
        return network.towers.head(base.head.mixture), network.scale(), history

    def _judged_pairs(self, pairs: int, seed: int) -> np.ndarray:
        """(pairs,) bool: which support pairs are held out."""
        judged = np.random.default_rng(seed).random(pairs) < self.settings.held_out_share
        return judged if judged.sum() >= MIN_HELD_OUT else np.zeros(pairs, dtype=bool)
