"""How sure the lists of a new product are: what first sales were worth in replayed launches, and how many more would help."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from recsys_core.adaptation.adapter import Adapter
from recsys_core.adaptation.tasks import Tasks, tasks
from recsys_core.errors import CannotRun
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext

MARGIN = 0.05
"""A product is known well when its lists are at most this share worse than with the most first sales that were replayed."""
STEPS = (1, 3, 10)
"""More first sales, of which is said what they would bring."""
CUSTOMERS = 2500
"""So many customers, at most, are asked for in the replay."""
DRAWS = 500


@dataclass(frozen=True)
class Certainty:
    """What the same replayed products' lists were worth with more and more first sales, the buyers to be found being the same.

    Levels are shares of what the most first sales reached: 0.8 is 80 % of that ndcg. Between two numbers of first sales they
    are interpolated in ln(1 + sales); beyond the last one nothing is known, and they stay 1.
    """

    shots: list[int]
    """Rising, from 0."""
    ndcg: list[float]
    """Mean ndcg@20 with that many first sales."""
    levels: list[float]
    """Never falling (isotonic regression of `ndcg`), the last one 1."""
    low: list[float]
    """Ends of the levels' 95 % intervals (bootstrap over customers; before they are made to rise)."""
    high: list[float]
    gain_is_sure: bool
    """Zero lies outside the 95 % interval of what the most first sales brought."""
    products: int
    customers: int

    def level(self, shots: int) -> float:
        return float(np.interp(np.log1p(shots), np.log1p(self.shots), self.levels))

    def more_sales(self, shots: int) -> int:
        """How many more first sales bring the level within MARGIN of the highest; 0 if it is there already."""
        if not self.gain_is_sure:
            return 0
        return next(more for more in range(self.shots[-1] + 1) if self.level(shots + more) >= 1 - MARGIN)

    def of(self, shots: int) -> dict[str, Any]:
        """shots, level, level_after (more first sales → level), more_sales and a sentence, as JSON."""
        return {
            "shots": shots,
            "level": round(self.level(shots), 4),
            "level_after": {str(more): round(self.level(shots + more), 4) for more in STEPS},
            "more_sales": self.more_sales(shots),
            "sentence": self.sentence(shots),
        }

    def sentence(self, shots: int) -> str:
        """How well a product with that many first sales is known, for a merchandiser."""
        known = "Known only by what it says of itself"
        if shots:
            known = f"Known by {shots} first sale{'' if shots == 1 else 's'}"
        most, more = self.shots[-1], self.more_sales(shots)
        if not self.gain_is_sure:
            return f"{known}. In the replay, more first sales made no clear difference."
        if shots >= most:
            return f"{known}: as sure as the replay goes."
        good = f"{known}: recommendations are {self._as_good(shots)} as after {most} first sales"
        if not more:
            return f"{good}; more would change little."
        return f"{good}. With {more} more it would be {self.level(shots + more):.0%}."

    def _as_good(self, shots: int) -> str:
        level = self.level(shots)
        return f"about {level:.0%} as good" if level < 0.995 else "as good"

    def worth(self) -> str:
        """What first sales brought in the replay, in a sentence."""
        most, enough = self.shots[-1], self.more_sales(0)
        if not self.gain_is_sure:
            return f"Products with {most} first sales did no better in the replay than products with none."
        start = f"Without a first sale recommendations are {self._as_good(0)} as with {most}"
        return (
            f"{start}; {enough} first sale{'' if enough == 1 else 's'} close most of the gap."
            if enough
            else f"{start}."
        )

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_dict(cls, known: dict[str, Any]) -> Certainty:
        """What `as_dict` gave; what else is in it is left out."""
        return cls(**{field.name: known[field.name] for field in fields(cls)})


def certainty(
    source: SourceModel, adapter: Adapter, products: np.ndarray | None = None, *, run: RunContext
) -> Certainty:
    """Replayed on those of the held-out products (positions in the catalog), or on `source.judging()`, by which nothing was chosen.

    Raises CannotRun where too few products had enough sales.
    """
    replayed = tasks(source, source.judging() if products is None else products)
    if replayed is None:
        raise CannotRun("The catalog is too small to replay launches, so it isn't known how much first sales help.")
    replayed = replace(replayed, queries=_some_customers(replayed, run.seed))
    shots = sorted(replayed.new)
    figures = np.column_stack(
        [
            replayed.ndcg(adapter.side(replayed.scorer, replayed.new[k]), k)
            for k in run.track(shots, "Asking what first sales are worth", len(shots))
        ]
    )
    return of_figures(shots, figures, len(replayed.new[0]), run.seed)


def of_figures(shots: list[int], figures: np.ndarray, products: int, seed: int = 0) -> Certainty:
    """figures: (n_customers, n_shots) ndcg of the same customers with each number of first sales."""
    from sklearn.isotonic import IsotonicRegression

    n = len(figures)
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=DRAWS) @ figures / n
    low, high = np.quantile(drawn / np.maximum(drawn[:, -1:], 1e-9), (0.025, 0.975), axis=0)
    rising = IsotonicRegression().fit_transform(np.arange(len(shots)), figures.mean(axis=0))
    return Certainty(
        shots=[int(k) for k in shots],
        ndcg=figures.mean(axis=0).tolist(),
        low=low.tolist(),
        high=high.tolist(),
        levels=(rising / rising[-1] if rising[-1] > 0 else np.ones(len(shots))).tolist(),
        gain_is_sure=bool(np.quantile(drawn[:, -1] - drawn[:, 0], 0.025) > 0),
        products=products,
        customers=n,
    )


def _some_customers(replayed: Tasks, seed: int) -> sp.csr_matrix:
    """The queries of at most CUSTOMERS of those who have any."""
    asked = np.flatnonzero(np.diff(replayed.queries.indptr))
    keep = np.zeros(replayed.queries.shape[0], dtype=np.float32)
    keep[np.random.default_rng(seed).permutation(asked)[:CUSTOMERS]] = 1
    queries = (sp.diags(keep) @ replayed.queries).tocsr()
    queries.eliminate_zeros()
    return queries
