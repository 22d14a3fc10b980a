"""A launch replayed from the catalog: held-out products come as if they were new, and what came true is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recsys_core.adaptation.method import Method
from recsys_core.dataset import Dataset, Launch
from recsys_core.evaluation.metrics import ndcg
from recsys_core.evaluation.pseudo_launch import MIN_PRODUCTS, pseudo_launch
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext


@dataclass(frozen=True)
class Replay:
    """Products by which nothing in the source model was chosen, with `shots` first sales each, and who bought them later."""

    source: SourceModel
    """As it would be had those products never been sold."""
    launch: Launch
    queries: sp.csr_matrix
    """(n_customers, n_products of the launch)."""
    shots: int

    def judge(self, method: Method, run: RunContext, k: int = 20) -> np.ndarray:
        """ndcg@k of each customer with queries, in one order for all methods."""
        adapted = method.adapt(self.source, self.launch, run=run)
        return ndcg(adapted.score, self.queries, adapted.support, k)


def replay(source: SourceModel, catalog: Dataset, shots: int, seed: int) -> Replay | None:
    """The replay with at most `shots` first sales for which enough products are left; None if there is none."""
    for k in sorted({shots, 5, 2, 1}, reverse=True):
        if k > shots:
            continue
        pseudo = pseudo_launch(catalog, source.judging(), k, seed)
        if len(pseudo.products) < MIN_PRODUCTS:
            continue
        pairs = pseudo.support.tocoo()
        products = catalog.products.iloc[pseudo.products].reset_index(drop=True)
        sales = pd.DataFrame(
            {
                "customer_id": catalog.customer_ids.to_numpy()[pairs.row],
                "product_id": products["product_id"].to_numpy()[pairs.col],
            }
        )
        return Replay(source.replaying(), Launch("replay", products, sales), pseudo.queries, k)
    return None
