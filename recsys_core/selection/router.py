"""Which way a new product without first sales goes: by its own words alone, or through the category where it was placed.

Decided by a replay on the catalog: whole leaf categories are taken for unknown, each of their products is placed by its text, sure
or not, and all are ranked for their later buyers: by content neighbours; and by the source model's formula without what only
training gives (the towers, the weights of this shop), with what the place says and without.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recsys_core.categories.levels import Categories
from recsys_core.categories.placement import place
from recsys_core.dataset import Dataset
from recsys_core.errors import CannotRun, NotThere
from recsys_core.evaluation.metrics import ndcg_per_customer
from recsys_core.evaluation.ranking import best_columns
from recsys_core.models.category_lift import CategoryLift
from recsys_core.models.co_purchases import CoPurchases, product_factors
from recsys_core.models.content_neighbours import ContentNeighbours
from recsys_core.models.content_space import ContentVectors
from recsys_core.models.head import Head, Scorer
from recsys_core.run_context import RunContext
from recsys_core.tables.columns import CUSTOMER, MODEL, PLACE, PLACED_BY, PRODUCT

FOLDS = 5
CUSTOMERS = 2000
"""So many customers, at most, are asked for in each fold."""
MIN_CUSTOMERS = 50
DRAWS = 500
K = 20
FACTORS = 128
"""As many as the source model's taste has by default."""
WAYS = ("content", "unplaced", "placed")
NO_TOWER = np.zeros((1, 1), dtype=np.float32)


@dataclass(frozen=True)
class Routing:
    """ndcg@20 in categories that were taken for unknown, and the 95 % interval of the gain over content (paired bootstrap)."""

    content: float
    """Of content neighbours, by the products' own words."""
    placed: float
    """Of the formula, with what the places say."""
    gain_low: float
    gain_high: float
    customers: int
    categories: int
    unplaced: float | None = None
    """Of the formula, without what the places say; None in a record from before this was looked at."""
    place_low: float = 0.0
    place_high: float = 0.0
    """The 95 % interval of `placed` over `unplaced`."""

    @property
    def by_placement(self) -> bool:
        """Whether the way through the place finds more than content beyond doubt, and doesn't lose by the place beyond doubt."""
        return self.gain_low > 0 and self.place_high >= 0

    def sentence(self) -> str:
        """For a merchandiser."""
        better, without = (found / max(self.content, 1e-9) - 1 for found in (self.placed, self.unplaced or self.placed))
        unknown = f"When {self.categories:,} categories of yours were taken for unknown,"
        if self.by_placement:
            rest = "" if self.unplaced is None else f" Without the places it was {without:.0%}."
            return (
                f"{unknown} what is bought with similar products and with the categories where theirs were placed found buyers "
                f"{better:.0%} better than their words alone, so new products go that way.{rest}"
            )
        if self.gain_low > 0:
            how = "worse than similar products alone"
        else:
            how = f"{'no better' if better > -0.005 else f'{-better:.0%} worse'} than their words alone"
        return (
            f"{unknown} placing their products found buyers {how}. So recommendations don't go by what the model placed; they do "
            "by a place that you choose yourself."
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
    both = pd.concat(figures) if figures else pd.DataFrame({way: [] for way in WAYS})
    if both.index.nunique() < MIN_CUSTOMERS:
        raise CannotRun("The catalog is too small to replay whole unknown categories.")
    gain, of_place = (_interval(both["placed"] - both[way], run.seed) for way in ("content", "unplaced"))
    content, unplaced, placed = (float(both[way].mean()) for way in WAYS)
    return Routing(content, placed, *gain, both.index.nunique(), len(categories.names), unplaced, *of_place)


def _interval(gains: pd.Series, seed: int) -> tuple[float, float]:
    """Of the mean, 95 %, by the bootstrap; a customer (index) who is asked in several folds is one customer."""
    each = gains.groupby(gains.index).agg(["sum", "size"])
    drawn = np.random.default_rng(seed).multinomial(len(each), np.full(len(each), 1 / len(each)), size=DRAWS)
    low, high = np.quantile(drawn @ each["sum"].to_numpy() / (drawn @ each["size"].to_numpy()), (0.025, 0.975))
    return float(low), float(high)


def _fold(catalog: Dataset, held: np.ndarray, run: RunContext) -> pd.DataFrame | None:
    """ndcg@20 of each customer (index) by each of WAYS; None if nobody is to be asked."""
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
    run.check()
    neighbours = ContentNeighbours().fit(rest, run=run)
    words = neighbours.counts_.with_products(bare).tfidf()
    ways = (neighbours.score(asked, bare), *_by_formula(rest, asked, words, first["category"], run))
    rows = catalog.customer_ids.get_indexer(asked)
    relevant = catalog.weights[rows][:, np.flatnonzero(held)].tocsr()
    figures = (ndcg_per_customer(best_columns(scores, K), relevant, K) for scores in ways)
    return pd.DataFrame(dict(zip(WAYS, figures, strict=True)), index=asked)


def _by_formula(
    rest: Dataset, asked: pd.Index, words: sp.csr_matrix, places: pd.Series, run: RunContext
) -> tuple[np.ndarray, np.ndarray]:
    """(n_asked, n) each: scores by the source model's formula without and with what the products' places say.

    words: TF-IDF rows of the known products, then of the new ones; places: category of each new product.
    """
    n_known = len(rest.products)
    known, new = (
        ContentVectors(rows, np.zeros((rows.shape[0], 1), dtype=np.float32))
        for rows in (words[:n_known], words[n_known:])
    )
    factors = product_factors(rest.weights, FACTORS, run.seed)
    scorer = Scorer(Head(NO_TOWER, NO_TOWER, np.zeros(2, dtype=np.float32)), known, CoPurchases(rest.weights, factors))
    products = scorer.new_products(new, sp.csr_matrix((len(places), len(rest.customer_ids)), dtype=np.float32))
    run.check()
    categories = Categories.of(rest.products)
    lift = CategoryLift.of(rest.weights, categories.of_product, len(categories.names))
    at = pd.Index(categories.names).get_indexer(pd.Index(places))
    placed = lift.added_to(products.placement, at, scorer.head.mixture.spread["together"])
    customers = scorer.customers(rest.weights[rest.customer_ids.get_indexer(asked)])
    both = (products, replace(products, placement=placed))
    without, through = (scorer.products(them).scores(customers) for them in both)
    return without, through


def routed(products: pd.DataFrame, given: pd.Series, routing: Routing | None) -> pd.DataFrame:
    """The products as a launch is adapted with: what the model placed is as it came again, its place being in the column `place`.

    Where placing helps, or nobody knows, `placed_by` goes on saying so, and recommendations go by the place; see
    `adaptation/placed_launch.py`. Words of the placed category itself, beside the products' own, cost more than they bring.
    products: with the column `placed_by`; given: their categories as they came.
    """
    if PLACED_BY not in products:
        return products
    back = (products[PLACED_BY] == MODEL).to_numpy()
    helps = routing is None or routing.by_placement
    return products.assign(
        category=products["category"].mask(back, given.to_numpy()),
        **{PLACED_BY: products[PLACED_BY] if helps else products[PLACED_BY].mask(back), PLACE: products["category"]},
    )
