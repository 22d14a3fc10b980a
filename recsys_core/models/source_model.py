"""The source model: what is learned on the catalog, once, and every method of adaptation starts from."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Annotated, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from pydantic import BaseModel, Field, NonNegativeFloat, PositiveFloat, PositiveInt

from recsys_core.artefacts import (
    load_arrays,
    load_frame,
    pack_sparse,
    save_arrays,
    unpack_sparse,
)
from recsys_core.content.prices import PriceLevels
from recsys_core.content.unit_rows import unit_rows
from recsys_core.content.words import WordCounts
from recsys_core.dataset import Dataset
from recsys_core.errors import InvalidTable
from recsys_core.evaluation.metrics import ndcg
from recsys_core.evaluation.pseudo_launch import (
    held_out_products,
    pseudo_launch,
    without_products,
)
from recsys_core.models.content_space import ContentSpace, ContentVectors
from recsys_core.models.head import CustomerEncoder, Head, product_side, score
from recsys_core.models.interest_space import mean_of_buyers, product_factors, ridge
from recsys_core.run_context import RunContext

Share = Annotated[float, Field(ge=0, lt=1)]


class SourceModelConfig(BaseModel, frozen=True):
    content_dimensions: PositiveInt = 384
    """Size of the dense content vectors' text part."""
    taste_dimensions: PositiveInt = 128
    """Size of the co-purchase space."""
    epochs: PositiveInt = 5
    batch_size: PositiveInt = 1024
    """Pairs of customer and product in a batch; its products are each other's negatives."""
    pairs_per_epoch: PositiveInt = 150_000
    """A larger catalog is passed over in slices of that many pairs, drawn anew each epoch."""
    shots: tuple[int, ...] = (0, 0, 1, 2, 5, 10)
    """Numbers of supporters that training tasks have, each as likely as it stands here often."""
    learning_rate: PositiveFloat = 3e-4
    scalar_rate: PositiveFloat = 2e-2
    """Learning rate of the few numbers that mix the signals."""
    weight_decay: NonNegativeFloat = 0.01
    log_frequency_strength: NonNegativeFloat = 1.0
    """Share of the log-frequency correction: 1 learns what sells, 0 what is bought more than expected."""
    held_out_share: Share = 0.1
    """Products that are never trained on: they stop training in time, and `auto` chooses by them."""
    judged_customers: PositiveInt = 4000
    """So many customers, at most, judge an epoch."""
    patience: PositiveInt = 2


MIN_HELD_OUT = 10
"""With fewer held-out products an epoch can't be judged: then all are trained on and the last epoch counts."""
JUDGED_SHOTS = (0, 5)


