"""The source model: what is learned on the catalog, once, and every method of adaptation starts from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from pydantic import BaseModel, Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from recsys_core.artefacts import load_arrays, load_frame, pack_sparse, part, prefixed, save_arrays, unpack_sparse
from recsys_core.content.prices import PriceLevels
from recsys_core.content.word_meanings import WordMeanings
from recsys_core.content.words import WordCounts
from recsys_core.dataset import Dataset
from recsys_core.errors import InvalidTable
from recsys_core.evaluation.pseudo_launch import (
    MIN_PRODUCTS,
    HeldOut,
    HeldOutBy,
    HeldOutSales,
    held_out_sales,
    hold_out,
)
from recsys_core.models.co_purchases import CoPurchases, folded_in, product_factors
from recsys_core.models.content_space import ContentSpace, ContentVectors
from recsys_core.models.head import Head, Mixture, Scorer
from recsys_core.run_context import RunContext
from recsys_core.settings import with_settings

if TYPE_CHECKING:
    import torch

Share = Annotated[float, Field(ge=0, lt=1)]


class SourceModelConfig(BaseModel, frozen=True, extra="forbid", use_attribute_docstrings=True):
    content_dimensions: PositiveInt = 256
    """Size of the dense content vectors' text part."""
    meaning_dimensions: NonNegativeInt = 128
    """Size of what words mean, read by a pretrained text model once a word (see `word_meanings.py`); 0: words mean nothing."""
    text_model: str | None = None
    """That model: a folder, or a name on a hub; none: the one that comes along."""
    taste_dimensions: PositiveInt = 128
    """Size of the co-purchase factor space."""
    epochs: PositiveInt = 3
    batch_size: PositiveInt = 1024
    """Pairs of customer and product in a batch; its products are each other's negatives."""
    pairs_per_epoch: PositiveInt = 75_000
    """A larger catalog is passed over in slices of that many pairs, drawn anew each epoch."""
    learning_rate: PositiveFloat = 3e-4
    scalar_rate: PositiveFloat = 2e-2
    """Learning rate of the two scales beside the towers."""
    weight_decay: NonNegativeFloat = 0.01
    log_frequency_strength: NonNegativeFloat = 0.0
    """Share of the log-frequency correction: 1 learns what sells, 0 what is bought more than expected."""
    adversarial_weight: NonNegativeFloat = 0.0
    """Weight of the loss of content and customer vectors that were moved the worst way (see `adversarial.py`); 0: none."""
    adversarial_size: PositiveFloat = 0.1
    """Length of such a move; the vectors have length 1."""
    word_dropout: Share = 0.0
    """Share of the words of a batch's products that are left out, so that no single word is relied upon."""
    attribute_dropout: Share = 0.0
    """The same of their categories, brands, tags and other attributes, and of their prices."""
    generator_weight: Share = 0.0
    """Share of a generated vector in where a new product's content places it among tastes (see `generator.py`); 0: none."""
    generator_epochs: PositiveInt = 6
    generator_adversarial_weight: NonNegativeFloat = 0.1
    """Weight of deceiving the discriminator beside ranking for the true buyers; 0: no discriminator."""
    held_out_share: Share = 0.15
    """Products that are never trained on: two thirds stop training in time and weigh the signals, one third judges."""
    held_out_at_most: PositiveInt = 1500
    held_out_by: HeldOutBy = "product"
    """What is held out: single products; whole categories, for a shop that launches new kinds of things; or whatever was
    first sold after a date, with all later interactions (on two of three timed data sets worse than single products)."""
    judged_customers: PositiveInt = 2500
    """So many customers, at most, judge an epoch and the signals."""
    patience: PositiveInt = 2


def source_model_config(settings: Mapping[str, Any]) -> SourceModelConfig:
    """The usual settings with those changed. Raises InvalidSetting for one that there isn't, or a value it can't have."""
    return with_settings(SourceModelConfig, settings, "the source model")


SHARPNESS_START = 10.0
JUDGING = 3
"""Every so manieth held-out product is kept for judging; the others stop training in time and weigh the signals."""


