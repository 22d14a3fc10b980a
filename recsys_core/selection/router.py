"""Which way a new product without first sales goes: by its own words alone, or through the category where it was placed.

Decided by a replay on the catalog: whole leaf categories are taken for unknown, each of their products gets the
category where its text places it, sure or not, and content neighbours rank them for their later buyers with and without it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from recsys_core.categories.levels import Categories
from recsys_core.categories.placement import place
from recsys_core.dataset import Dataset
from recsys_core.errors import CannotRun, NotThere
from recsys_core.evaluation.metrics import ndcg_per_customer
from recsys_core.evaluation.ranking import best_columns
from recsys_core.models.content_neighbours import ContentNeighbours
from recsys_core.run_context import RunContext
from recsys_core.tables.columns import CUSTOMER, MODEL, PLACE, PLACED_BY, PRODUCT

FOLDS = 5
CUSTOMERS = 2000
"""So many customers, at most, are asked for in each fold."""
MIN_CUSTOMERS = 50
DRAWS = 500
K = 20


@dataclass(frozen=True)
class Routing:
    """ndcg@20 in categories that were taken for unknown, and the 95 % interval of the gain by placing (paired bootstrap)."""

    content: float
    placed: float
    gain_low: float
    gain_high: float
    customers: int
    categories: int

    @property
    def by_placement(self) -> bool:
        """Whether placing helps here beyond doubt."""
        return self.gain_low > 0

    def sentence(self) -> str:
        """For a merchandiser."""
        gain = self.placed / max(self.content, 1e-9) - 1
        replay = f"When {self.categories:,} categories of yours were taken for unknown, placing their products"
        if self.by_placement:
            return f"{replay} found buyers {gain:.0%} better than their words alone, so new products go that way."
        how = "no better than" if gain > -0.005 else f"{-gain:.0%} worse than"
        return (
            f"{replay} found buyers {how} their words alone. So recommendations don't go by what the model placed; they do by "
            "a place that you choose yourself."
        )

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_record(cls, told: dict[str, Any]) -> Routing | None:
        """What `as_dict` gave; None for a note why it isn't known, or nothing."""
        return cls(**told) if told and "note" not in told else None


def judge_placement(catalog: Dataset, folds: int = FOLDS, *, run: RunContext) -> Routing:
    """Raises CannotRun where the catalog is too small, or has too few categories, to replay this."""
    categories = Categories.of(catalog.products)
    order = np.random.default_rng(run.seed).permutation(len(categories.names))
    figures = []
    for fold in run.track(range(folds), "Replaying unknown categories", folds):
        held = np.isin(categories.of_product, order[fold::folds])
        if (found := _fold(catalog, held, run)) is not None:
            figures.append(found)
    both = pd.concat(figures) if figures else pd.DataFrame({"content": [], "placed": []})
    # A customer who is asked in several folds is one customer.
    each = (both["placed"] - both["content"]).groupby(both.index).agg(["sum", "size"])
    if len(each) < MIN_CUSTOMERS:
        raise CannotRun("The catalog is too small to replay whole unknown categories.")
    drawn = np.random.default_rng(run.seed).multinomial(len(each), np.full(len(each), 1 / len(each)), size=DRAWS)
    low, high = np.quantile(drawn @ each["sum"].to_numpy() / (drawn @ each["size"].to_numpy()), (0.025, 0.975))
    content, placed = both["content"].mean(), both["placed"].mean()
    return Routing(float(content), float(placed), float(low), float(high), len(each), len(categories.names))


def _fold(catalog: Dataset, held: np.ndarray, run: RunContext) -> pd.DataFrame | None:
    """ndcg@20 of each customer (index): content, placed; None if nobody is to be asked."""
    ids = catalog.product_ids[held]
    sold = catalog.sales[PRODUCT].isin(ids)
    rest = Dataset(catalog.products[~held], catalog.sales[~sold])
    buyers = pd.Index(catalog.sales.loc[sold, CUSTOMER].unique()).intersection(rest.customer_ids)
    if not len(buyers) or not len(ids):
        return None
    asked = pd.Index(np.random.default_rng(run.seed).permutation(buyers.to_numpy())[:CUSTOMERS])
    new = catalog.products[held]
    bare = new.assign(category=pd.Series(pd.NA, new.index, dtype="str"))
    try:
        first, _ = place(rest.products, bare, top=1, run=run)
    except NotThere:
        return None
    neighbours = ContentNeighbours().fit(rest, run=run)
    rows = catalog.customer_ids.get_indexer(asked)
    relevant = catalog.weights[rows][:, np.flatnonzero(held)].tocsr()
    placed = bare.assign(category=first["category"].to_numpy())
    best = [best_columns(neighbours.score(asked, products), K) for products in (bare, placed)]
    content, through = (ndcg_per_customer(lists, relevant, K) for lists in best)
    return pd.DataFrame({"content": content, "placed": through}, index=asked)


def routed(products: pd.DataFrame, given: pd.Series, routing: Routing | None) -> pd.DataFrame:
    """The products as a launch is adapted with: where placing doesn't help, what the model placed is as it came again, its
    place being kept in the column `place`.

    products: with the column `placed_by`; given: their categories as they came.
    """
    if PLACED_BY not in products or routing is None or routing.by_placement:
        return products
    back = (products[PLACED_BY] == MODEL).to_numpy()
    return products.assign(
        category=products["category"].mask(back, given.to_numpy()),
        **{PLACED_BY: products[PLACED_BY].mask(back), PLACE: products["category"]},
    )
