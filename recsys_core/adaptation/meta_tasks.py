"""What methods that learn over tasks learn from, and what stops them in time. Needs no torch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from recsys_core.adaptation.supporters import Crowd, Supporters
from recsys_core.adaptation.tasks import Tasks, tasks
from recsys_core.errors import CannotRun
from recsys_core.evaluation.metrics import ndcg
from recsys_core.evaluation.pseudo_launch import MIN_PRODUCTS, MIN_QUERIES
from recsys_core.models.source_model import SourceModel

CUSTOMERS = 2500
"""At most so many customers with something to find learn, and as many judge."""


class MetaTasks:
    """Held-out products with each number of first sales, and the customers who have to find them."""

    def __init__(self, held_out: Tasks, crowd: Crowd):
        scorer = held_out.scorer
        buyers = np.flatnonzero(np.diff(held_out.queries.indptr))
        self.buyers = np.sort(np.random.default_rng(crowd.seed).permutation(buyers)[:CUSTOMERS])
        customers, drawn = scorer.customers(scorer.weights[self.buyers]), crowd.drawn(scorer)
        self.customers = customers.dense
        """(c, D) float32: x of those who have something to find."""
        self.relevant = held_out.queries[self.buyers]
        """(c, n)."""
        self.hidden = {k: new.support[:, self.buyers].T.tocsr() for k, new in held_out.new.items()}
        """shots → (c, n): who of them is a supporter."""
        self.supporters: dict[int, Supporters] = {}
        """shots → every product with so many."""
        self.scores: dict[int, np.ndarray] = {}
        """shots → (c, n) float32: what the source model says."""
        for shots, new in held_out.new.items():
            base = scorer.products(new)
            self.supporters[shots] = Supporters.of(scorer, new, base, drawn)
            self.scores[shots] = base.scores(customers)

    def ndcg(self, theta: Callable[[Supporters], np.ndarray]) -> float:
        """Mean ndcg@20 over customers and numbers of first sales, with θ (n, D) added."""
        figures = []
        for shots, supporters in self.supporters.items():
            scores = self.scores[shots] + self.customers @ theta(supporters).T
            figures.append(ndcg(scores.__getitem__, self.relevant, self.hidden[shots]).mean())
        return float(np.mean(figures))


def learning_tasks(source: SourceModel, crowd: Crowd, method: str) -> tuple[MetaTasks, MetaTasks]:
    """Tasks to learn from, and others that stop learning in time. Raises CannotRun if there are too few."""
    parts = source.learning(), source.validating()
    found = [tasks(source, part) for part in parts]
    if found[0] is None or found[1] is None:
        least = MIN_QUERIES + 1
        enough = min(int((np.bincount(source.sales_.of(part).product) >= least).sum()) for part in parts)
        raise CannotRun(
            f"{method} learns from known products that are replayed as new ones. It needs two groups of at least "
            f"{MIN_PRODUCTS} products with {least} buyers or more; found {enough} in the smaller group. Choose zero-shot, "
            "prototype or fine-tune, or train the source model with a larger share of products held out."
        )
    return MetaTasks(found[0], crowd), MetaTasks(found[1], crowd)