class SourceModel:
    """Two towers on content beside what is bought together; the formula is in `head.py`.

    serves_new_products: any product, by content. serves_new_customers: no; to one without history products differ by their pace alone.

        model = SourceModel().fit(catalog, run=RunContext(seed=0))
        model.save(folder)
    """

    serves_new_products = True
    serves_new_customers = False

    config: SourceModelConfig
    product_ids_: pd.Index
    customer_ids_: pd.Index
    weights_: sp.csr_matrix
    """(n_customers, n_products) the catalog's damped interactions."""
    shown_: sp.csr_matrix
    """The part of `weights_` that was learned from: nothing of the held-out products."""
    space_: ContentSpace
    factors_: np.ndarray
    """(n_products, r) frozen co-purchase factors: of what is shown, the held-out products folded in."""
    head_: Head
    sales_: HeldOutSales
    """Who bought the held-out products, in order: what tasks are made of."""
    history_: list[dict[str, float]]
    """One dict an epoch: epoch, loss, ndcg (zero-shot, on the products of `choosing`), seconds."""
    replayed_: dict[str, float]
    """ndcg@20 on the products of `judging` by number of first sales ("0", "1", ...); empty where nothing could be judged."""

    def __init__(self, config: SourceModelConfig = SourceModelConfig()):
        self.config = config

    def fit(self, catalog: Dataset, *, run: RunContext) -> Self:
        """Raises InvalidTable if the catalog has nothing to learn from, Cancelled if told to stop."""
        import torch

        from recsys_core.models.adversarial import Adversary
        from recsys_core.models.augmentation import ContentDropout
        from recsys_core.models.batches import TaskSampler
        from recsys_core.models.generator import trained_generator
        from recsys_core.models.mixing import MixtureSearch
        from recsys_core.models.network import TwoTowers
        from recsys_core.models.training import Schedule, one_core_left, train

        config = self.config
        if not len(catalog.customer_ids):
            raise InvalidTable(
                "The catalog has no interaction that names a known product and a customer, so there is nothing to learn "
                "from. Upload an interactions file whose product_id and customer_id match the other files."
            )
        self._describe(catalog, run)
        content = self.space_.catalog()
        dropout = None
        if config.word_dropout or config.attribute_dropout:
            dropout = ContentDropout.of(self.space_, content.words, config.word_dropout, config.attribute_dropout)
        sampler = TaskSampler(self.shown_, content, dropout)
        identity = np.eye(self.space_.dimensions, dtype=np.float32)
        start = Head(identity, identity, np.full(2, SHARPNESS_START, dtype=np.float32))
        if config.generator_weight:
            generator = trained_generator(self, content, run)
            share = np.array([config.generator_weight], dtype=np.float32)
            start = replace(start, generator=generator, generator_share=share)
        towers = TwoTowers(start).to(run.device)
        size = min(config.batch_size, len(sampler.products))
        batches = sampler.n_batches(size, config.pairs_per_epoch)
        towers.compile_loss(config.epochs * batches)
        optimizer = torch.optim.AdamW(
            towers.parameter_groups(config.learning_rate, config.scalar_rate, config.weight_decay)
        )
        search = None
        if len(self.held_out_):
            strict = Scorer(start, content, CoPurchases(self.shown_, self.strict_factors))
            search = MixtureSearch(strict, self.sales_.of(self.choosing()), config.judged_customers, run)
            same = (search.meaning_share,)
            judge = MixtureSearch(strict, self.sales_.of(self.judging()), config.judged_customers, run, same)
        if search and not len(search.zero.customers):
            search = None
        adversary = None
        if config.adversarial_weight:
            adversary = Adversary(config.adversarial_weight, config.adversarial_size)

        def losses(epoch: int) -> Iterator[torch.Tensor]:
            rng = np.random.default_rng([run.seed, epoch])
            for batch in sampler.epoch(rng, size, config.pairs_per_epoch):
                yield towers.loss(batch, config.log_frequency_strength, adversary)

        def evaluate() -> float:
            assert search is not None
            search.set_towers(towers.head(start.mixture))
            return search.zero.ndcg(search.start(), 0)

        with one_core_left():
            self.history_ = train(
                towers,
                optimizer,
                Schedule(config.epochs, batches, config.patience),
                losses=losses,
                evaluate=evaluate if search else None,
                run=run,
            )
        mixture, self.replayed_ = Mixture(), {}
        if search:
            search.set_towers(towers.head(mixture))
            mixture = search.search(run)
            judge.set_towers(towers.head(mixture))
            self.replayed_ = {str(shots): round(value, 4) for shots, value in judge.figures(mixture).items()}
        self.head_ = towers.head(mixture)
        return self

    @property
    def held_out_(self) -> np.ndarray:
        """Positions of the products that were never trained on."""
        return self.sales_.products

    @property
    def strict_factors(self) -> np.ndarray:
        """The factors with nothing of the held-out products: for a replay in which those are new."""
        factors = self.factors_.copy()
        factors[self.held_out_] = 0
        return factors

    def choosing(self) -> np.ndarray:
        """Positions of the held-out products by which epoch and mixture were chosen."""
        return self.held_out_[np.arange(len(self.held_out_)) % JUDGING > 0]

    def learning(self) -> np.ndarray:
        """Half of `choosing`: what methods learn from that are trained over tasks."""
        return self.held_out_[1::JUDGING]

    def validating(self) -> np.ndarray:
        """The other half: what stops such methods in time, and weighs them against each other."""
        return self.held_out_[2::JUDGING]

    def judging(self) -> np.ndarray:
        """Positions of the held-out products by which nothing was chosen: what is found on them is an honest figure."""
        return self.held_out_[::JUDGING]

    def _describe(self, catalog: Dataset, run: RunContext) -> None:
        """What is fixed before training: ids, content, co-purchase factors, held-out products."""
        config = self.config
        run.progress("Reading the catalog", 0, 3)
        self.product_ids_, self.customer_ids_ = catalog.product_ids, catalog.customer_ids
        self.weights_ = catalog.weights
        run.progress("Reading product texts", 1, 3)
        self.space_ = ContentSpace.of(
            catalog.products, config.content_dimensions, config.meaning_dimensions, config.text_model, run=run
        )
        run.progress("Comparing baskets", 2, 3)
        held_out = hold_out(catalog, config.held_out_share, config.held_out_at_most, run.seed, config.held_out_by)
        if len(held_out.products) < JUDGING * MIN_PRODUCTS or not held_out.shown.nnz:
            held_out = HeldOut(held_out.products[:0], self.weights_)
        self.shown_, self.sales_ = held_out.shown, held_out_sales(catalog, held_out, run.seed)
        factors = product_factors(self.shown_, config.taste_dimensions, run.seed)
        self.factors_ = folded_in(factors, self.shown_, self.weights_)
        run.progress("Comparing baskets", 3, 3)

    def scorer(self, content: ContentVectors) -> Scorer:
        """Scores of this catalog's customers; content: of the catalog's products, its words beside those of a launch."""
        return Scorer(self.head_, content, CoPurchases(self.weights_, self.factors_))

    def strict_scorer(self, new: np.ndarray) -> Scorer:
        """The same in a catalog that never had the held-out products, but for the words of `new` (positions): a launch's."""
        content = self.space_.without(np.setdiff1d(self.held_out_, new)).catalog()
        return Scorer(self.head_, content, CoPurchases(self.shown_, self.strict_factors))

    def save(self, folder: Path) -> None:
        arrays = prefixed(self.head_.arrays(), "head.") | prefixed(self.space_.meanings.arrays(), "meanings.")
        arrays |= pack_sparse("weights", self.weights_) | pack_sparse("shown", self.shown_)
        arrays |= pack_sparse("counts", self.space_.counts.counts)
        arrays |= prefixed(self.sales_.arrays(), "sales.")
        arrays |= {
            "factors": self.factors_,
            "components": self.space_.components,
            "price_levels": self.space_.price_levels,
            "price_quantiles": self.space_.prices.levels,
        }
        settings = {
            "config": self.config.model_dump(mode="json"),
            "mixture": self.head_.mixture.as_dict(),
            "attributes": self.space_.counts.attributes,
            "history": self.history_,
            "replayed": self.replayed_,
        }
        frames = {
            "products": pd.DataFrame({"product_id": self.product_ids_}),
            "customers": pd.DataFrame({"customer_id": self.customer_ids_}),
            "words": pd.DataFrame({"word": pd.Series(self.space_.counts.vocabulary, dtype="str")}),
        }
        save_arrays(folder, arrays, settings, frames)

    @classmethod
    def load(cls, folder: Path) -> SourceModel:
        """Raises DamagedArtefact if the folder isn't what `save` wrote."""
        arrays, settings = load_arrays(folder)
        model = cls(SourceModelConfig(**settings["config"]))
        model.product_ids_ = pd.Index(load_frame(folder, "products")["product_id"], dtype="str")
        model.customer_ids_ = pd.Index(load_frame(folder, "customers")["customer_id"], dtype="str")
        model.weights_ = unpack_sparse("weights", arrays)
        words = load_frame(folder, "words")["word"].tolist()
        counts = WordCounts(words, unpack_sparse("counts", arrays), settings["attributes"])
        prices = PriceLevels(arrays["price_quantiles"])
        sales = part(arrays, "sales.")
        # A model of an earlier version has neither times nor meanings.
        sales.setdefault("time", np.full(len(sales["customer"]), np.nan))
        stored = part(arrays, "meanings.")
        meanings = WordMeanings.of_arrays(stored, model.config.text_model) if stored else WordMeanings.none(len(words))
        model.space_ = ContentSpace(counts, arrays["components"], prices, arrays["price_levels"], meanings)
        model.factors_, model.history_, model.replayed_ = arrays["factors"], settings["history"], settings["replayed"]
        model.shown_ = unpack_sparse("shown", arrays)
        model.sales_ = HeldOutSales(**sales, n_customers=len(model.customer_ids_))
        model.head_ = load_head(arrays, settings["mixture"])
        return model


def load_head(arrays: dict[str, np.ndarray], mixture: dict) -> Head:
    return Head(**part(arrays, "head."), mixture=Mixture(**mixture))
