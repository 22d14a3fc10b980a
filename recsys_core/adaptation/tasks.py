"""Tasks: known products that were held out of the source model come as if new, in a catalog that never had them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recsys_core.adaptation.adapter import Side
from recsys_core.evaluation.metrics import ndcg
from recsys_core.evaluation.pseudo_launch import MIN_PRODUCTS
from recsys_core.models.head import NewProducts, Scorer
from recsys_core.models.source_model import SourceModel

SHOTS = (1, 2, 5, 10)


@dataclass(frozen=True)
class Tasks:
    """The same products with 0, 1, 2, ... first sales (nested), and the same later buyers to be found for each of these.

    Nothing of the held-out products is in the customers' histories, the factors, the document frequencies (but for the
    texts of the tasks' own products) or the towers. A new category is a task where the source model was trained with
    whole categories held out.
    """

    scorer: Scorer
    new: dict[int, NewProducts]
    """shots → (n products)."""
    queries: sp.csr_matrix
    """(n_customers, n): who bought each product after the most shots there are."""

    def ndcg(self, side: Side, shots: int, k: int = 20) -> np.ndarray:
        """ndcg@k of every customer with queries, in one order for all; side: of the products with that many first sales."""

        def score(customers: np.ndarray) -> np.ndarray:
            return side.scores(self.scorer.customers(self.scorer.weights[customers]))

        return ndcg(score, self.queries, self.new[shots].support.T.tocsr(), k)


def tasks(source: SourceModel, products: np.ndarray, shots: tuple[int, ...] = SHOTS) -> Tasks | None:
    """Tasks of those held-out products (positions), with 0 and as many of `shots` as enough products have sales for.

    None if there are fewer than MIN_PRODUCTS with any.
    """
    sales = source.sales_.of(products)
    for most in sorted(shots, reverse=True):
        launches = {k: sales.launch(k, most) for k in (0, *shots) if k <= most}
        chosen = launches[most].products
        if len(chosen) < MIN_PRODUCTS:
            continue
        scorer = source.strict_scorer(chosen)
        content = scorer.content.take(chosen)
        first = scorer.new_products(content, launches[0].support.T.tocsr())
        new = {k: first.with_support(launch.support.T.tocsr(), launch.pace) for k, launch in launches.items()}
        return Tasks(scorer, new, launches[most].queries)
    return None