class SourceModel:
    """A two-tower model on content and history; the formula is in `head.py`.

    serves_new_products: any product, by content. serves_new_customers: by what is expected to sell at all.

        model = SourceModel().fit(catalog, run=RunContext(seed=0))
        model.save(folder)
    """

    serves_new_products = True
    serves_new_customers = True

    config: SourceModelConfig
    product_ids_: pd.Index
    customer_ids_: pd.Index
    weights_: sp.csr_matrix
    """(n_customers, n_products) the catalog's damped interactions."""
    space_: ContentSpace
    factors_: np.ndarray
    """(n_products, r) frozen co-purchase factors; held-out products folded in."""
    strict_factors_: np.ndarray
    """The same with zeros for held-out products: for a replay in which those are new."""
    head_: Head
    held_out_: np.ndarray
    """Positions of the products that were never trained on."""
    history_: list[dict[str, float]]
    """One dict an epoch: epoch, loss, ndcg (mean over JUDGED_SHOTS on the held-out products), seconds."""

    def __init__(self, config: SourceModelConfig = SourceModelConfig()):
        self.config = config

    def fit(self, catalog: Dataset, *, run: RunContext) -> Self:
        """Raises InvalidTable if the catalog has nothing to learn from, Cancelled if told to stop."""
        import torch

        from recsys_core.models.batches import TaskSampler
        from recsys_core.models.network import Network
        from recsys_core.models.training import Schedule, train

        config = self.config
        if not len(catalog.customer_ids):
            raise InvalidTable(
                "The catalog has no interaction that names a known product and a customer, so there is nothing to learn "
                "from. Upload an interactions file whose product_id and customer_id match the other files."
            )
        run.progress("Reading the catalog", 0, 3)
        self._describe(catalog, run)
        sampler = TaskSampler(self._shown(), self.space_.catalog(), self.strict_factors_, config.shots)
        network = Network(self._start()).to(run.device)
        optimizer = torch.optim.AdamW(
            network.parameter_groups(config.learning_rate, config.scalar_rate, config.weight_decay)
        )
        judges = self._judges(catalog, run.seed) if len(self.held_out_) else []
        size = min(config.batch_size, len(sampler.products))

        def losses(epoch: int):  # type: ignore[no-untyped-def]
            rng = np.random.default_rng([run.seed, epoch])
            for batch in sampler.epoch(rng, size, config.pairs_per_epoch):
                yield network.loss(batch, config.log_frequency_strength)

        def evaluate() -> float:
            head = network.head()
            return float(np.mean([judge.ndcg(head) for judge in judges]))

        self.history_ = train(
            network,
            optimizer,
            Schedule(config.epochs, sampler.n_batches(size, config.pairs_per_epoch), config.patience),
            losses=losses,
            evaluate=evaluate if judges else None,
            run=run,
        )
        self.head_ = network.head()
        return self

    def _describe(self, catalog: Dataset, run: RunContext) -> None:
        """What is fixed before training: ids, content, co-purchase factors, held-out products."""
        config = self.config
        self.product_ids_, self.customer_ids_, self.weights_ = catalog.product_ids, catalog.customer_ids, catalog.weights
        run.progress("Reading product texts", 1, 3)
        self.space_ = ContentSpace.of(catalog.products, config.content_dimensions, run.seed)
        run.progress("Comparing baskets", 2, 3)
        self.held_out_ = held_out_products(catalog, config.held_out_share, run.seed)
        if len(self.held_out_) < MIN_HELD_OUT or not self._shown().nnz:
            self.held_out_ = self.held_out_[:0]
        self.strict_factors_, self.factors_ = product_factors(
            self.weights_, self.held_out_, config.taste_dimensions, run.seed
        )

    def _shown(self) -> sp.csr_matrix:
        return without_products(self.weights_, self.held_out_)

    def _start(self) -> Head:
        """An informed start: towers at the identity, so that epoch 0 equals content neighbours, and content placed
        among the baskets by ridge regression."""
        shown, content = self._shown(), self.space_.catalog()
        d, r = content.dense.shape[1], self.strict_factors_.shape[1]
        taste, buyers = mean_of_buyers(shown, unit_rows(shown @ self.strict_factors_))
        return Head(
            word_weights=np.ones(content.words.shape[1], dtype=np.float32),
            customer_tower=np.eye(d, dtype=np.float32),
            product_tower=np.eye(d, dtype=np.float32),
            placement=ridge(content.dense, taste, buyers, strength=5.0),
            taste=np.eye(r, dtype=np.float32),
            popularity=np.zeros(d, dtype=np.float32),
            prior_shots=np.asarray(2.0, dtype=np.float32),
            mixture=np.asarray([[10, 0], [5, 0], [12, 4], [0, 1.5]], dtype=np.float32),
        )

    def _judges(self, catalog: Dataset, seed: int) -> list[Judge]:
        content, shown = self.space_.catalog(), self._shown()
        judges = []
        for shots in JUDGED_SHOTS:
            replay = pseudo_launch(catalog, self.held_out_, shots, seed)
            if replay.n_queries:
                queries = _some_customers(replay.queries, self.config.judged_customers, seed)
                judges.append(Judge(content, self.strict_factors_, shown, replay.products, replay.support, queries))
        return judges

    def replaying(self, products: np.ndarray) -> SourceModel:
        """This model in a catalog where those products (positions) were never sold: for backtests on held-out products."""
        view = copy.copy(self)
        view.weights_, view.factors_ = without_products(self.weights_, products), self.strict_factors_
        return view

    def save(self, folder: Path) -> None:
        arrays = {f"head.{name}": array for name, array in self.head_.arrays().items()}
        arrays |= pack_sparse("weights", self.weights_) | pack_sparse("counts", self.space_.counts.counts)
        arrays |= {
            "factors": self.factors_,
            "strict_factors": self.strict_factors_,
            "held_out": self.held_out_,
            "components": self.space_.components,
            "price_levels": self.space_.price_levels,
            "price_quantiles": self.space_.prices.levels,
        }
        settings = {
            "config": self.config.model_dump(mode="json"),
            "attributes": self.space_.counts.attributes,
            "history": self.history_,
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
        model.space_ = ContentSpace(counts, arrays["components"], prices, arrays["price_levels"])
        model.factors_, model.strict_factors_ = arrays["factors"], arrays["strict_factors"]
        model.held_out_, model.history_ = arrays["held_out"], settings["history"]
        model.head_ = Head(**{name[5:]: array for name, array in arrays.items() if name.startswith("head.")})
        return model


class Judge:
    """Says how well a head finds the buyers of held-out products."""

    def __init__(
        self,
        content: ContentVectors,
        factors: np.ndarray,
        histories: sp.csr_matrix,
        products: np.ndarray,
        support: sp.csr_matrix,
        queries: sp.csr_matrix,
    ):
        self.content, self.factors, self.histories = content, factors, histories
        self.new = ContentVectors(content.words[products], content.dense[products])
        self.support, self.queries = support, queries

    def ndcg(self, head: Head, k: int = 20) -> float:
        """Mean ndcg@k over the customers with queries."""
        encoder = CustomerEncoder(head, self.content, self.factors)
        supporters = np.flatnonzero(np.diff(self.support.indptr))
        products = product_side(
            head, self.new, self.support[supporters].T.tocsr(), encoder.encode(self.histories[supporters])
        )
        return float(
            ndcg(
                lambda block: score(encoder.encode(self.histories[block]), products), self.queries, self.support, k
            ).mean()
        )


def _some_customers(queries: sp.csr_matrix, at_most: int, seed: int) -> sp.csr_matrix:
    """`queries` with the rows of all but a seeded choice of customers emptied."""
    customers = np.flatnonzero(np.diff(queries.indptr))
    chosen = np.random.default_rng(seed).permutation(customers)[:at_most]
    keep = np.zeros(queries.shape[0], dtype=np.float32)
    keep[chosen] = 1
    kept = (sp.diags(keep) @ queries).tocsr()
    kept.eliminate_zeros()
    return kept
