"""Chooses how the signals are mixed, by what finds the buyers of held-out products at 0, 1, 2, 5 and 10 first sales.

A search over a small grid, one number at a time, judged by ndcg itself: fitted by the softmax's cross-entropy the same
numbers did worse in trials. All signals are computed once; a step only adds them up anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from recsys_core.evaluation.pseudo_launch import MIN_PRODUCTS, HeldOutSales, PseudoLaunch
from recsys_core.models.content_space import ContentVectors
from recsys_core.models.head import TYPICAL_SPREAD, Head, Mixture, Scorer
from recsys_core.run_context import RunContext

SHOTS = (0, 1, 2, 5, 10)
ZERO_SHOT_COUNTS = 3
"""The zero-shot figure counts as often as three few-shot ones: it is the one that every launch starts from."""
GRID: dict[str, tuple[float, ...]] = {
    "towers": (0.1, 0.25, 0.5, 1),
    "taste": (0, 0.25, 0.5, 1, 1.5, 2.5, 4),
    "together": (0, 0.3, 0.6, 1, 1.5, 2.5, 4),
    "baskets": (0, 0.25, 0.5, 1, 1.5, 2.5),
    "taste_growth": (0, 0.25, 0.5, 1, 2),
    "taste_prior": (0.7, 1.5, 3, 5, 10, 20),
    "baskets_growth": (0, 0.25, 0.5, 1, 2),
    "baskets_prior": (0.7, 1.5, 3, 5, 10, 20),
}
PACES = (0.5, 1, 1.5, 2.5, 4)
PACE_MARGIN = 0.005
"""The best of these is taken only if it gains more than this share over none: pace is the same for all customers, so that what is
due to chance depends on how many products there are, not customers."""
MEANING_SHARES = (0.2, 0.4, 0.6)
"""Tried before all else, on new products without first sales: where a product's neighbours are decides on the other signals."""
ROUNDS = 2
MARGIN = 0.004
"""A step is taken only if it gains more than this share: less is noise."""
K = 20


@dataclass
class _Supported:
    """Parts of the two prototypes' cosines that come from the supporters: (n_customers, n) products, (n,) norms."""

    baskets: Tensor
    baskets_prior_square: Tensor
    baskets_square: Tensor
    baskets_with_prior: Tensor
    taste: Tensor
    taste_prior_square: Tensor
    taste_square: Tensor
    taste_with_prior: Tensor
    hidden: Tensor
    """(n_customers, n) bool: pairs of the support."""
    pace: Tensor


class Replayed:
    """Held-out products before some customers: every signal as a (n_customers, n) matrix, with and without supporters."""

    def __init__(
        self, scorer: Scorer, content: ContentVectors, launches: dict[int, PseudoLaunch], at_most: int, seed: int
    ):
        """content: of the catalog; launches: shots → the same products and queries with that many supporters."""
        any_launch = next(iter(launches.values()))
        buyers = np.flatnonzero(np.diff(any_launch.queries.indptr))
        self.customers = np.sort(np.random.default_rng(seed).permutation(buyers)[:at_most])
        self.content = content.take(any_launch.products)
        self.relevant = torch.tensor(any_launch.queries[self.customers].toarray() > 0)
        k = min(K, self.relevant.shape[1])
        self.discount = 1 / torch.log2(torch.arange(2, k + 2))
        self.ideal = torch.cumsum(self.discount, 0)[self.relevant.sum(1).clamp(max=k) - 1]
        weights = scorer.co_purchases.weights
        histories = weights[self.customers]
        side = scorer.customers(histories)
        placement = scorer.place(self.content)
        d, n_words = self.content.dense.shape[1], self.content.words.shape[1]
        self.histories = torch.tensor(scorer.content.dense.T @ histories.T).T
        basket, taste = side.sparse[:, n_words:], side.dense[:, d:-1]
        self.signals = {
            "words": torch.tensor((side.sparse[:, :n_words] @ self.content.words.T).toarray()),
            "together": torch.tensor((basket @ placement.together.T).toarray()),
            "baskets": torch.tensor((basket @ placement.baskets.T).toarray()),
            "taste": torch.tensor(taste @ placement.taste.T),
        }
        self.set_towers(scorer.head)
        self.supported = {}
        for shots, launch in launches.items():
            if not shots:
                continue
            supporters = np.flatnonzero(np.diff(launch.support.indptr))
            bought = (launch.support[supporters].T > 0).astype(np.float32).tocsr()
            theirs = scorer.customers(weights[supporters])
            baskets, tastes = bought @ theirs.sparse[:, n_words:], bought @ theirs.dense[:, d:-1]
            self.supported[shots] = _Supported(
                baskets=torch.tensor((basket @ baskets.T).toarray()),
                baskets_prior_square=_sums(placement.baskets.multiply(placement.baskets)),
                baskets_square=_sums(baskets.multiply(baskets)),
                baskets_with_prior=_sums(baskets.multiply(placement.baskets)),
                taste=torch.tensor(taste @ tastes.T),
                taste_prior_square=_sums(placement.taste * placement.taste),
                taste_square=_sums(tastes * tastes),
                taste_with_prior=_sums(tastes * placement.taste),
                hidden=torch.tensor(launch.support[self.customers].toarray() > 0),
                pace=torch.tensor(launch.pace),
            )

    def set_towers(self, head: Head) -> None:
        customers = torch.nn.functional.normalize(self.histories, dim=1) @ torch.tensor(head.customer_tower)
        self.signals["towers"] = customers @ (torch.tensor(self.content.dense) @ torch.tensor(head.product_tower)).T

    def spread(self) -> dict[str, float]:
        """σ of each signal; the typical one for a signal that says nothing here."""
        spread = {name: float(self.signals[name].std()) for name in TYPICAL_SPREAD}
        return {name: value if value > 1e-6 else TYPICAL_SPREAD[name] for name, value in spread.items()}

    def scores(self, mixture: Mixture, shots: int) -> Tensor:
        """(n_customers, n)."""
        weights = {name: float(value[0]) for name, value in mixture.weights(np.array([shots])).items()}
        total = self.signals["words"] * weights["words"]
        for name in ("towers", "together"):
            total.add_(self.signals[name], alpha=weights[name])
        if not shots:
            return total.add_(self.signals["baskets"], alpha=weights["baskets"]).add_(
                self.signals["taste"], alpha=weights["taste"]
            )
        s, b, z = self.supported[shots], mixture.baskets_prior, mixture.taste_prior
        if mixture.pace:
            total.add_(s.pace, alpha=mixture.pace)
        baskets = weights["baskets"] / _length(
            b * b * s.baskets_prior_square + 2 * b * s.baskets_with_prior + s.baskets_square
        )
        taste = weights["taste"] / _length(z * z * s.taste_prior_square + 2 * z * s.taste_with_prior + s.taste_square)
        total.addcmul_(self.signals["baskets"], b * baskets).addcmul_(s.baskets, baskets)
        return total.addcmul_(self.signals["taste"], z * taste).addcmul_(s.taste, taste)

    def ndcg(self, mixture: Mixture, shots: int) -> float:
        """Mean ndcg@20 over the customers."""
        scores = self.scores(mixture, shots)
        if shots:
            scores.masked_fill_(self.supported[shots].hidden, -torch.inf)
        best = scores.topk(len(self.discount), dim=1).indices
        return float(((self.relevant.gather(1, best) * self.discount).sum(1) / self.ideal).mean())


