"""Fine-tuning: f_T(x) = σ(θ_T·x) + θ_μ · f_S(x), trained by L = L_S + λ · L_T (see `Settings`).

f_S is the source model, its layers frozen up to a chosen depth; the last ones, θ_μ and a term θ_T for each new product
are tuned on the support. L_T asks, for each first sale, who bought: the softmax of f_T over that customer and customers
drawn from the catalog. L_S is the source model's own loss, so that the old task isn't forgotten. A share of the support
stops training in time; afterwards θ_T alone is fitted once more on all of it, so that no sale is lost. Customers who
bought what is like a product can stand for some first buyers more, so that one without any has a term too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import BaseModel, NonNegativeFloat, PositiveFloat, PositiveInt

from recsys_core.adaptation.adapter import Adapter
from recsys_core.adaptation.customer_terms import SupportTask, TermSettings, fit_theta, reciprocal_ranks, support_task
from recsys_core.adaptation.method import Method
from recsys_core.evaluation.metrics import no_worse
from recsys_core.models.head import NewProducts, ProductSide, Scorer, Term
from recsys_core.models.source_model import Share, SourceModel
from recsys_core.run_context import RunContext

if TYPE_CHECKING:
    import torch
    from optuna import Trial


class Settings(BaseModel, frozen=True, extra="forbid", use_attribute_docstrings=True):
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
    """θ_μ at the start: the first that finds held-out support as well as any, but for chance. The softmax of
    L_T has the sharpness 1 / θ_μ, so that f_S starts with the weight that it was trained with."""
    penalty: NonNegativeFloat = 0.02
    """Weight of |θ_T|² in its last fit."""
    held_out_share: Share = 0.2
    """Share of the support pairs that stop training in time."""
    patience: PositiveInt = 2
    pseudo_supporters: NonNegativeFloat = 0.0
    """How many first buyers those who bought a product's nearest neighbours in the catalog stand for; 0: none."""


MIN_HELD_OUT = 10
"""With fewer held-out pairs training isn't stopped early."""


@dataclass(frozen=True)
class FineTuneAdapter(Adapter):
    """f_T with what was tuned for a launch; the term of each product is fitted on its support."""

    product_tower: np.ndarray
    """(d, d) float32: the source model's, tuned."""
    terms: TermSettings
    kind: ClassVar[str] = "fine-tune"

    def side(self, scorer: Scorer, new: NewProducts) -> ProductSide:
        tuned = replace(scorer.head, product_tower=self.product_tower)
        source = scorer.products(new.without_supporters(), tuned)
        theta = fit_theta(support_task(scorer, new, source, self.terms), self.terms)
        scaled = source.times(self.terms.scale)
        return ProductSide(scaled.dense, scaled.sparse, (Term(1.0, theta),))

    def arrays(self) -> dict[str, np.ndarray]:
        return {"product_tower": self.product_tower}

    def settings(self) -> dict[str, Any]:
        return {"terms": asdict(self.terms)}

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray], settings: Mapping[str, Any]) -> Self:
        return cls(arrays["product_tower"], TermSettings(**settings["terms"]))

    @classmethod
    def average(cls, adapters: Sequence[Self]) -> FineTuneAdapter:
        """θ_μ is learned as its logarithm, and averaged so; the terms are fitted once more, beside the mean tower."""
        tower = np.mean([adapter.product_tower for adapter in adapters], axis=0)
        terms = [adapter.terms for adapter in adapters]
        scale, sharpness = np.exp(np.log([(one.scale, one.sharpness) for one in terms]).mean(axis=0)).tolist()
        return FineTuneAdapter(tower, replace(terms[0], scale=scale, sharpness=sharpness))


