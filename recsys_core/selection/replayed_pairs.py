"""Pairs of customers and held-out products, scored as they would be in a launch, with what came of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recsys_core.adaptation.adapter import Adapter, Side
from recsys_core.adaptation.purchase_probability import Traits
from recsys_core.dataset import Dataset, damped_weights
from recsys_core.errors import CannotRun
from recsys_core.evaluation.pseudo_launch import MIN_PRODUCTS, HeldOut, HeldOutSales, held_out_sales
from recsys_core.evaluation.ranking import best_columns, blocks
from recsys_core.models.co_purchases import CoPurchases
from recsys_core.models.head import Scorer
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext

SHOTS = (0, 1, 2, 5, 10)
TYPICAL_PRODUCTS = 100
"""So many products, at most, tell how high products score for a customer."""
TOP = 20
"""Length of the lists that are replayed; of few products the best fifth."""
OTHERS = 20
"""So many pairs outside a customer's list are drawn, on average."""
CUSTOMERS = 3000
"""So many customers, at most, of those who bought any of the products, and as many of the others."""
MIN_PURCHASES = 20
"""With fewer purchases after the first ones nothing can be learned for that number of first sales."""
HISTORY_SHARE = 0.5
"""Of all sales, those before the cut of a replay in time."""


@dataclass(frozen=True)
class ReplayedPairs:
    """Pairs (m,) of products with the same number of first sales: every pair at the head of a list, every later purchase, and a
    sample of all others; weighted, they stand for all customers with history × all products that came so far."""

    customer: np.ndarray
    product: np.ndarray
    """Position among the replayed products."""
    score: np.ndarray
    traits: Traits
    """Of the customer."""
    bought: np.ndarray
    """bool: the customer bought the product, after its first sales."""
    weight: np.ndarray
    """How many pairs it stands for."""
    listed: np.ndarray
    """bool: it is at the head of the customer's list (`list_length`)."""

    def take(self, rows: np.ndarray) -> ReplayedPairs:
        arrays = {name: array[rows] for name, array in vars(self).items() if name != "traits"}
        return ReplayedPairs(traits=self.traits.take(rows), **arrays)

    @staticmethod
    def joined(parts: list[ReplayedPairs]) -> ReplayedPairs:
        arrays = {
            name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0]) if name != "traits"
        }
        traits = (np.concatenate(values) for values in zip(*(part.traits for part in parts), strict=True))
        return ReplayedPairs(traits=Traits(*traits), **arrays)


@dataclass(frozen=True)
class _Moment:
    """The products that came as far as a number of first sales, at the moment when they did."""

    products: np.ndarray
    """(n,) positions among the replayed products."""
    support: sp.csr_matrix
    """(n_customers, n)."""
    later: sp.csr_matrix
    """(n_customers, n): who bought after that."""
    pace: np.ndarray
    """(n,) of the support."""

    @classmethod
    def of(cls, sales: HeldOutSales, shots: int) -> _Moment:
        buyers = np.bincount(sales.product, minlength=len(sales.products))
        rank = sales.rank
        products = np.flatnonzero(buyers >= shots)
        position = np.full(len(buyers), -1)
        position[products] = np.arange(len(products))

        def matrix(rows: np.ndarray) -> sp.csr_matrix:
            rows = rows & (position[sales.product] >= 0)
            where = (sales.customer[rows], position[sales.product[rows]])
            return sp.csr_matrix((sales.weight[rows], where), (sales.n_customers, len(products)))

        pace = sales.of(sales.products[products]).pace(shots)
        return cls(products, matrix(rank < shots), matrix(rank >= shots), pace)

    @property
    def tells(self) -> bool:
        return len(self.products) >= MIN_PRODUCTS and self.later.nnz >= MIN_PURCHASES

    def pairs(
        self, scores: np.ndarray, block: np.ndarray, stands_for: float, traits: Traits, rng: np.random.Generator
    ) -> ReplayedPairs:
        """Of a block of customers (positions), each of whom stands for so many; scores: (n_block, n) float64."""
        scores[self.support[block].nonzero()] = -np.inf
        possible, bought = np.isfinite(scores), self.later[block].toarray() > 0
        listed = np.zeros_like(possible)
        top = list_length(scores.shape[1])
        np.put_along_axis(listed, best_columns(scores, top), True, axis=1)
        share = min(1.0, OTHERS / max(1, scores.shape[1] - top))
        sure = listed | bought
        row, column = np.nonzero(possible & (sure | (rng.random(scores.shape) < share)))
        return ReplayedPairs(
            block[row],
            self.products[column],
            scores[row, column],
            traits.take(block[row]),
            bought[row, column],
            stands_for * np.where(sure[row, column], 1.0, 1 / share),
            listed[row, column],
        )