def _sums(matrix) -> Tensor:  # type: ignore[no-untyped-def]
    return torch.tensor(np.asarray(matrix.sum(axis=1)).ravel().astype(np.float32))


def _length(square: Tensor) -> Tensor:
    return torch.sqrt(square.clamp(min=1e-9))


class MixtureSearch:
    """The replays of one catalog, and the search on them."""

    def __init__(
        self,
        scorer: Scorer,
        sales: HeldOutSales,
        at_most: int,
        run: RunContext,
        shares: Sequence[float] = MEANING_SHARES,
    ):
        """scorer: of a catalog without those products; at_most: so many customers judge; shares: of meaning, of which the best is
        taken."""
        content, seed = scorer.content, run.seed
        best = -1.0
        for share in shares if content.meaning_dimensions else (0.0,):
            run.check()
            tried = scorer.with_meaning_share(share)
            replayed = Replayed(tried, content, {0: sales.launch(0)}, at_most, seed)
            # Where nobody is to be asked there is no mean.
            found = float(np.nan_to_num(replayed.ndcg(Mixture(spread=replayed.spread()), 0)))
            if found > best:
                best, scorer, self.zero, self.meaning_share = found, tried, replayed, share
        self.few: Replayed | None = None
        for most in sorted(SHOTS[1:], reverse=True):
            launches = {k: sales.launch(k, most) for k in SHOTS[1:] if k <= most}
            if len(launches[most].products) >= MIN_PRODUCTS:
                run.check()
                self.few = Replayed(scorer, content, launches, at_most, seed)
                break

    def set_towers(self, head: Head) -> None:
        for replayed in filter(None, (self.zero, self.few)):
            replayed.set_towers(head)

    def start(self) -> Mixture:
        return Mixture(meaning_share=self.meaning_share, spread=self.zero.spread())

    def figures(self, mixture: Mixture) -> dict[int, float]:
        """ndcg@20 by shots."""
        figures = {0: self.zero.ndcg(mixture, 0)}
        return figures | ({k: self.few.ndcg(mixture, k) for k in self.few.supported} if self.few else {})

    def search(self, run: RunContext) -> Mixture:
        """The best mixture found, from the start."""
        mixture = self.start()
        best = self._merit(mixture)
        for step, name in enumerate(run.track(list(GRID) * ROUNDS, "Weighing the signals", len(GRID) * ROUNDS)):
            for value in GRID[name]:
                run.check()
                tried = replace(mixture, **{name: value})  # type: ignore[arg-type]
                merit = best if tried == mixture else self._merit(tried)
                if merit > best + MARGIN:
                    mixture, best = tried, merit
            if step + 1 == len(GRID) and mixture == self.start():
                break
        return self._paced(mixture, best)

    def _paced(self, mixture: Mixture, merit: float) -> Mixture:
        """The mixture with the best weight of pace; merit: without."""
        if self.few is None or not any(bool(s.pace.any()) for s in self.few.supported.values()):
            return mixture
        tried = {pace: self._merit(replace(mixture, pace=pace)) for pace in PACES}
        best = max(tried, key=tried.__getitem__)
        return replace(mixture, pace=best) if tried[best] > merit + PACE_MARGIN else mixture

    def _merit(self, mixture: Mixture) -> float:
        figures = self.figures(mixture)
        counts = np.array([1 if shots else ZERO_SHOT_COUNTS for shots in figures])
        return float(np.average(np.log(np.maximum(list(figures.values()), 1e-9)), weights=counts))