class FineTune(Method):
    name: ClassVar[str] = "fine-tune"
    sentence: ClassVar[str] = "Trains the model's last layers, and a term for each product, on the first sales."
    settings_type = Settings

    def suggest(self, trial: Trial) -> dict[str, Any]:
        return {
            "depth": trial.suggest_categorical("depth", [0, 1]),
            "support_loss_weight": trial.suggest_float("support_loss_weight", 0.1, 5.0, log=True),
            "learning_rate": trial.suggest_float("learning_rate", 1e-5, 1e-3, log=True),
            "penalty": trial.suggest_float("penalty", 0.002, 0.2, log=True),
        }

    def fit(self, source: SourceModel, *, run: RunContext) -> Self:
        self.log_frequency_strength_ = source.config.log_frequency_strength
        return self

    def place(self, scorer: Scorer, new: NewProducts, *, run: RunContext) -> tuple[FineTuneAdapter, dict[str, Any]]:
        """Without a support that the catalog's customers know there is nothing to tune: f_T has f_S and σ(0)."""
        choices = self._choices(run.seed)
        run.check()
        if not new.support.nnz:
            note = "No first sale by a known customer: nothing could be tuned."
            return FineTuneAdapter(scorer.head.product_tower, choices[0]), {"note": note}
        # Whom it is about and how f_S sees them is the same for every θ_μ.
        task = support_task(scorer, new, scorer.products(new.without_supporters()), choices[0])
        judged = self._judged_pairs(task.product, run.seed)
        start = self._start(choices, task, judged, run)
        product_tower, scale, history = self._tune(scorer, new, task, judged, start, run)
        summary = {
            "history": history,
            "scale": round(scale, 4),
            "settings": self.settings.model_dump(mode="json"),
        }
        return FineTuneAdapter(product_tower, replace(start, scale=scale)), summary

    def _choices(self, seed: int) -> list[TermSettings]:
        """The terms' settings with each θ_μ to choose from."""
        settings = self.settings
        return [
            TermSettings(scale, 1 / scale, settings.penalty, settings.negatives, seed, settings.pseudo_supporters)
            for scale in settings.scales
        ]

    def _start(
        self, choices: list[TermSettings], task: SupportTask, judged: np.ndarray, run: RunContext
    ) -> TermSettings:
        """The first choice that finds held-out support as well as any, but for chance."""
        if not judged.any():
            return choices[0]
        ranks = []
        for terms in run.track(choices, "Weighing old and new", len(choices)):
            theta = fit_theta(task.of(~judged), terms)
            ranks.append(reciprocal_ranks(task.of(judged), theta, terms))
        best = max(ranks, key=np.mean)
        return next(terms for terms, one in zip(choices, ranks, strict=True) if no_worse(one, best, errors=2))

    def _tune(
        self,
        scorer: Scorer,
        new: NewProducts,
        task: SupportTask,
        judged: np.ndarray,
        terms: TermSettings,
        run: RunContext,
    ) -> tuple[np.ndarray, float, list[dict[str, float]]]:
        """The tuned products' tower, θ_μ, and what happened in each epoch."""
        import torch

        from recsys_core.adaptation.tuned_network import TunedNetwork
        from recsys_core.models.batches import TaskSampler
        from recsys_core.models.training import Schedule, one_core_left, train

        settings = self.settings
        network = TunedNetwork(scorer, new, task, judged, settings.depth, terms).to(run.device)
        optimizer = torch.optim.AdamW(
            network.parameter_groups(settings.learning_rate, settings.scalar_rate), weight_decay=0.0
        )
        sampler = TaskSampler(scorer.weights, scorer.content)
        size = min(settings.source_batch, len(sampler.products))

        def losses(epoch: int) -> Iterator[torch.Tensor]:
            rng = np.random.default_rng([run.seed, epoch])
            for batch in sampler.epoch(rng, size, size * settings.batches_per_epoch):
                source_loss = network.towers.loss(batch, self.log_frequency_strength_)
                yield settings.source_loss_weight * source_loss + settings.support_loss_weight * network.support_loss()

        with one_core_left():
            history = train(
                network,
                optimizer,
                # Whoever asks for fine-tuning gets it: the untrained start isn't among the choices.
                Schedule(
                    settings.epochs, sampler.n_batches(size, size * settings.batches_per_epoch), settings.patience, 1
                ),
                losses=losses,
                evaluate=network.judge if judged.any() else None,
                run=run,
                stage="Fine-tuning",
            )
        return network.towers.head(scorer.head.mixture).product_tower, network.scale(), history

    def _judged_pairs(self, product: np.ndarray, seed: int) -> np.ndarray:
        """(m,) bool: which support pairs are held out; product: (m,) what they are about. A product keeps one pair: without a
        term of its own it can't tell how much terms are worth."""
        judged = np.random.default_rng(seed).random(len(product)) < self.settings.held_out_share
        judged[np.unique(product, return_index=True)[1]] = False
        return judged if judged.sum() >= MIN_HELD_OUT else np.zeros(len(product), dtype=bool)
