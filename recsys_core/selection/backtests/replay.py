"""Replays one split: sets the stage, and asks every way of recommending at every number of first sales."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.special import expit

from recsys_core.dataset import Launch
from recsys_core.errors import CannotRun
from recsys_core.evaluation.metrics import hits
from recsys_core.evaluation.pseudo_launch import MIN_PRODUCTS, MIN_QUERIES
from recsys_core.evaluation.ranking import ScoreBlock, best_columns, blocks, in_blocks
from recsys_core.evaluation.reliability import reliability
from recsys_core.evaluation.split import Split
from recsys_core.models.known_products import KnownProducts
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext
from recsys_core.selection.backtests.replayed import Queries, Said, Stage
from recsys_core.selection.backtests.ways import Answer, Baselines, Way
from recsys_core.tables.columns import CUSTOMER, PRODUCT

MOST_CUSTOMERS = 50_000
"""So many customers, at most, are asked: of more, a random draw."""
KNOWN_CUSTOMERS = 2500
"""So many, at most, of those who bought known products later."""
COLUMNS = 64
"""Products whose audiences are ranked at once."""


class Replay:
    """One split with the source model that was trained on its past."""

    def __init__(self, split: Split, source: SourceModel, shots: Sequence[int], top: int, run: RunContext):
        """Raises CannotRun if too few new products have enough buyers for even the fewest first sales."""
        self.split, self.source, self.top, self.run = split, source, top, run
        self.customer_ids = source.customer_ids_
        self.everyone = np.arange(len(self.customer_ids))
        if len(self.everyone) > MOST_CUSTOMERS:
            drawn = np.random.default_rng(run.seed).permutation(self.everyone)[:MOST_CUSTOMERS]
            self.everyone = np.sort(drawn)
        sales = split.sales
        product = pd.Index(split.new_products[PRODUCT]).get_indexer(sales[PRODUCT])
        buyers = np.bincount(product, minlength=len(split.new_products))
        rank = sales.groupby(PRODUCT, sort=False).cumcount().to_numpy()
        most = next((k for k in sorted(shots, reverse=True) if (buyers >= k + MIN_QUERIES).sum() >= MIN_PRODUCTS), None)
        if most is None:
            enough = int((buyers >= min(shots) + MIN_QUERIES).sum())
            raise CannotRun(
                f"{split.name}: {enough} of {len(buyers):,} new products have {min(shots) + MIN_QUERIES} buyers that were known "
                f"before; at least {MIN_PRODUCTS} are needed. Upload a longer history, or replay with fewer cuts."
            )
        self.shots = sorted({k for k in shots if k <= most})
        self.few = np.flatnonzero(buyers >= most + MIN_QUERIES)
        self.products = split.new_products.iloc[self.few].reset_index(drop=True)
        position = np.full(len(buyers), -1)
        position[self.few] = np.arange(len(self.few))
        self._few_sales = sales[position[product] >= 0]
        self._rank = rank[position[product] >= 0]
        # From here on customers are positions among those asked.
        customer = pd.Index(self.customer_ids[self.everyone]).get_indexer(pd.Index(sales[CUSTOMER]))
        asked = customer >= 0
        later = asked & (position[product] >= 0) & (rank >= most)
        self.queries = Queries.of(customer[later], position[product[later]], len(self.few))
        self.everything = Queries.of(customer[asked], product[asked], len(buyers))
        first = (position[product] >= 0) & (rank < most)
        self.support = np.full((len(self.few), most), -1)
        self.support[position[product[first]], rank[first]] = customer[first]
        self.buyers = buyers
        self.baselines = Baselines(split.catalog, run)
        self._set_up_known()

    def launch(self, shots: int) -> Launch:
        """The products with enough buyers, with their first `shots` sales."""
        return Launch(self.split.name, self.products, self._few_sales[self._rank < shots])

    def stage(self) -> Stage:
        split, catalog = self.split, self.split.catalog
        both = self.source.space_.with_launch(split.new_products, run=self.run).catalog()
        known, new = both.split(len(catalog.product_ids))
        alike = _nearest(new.words, known.words)
        columns = [name for name in ("title", "category", "price") if name in split.new_products]
        products = split.new_products[[PRODUCT, *columns]].assign(
            first_sold=split.new_products[PRODUCT].map(split.first_sold).astype("datetime64[us]"),
            buyers=self.buyers,
            twin=catalog.products["title"].to_numpy()[alike[0]],
            twin_likeness=alike[1],
        )
        customers = pd.DataFrame(
            {
                CUSTOMER: self.customer_ids[self.everyone],
                "bought": np.diff(self.source.weights_.indptr)[self.everyone],
            }
        )
        return Stage(
            name=split.name,
            reached=split.reached,
            days=_days(split, self.few),
            whole=len(self.customer_ids),
            shots=self.shots,
            customers=customers,
            products=products,
            known=len(catalog.product_ids),
            few=self.few,
            support=self.support,
            queries=self.queries,
            everything=self.everything,
            likeness=self._likeness(),
            known_queries=self.known_queries,
            known_found=hits(self.known_lists, self.known_queries.relevant),
            content=new.dense[self.few],
        )

    def _likeness(self) -> np.ndarray:
        """See `Stage.likeness`."""
        pairs, score = self.queries, self.baselines.content(self.launch(0))
        parts = []
        for block in blocks(np.arange(len(pairs.asked))):
            at = np.flatnonzero((pairs.customer >= block[0]) & (pairs.customer <= block[-1]))
            parts.append(score(self.everyone[pairs.asked[block]])[pairs.customer[at] - block[0], pairs.product[at]])
        return np.concatenate(parts)

    def said(self, name: str, way: Way) -> Said:
        """Raises CannotRun where the way can't be placed."""
        parts, chances = [], []
        for shots in self.shots:
            self.run.check()
            answer = way(self.launch(shots))
            parts.append(self._ranked(answer))
            if answer.odds:
                chances += [{"shots": shots} | row for row in self._chances(answer, shots)]
        answer = way(Launch(self.split.name, self.split.new_products))
        everything = self._lists(answer.score, self.everything.asked, None)
        lists, in_list, in_audience, together = (np.stack(arrays) for arrays in zip(*parts, strict=True))
        return Said(name, lists, in_list, in_audience, everything, together, chances, answer.days)

    def _buyers(self, since: int, until: int) -> sp.csr_matrix:
        """(n_customers, n_e) ones: first buyers from number `since` on, up to `until`."""
        who = self.support[:, since:until]
        product = np.repeat(np.arange(len(who)), who.shape[1])[who.ravel() >= 0]
        who = who.ravel()[who.ravel() >= 0]
        return sp.csr_matrix((np.ones(len(who), dtype=np.float32), (who, product)), (len(self.everyone), len(self.few)))

    def _lists(self, score: ScoreBlock, asked: np.ndarray, hidden: sp.csr_matrix | None) -> np.ndarray:
        """(n, top) int32 best products of customers (positions among those asked), -1 behind the last."""

        def listed(rows: np.ndarray) -> np.ndarray:
            scores = self._masked(score, rows, hidden)
            return _kept(scores, best_columns(scores, self.top), self.top)

        return np.concatenate([*in_blocks(listed, asked)] or [np.zeros((0, self.top), dtype=np.int32)])

    def _masked(self, score: ScoreBlock, rows: np.ndarray, hidden: sp.csr_matrix | None) -> np.ndarray:
        scores = score(self.everyone[rows])
        if hidden is not None:
            scores[hidden[rows].nonzero()] = -np.inf
        return scores

    def _ranked(self, answer: Answer) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """lists, in_list, in_audience and together of `Said`, with one number of first sales."""
        # All first buyers, however many are known: else they would stand in the way of those to be found, the more the fewer
        # are known, and every curve would rise by itself.
        hidden, pairs = self._buyers(0, max(self.shots)), self.queries
        ranks = np.empty(len(pairs.customer), dtype=np.int32)
        starts = np.searchsorted(pairs.customer, np.arange(len(pairs.asked) + 1))
        lists = np.empty((len(pairs.asked), self.top), dtype=np.int32)
        for block in blocks(np.arange(len(pairs.asked))):
            scores = self._masked(answer.score, pairs.asked[block], hidden)
            lists[block] = _kept(scores, best_columns(scores, self.top), self.top)
            at = slice(starts[block[0]], starts[block[-1] + 1])
            ranks[at] = _ranks(scores, pairs.customer[at] - block[0], pairs.product[at])
        audience = np.concatenate(
            [self._masked(answer.audience, rows, hidden) for rows in blocks(np.arange(len(self.everyone)))]
        ).T
        return lists, ranks, self._audience_ranks(audience), self._together(answer, hidden)

    def _audience_ranks(self, scores: np.ndarray) -> np.ndarray:
        """(m,) ranks of the later buyers among all customers; scores: (n, n_customers), ties go to the one who comes first."""
        pairs = self.queries
        customer = pairs.asked[pairs.customer]
        order = np.argsort(pairs.product, kind="stable")
        ranks = np.empty(len(order), dtype=np.int32)
        starts = np.searchsorted(pairs.product[order], np.arange(len(scores) + 1))
        for start in range(0, len(scores), COLUMNS):
            self.run.check()
            stop = min(start + COLUMNS, len(scores))
            place = np.empty((stop - start, scores.shape[1]), dtype=np.int32)
            best = np.argsort(-scores[start:stop], axis=1, kind="stable")
            np.put_along_axis(place, best, np.arange(1, scores.shape[1] + 1, dtype=np.int32)[None], axis=1)
            at = order[starts[start] : starts[stop]]
            ranks[at] = place[pairs.product[at] - start, customer[at]]
        return ranks

    def _chances(self, answer: Answer, shots: int) -> list[dict[str, float]]:
        """Of all customers' listed pairs: how probable a purchase was said to be, and how often there was one, by any buyer after
        the first `shots`."""
        hidden = self._buyers(0, shots)
        bought = self._bought() + self._buyers(shots, max(self.shots))

        def listed(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            odds = self._masked(answer.audience, rows, hidden)
            best = best_columns(odds, self.top)
            value = np.take_along_axis(odds, best, axis=1)
            there = np.isfinite(value)
            came = np.take_along_axis(bought[rows].toarray(), best, axis=1) > 0
            return expit(value[there]), came[there], best[there]

        probability, came, product = (
            np.concatenate(arrays) for arrays in zip(*in_blocks(listed, np.arange(len(self.everyone))), strict=True)
        )
        return reliability(probability, came, product, np.ones(len(came)), self.run.seed)

    def _bought(self) -> sp.csr_matrix:
        """(n_customers, n_e) ones: what is to be found."""
        pairs = self.queries
        where = pairs.asked[pairs.customer], pairs.product
        return sp.csr_matrix((np.ones(len(where[0]), dtype=np.float32), where), (len(self.everyone), len(self.few)))

    def _set_up_known(self) -> None:
        """Lists of known products, for those who bought some later."""
        later = self.split.later
        product = self.source.product_ids_.get_indexer(pd.Index(later[PRODUCT]))
        customer = pd.Index(self.customer_ids[self.everyone]).get_indexer(pd.Index(later[CUSTOMER]))
        who = np.unique(customer[(customer >= 0) & (product >= 0)])
        who = np.sort(np.random.default_rng(self.run.seed).permutation(who)[:KNOWN_CUSTOMERS])
        kept = np.isin(customer, who) & (product >= 0)
        self.known_queries = Queries.of(customer[kept], product[kept], len(self.source.product_ids_))
        asked = self.known_queries.asked
        self.known_lists = np.full((len(asked), self.top), -1, dtype=np.int32)
        self._known_scores = np.full((len(asked), self.top), -np.inf, dtype=np.float32)
        if not len(asked):
            return
        known = KnownProducts.of(self.source, run=self.run)
        total, squares, count = 0.0, 0.0, 0
        for block in blocks(np.arange(len(asked))):
            customers = self.everyone[asked[block]]
            scores = known.scores(customers)
            total, squares, count = (
                total + scores.sum(),
                squares + (scores.astype(float) ** 2).sum(),
                count + scores.size,
            )
            scores[self.source.weights_[customers].nonzero()] = -np.inf
            best = best_columns(scores, self.top)
            self.known_lists[block] = _kept(scores, best, self.top)
            values = np.take_along_axis(scores, best, axis=1)
            self._known_scores[block, : values.shape[1]] = values
        mean = total / count
        self._known_scores = (self._known_scores - mean) / max(np.sqrt(squares / count - mean**2), 1e-9)

    def _together(self, answer: Answer, hidden: sp.csr_matrix) -> np.ndarray:
        """One list of known and new products, each kind's scores brought to mean 0 and spread 1 over all pairs; see `Said`."""
        asked = self.known_queries.asked
        if not len(asked):
            return np.zeros((0, self.top), dtype=np.int8)
        scores = np.concatenate([answer.score(self.everyone[rows]) for rows in blocks(asked)])
        scores = (scores - scores.mean()) / max(float(scores.std()), 1e-9)
        scores[hidden[asked].nonzero()] = -np.inf
        best = best_columns(scores, self.top)
        values = np.hstack([self._known_scores, np.take_along_axis(scores, best, axis=1)])
        bought = self._bought()[asked]
        found = np.hstack(
            [
                hits(self.known_lists, self.known_queries.relevant).astype(np.int8),
                2 * (np.take_along_axis(bought.toarray(), best, axis=1) > 0).astype(np.int8),
            ]
        )
        return np.take_along_axis(found, best_columns(values, self.top), axis=1)


def _days(split: Split, products: np.ndarray) -> float | None:
    """See `Stage.days`; of those new products (positions)."""
    if not len(split.first_sold):
        return None
    first = split.first_sold.reindex(split.new_products[PRODUCT].iloc[products])
    return float((split.sales["timestamp"].max() - first).mean() / pd.Timedelta(days=1))


def _kept(scores: np.ndarray, best: np.ndarray, top: int) -> np.ndarray:
    """(b, top) int32: the best columns, -1 where there is none or it is hidden."""
    kept = np.full((len(best), top), -1, dtype=np.int32)
    kept[:, : best.shape[1]] = np.where(np.isfinite(np.take_along_axis(scores, best, axis=1)), best, -1)
    return kept


def _ranks(scores: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """(m,) ranks, from 1, of those cells in their rows; ties go to the column that comes first."""
    order = np.argsort(-scores, axis=1, kind="stable")
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.arange(1, scores.shape[1] + 1)[None], axis=1)
    return place[row, column]


def _nearest(new: sp.csr_matrix, known: sp.csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    """(n,) which known product each new one's words are most alike, and their cosine; rows have length 1 or are zeros."""
    at, cosine = np.zeros(new.shape[0], dtype=np.int64), np.zeros(new.shape[0], dtype=np.float32)
    columns = known.T.tocsr()
    for rows in blocks(np.arange(new.shape[0])):
        alike = (new[rows] @ columns).toarray()
        at[rows] = alike.argmax(axis=1)
        cosine[rows] = alike.max(axis=1)
    return at, cosine