def list_length(products: int) -> int:
    """How many of so many replayed products stand at the head of a customer's list."""
    return min(TOP, max(1, products // 5))


class Replay:
    """Held-out products as a launch, at the moments when they had 0, 1, 2, ... first sales, in a catalog that never had them.

    Unlike in `tasks`, products that hardly anyone bought afterwards count too: a launch can't tell them from the others.
    """

    def __init__(self, scorer: Scorer, sales: HeldOutSales, adapter: Adapter, run: RunContext):
        """scorer: of that catalog. Raises CannotRun for fewer than MIN_PRODUCTS, or where hardly anything was bought."""
        self.scorer, self.sales = scorer, sales
        self.moments = {shots: one for shots in SHOTS if (one := _Moment.of(sales, shots)).tells}
        if not self.moments:
            raise CannotRun("The catalog is too small to replay launches, so no probabilities could be learned.")
        products = sales.products
        content = self.scorer.content.take(products)
        nobody = sp.csr_matrix((len(products), self.sales.n_customers), dtype=np.float32)
        new = self.scorer.new_products(content, nobody)
        self.sides = {
            shots: adapter.side(
                self.scorer, new.take(moment.products).with_support(moment.support.T.tocsr(), moment.pace)
            )
            for shots, moment in run.track(self.moments.items(), "Replaying launches", len(self.moments))
        }
        some = np.linspace(0, len(new) - 1, min(len(new), TYPICAL_PRODUCTS)).astype(np.int64)
        self.typical, self.spread = self._in_general(adapter.side(self.scorer, new.take(some)), run)

    def _in_general(self, side: Side, run: RunContext) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation (n_customers,) of each customer's scores; 0 without history."""
        typical, spread = np.zeros((2, self.sales.n_customers))
        for block in blocks(np.flatnonzero(np.diff(self.scorer.weights.indptr))):
            run.check()
            scores = side.scores(self.scorer.customers(self.scorer.weights[block]))
            typical[block], spread[block] = scores.mean(axis=1), scores.std(axis=1)
        return typical, spread

    @classmethod
    def of_products(cls, source: SourceModel, adapter: Adapter, run: RunContext) -> Replay:
        """Of `source.judging()`. All else stays, so a customer's history also has what was bought together with these products,
        and later: it's easier than a launch, and its time is the whole history's."""
        products = source.judging()
        return cls(source.strict_scorer(products), source.sales_.of(products), adapter, run)

    @classmethod
    def in_time(cls, source: SourceModel, catalog: Dataset, adapter: Adapter, run: RunContext) -> Replay:
        """Of the held-out products by which no method was trained and that were first sold after a cut in time; histories end
        there, as in a launch. catalog: what the source model was trained on, with times.

        Products' towers and co-purchase factors still know later sales of other products.
        """
        times = catalog.sales["timestamp"]
        cut = times.quantile(HISTORY_SHARE)
        first = catalog.sales.groupby("product_id")["timestamp"].min().reindex(source.product_ids_)
        products = np.setdiff1d(source.held_out_, source.learning())
        products = products[(first.iloc[products] >= cut).to_numpy()]
        before = damped_weights(catalog.sales[times < cut], source.customer_ids_, source.product_ids_)
        strict = source.strict_scorer(products)
        scorer = Scorer(strict.head, strict.content, CoPurchases(before, strict.co_purchases.factors))
        return cls(scorer, held_out_sales(catalog, HeldOut(products, before), run.seed), adapter, run)

    def traits(self, histories: sp.csr_matrix) -> Traits:
        """Of the catalog's customers, with those histories."""
        return Traits.of(histories, self.typical, self.spread)

    def pairs(self, run: RunContext) -> dict[int, ReplayedPairs]:
        """Number of first sales → pairs of the products that came so far."""
        rng = np.random.default_rng(run.seed)
        traits = self.traits(self.scorer.weights)
        parts: dict[int, list[ReplayedPairs]] = {shots: [] for shots in self.moments}
        for customers, stands_for in _drawn_customers(self.scorer.weights, self.sales, rng):
            for block in blocks(customers):
                run.check()
                encoded = self.scorer.customers(self.scorer.weights[block])
                for shots, moment in self.moments.items():
                    scores = self.sides[shots].scores(encoded).astype(np.float64)
                    parts[shots].append(moment.pairs(scores, block, stands_for, traits, rng))
        return {shots: ReplayedPairs.joined(found) for shots, found in parts.items()}


def _drawn_customers(
    histories: sp.csr_matrix, sales: HeldOutSales, rng: np.random.Generator
) -> list[tuple[np.ndarray, float]]:
    """Customers with history, those who bought any of the products apart from the others, and how many each stands for."""
    known = np.flatnonzero(np.diff(histories.indptr))
    buyer = np.isin(known, sales.customer)
    groups = [known[buyer], known[~buyer]]
    return [
        (np.sort(rng.permutation(group)[:CUSTOMERS]), max(1.0, len(group) / CUSTOMERS))
        for group in groups
        if len(group)
    ]
