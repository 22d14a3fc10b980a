"""The past cut in two: what was known at some moment, and the launches that came after it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from recsys_core.dataset import Dataset
from recsys_core.errors import CannotRun
from recsys_core.evaluation.pseudo_launch import HeldOutBy, hold_out
from recsys_core.tables.columns import CUSTOMER, PRODUCT

NEW_SHARE = 0.2
"""Without a date, the share of the products sold that are taken for new."""
MOST_PRODUCTS = 3000
"""So many new products, at most, are replayed: of more, a random draw."""
EARLIEST, LATEST = 0.5, 0.7
"""Of all sales with a time, the shares that lie before the first and before the last cut."""
JUDGED_CUSTOMERS = 2500
"""So many customers, at most, tell how well known products are found."""
MIN_BASKET = 3
"""Without times, a customer must have so many known products that one can be held out."""
PAIR = [CUSTOMER, PRODUCT]


@dataclass(frozen=True)
class Split:
    """A catalog as it was, and what customers with a history in it bought later."""

    name: str
    """For people: “from 5 May 2011”."""
    catalog: Dataset
    """Nothing of the new products, and nothing of any product after the cut."""
    new_products: pd.DataFrame
    sales: pd.DataFrame
    """The first purchase of each new product by each customer of the catalog; of a product, first buyers first."""
    later: pd.DataFrame
    """customer_id, product_id: known products that these customers bought later, and never before."""
    reached: float
    """Of all who bought the new products, the share who have a history, and so can be recommended something."""
    first_sold: pd.Series
    """When each new product was first sold, by product id; empty without times."""


def splits(catalog: Dataset, by: HeldOutBy, cuts: int, seed: int) -> list[Split]:
    """`cuts` splits of a catalog.

    by date: cuts at equal distances in sales between EARLIEST and LATEST; new is what was first sold from a cut until the
    next one (after the last: until the end), and later means any time after the cut. by product or category: as many seeded
    random draws, see `hold_out`; a purchase of a known product is held out for each of some customers.
    A cut after which nothing was new is left out. Raises CannotRun where a catalog has no times, or nothing was new after any cut;
    InvalidSetting without categories.
    """
    if by == "date":
        found = _by_date(catalog, cuts, seed)
    else:
        found = [_at_random(catalog, by, seed + number) for number in range(cuts)]
        # Few categories may be drawn twice.
        found = list({tuple(split.new_products[PRODUCT]): split for split in reversed(found)}.values())[::-1]
    names = [split.name for split in found]
    before = [names[:number].count(name) for number, name in enumerate(names)]
    # Two cuts on one day have names of their own.
    return [
        replace(split, name=f"{split.name} ({n + 1})") if n else split for split, n in zip(found, before, strict=True)
    ]


def _by_date(catalog: Dataset, cuts: int, seed: int) -> list[Split]:
    if not catalog.has_times:
        raise CannotRun("The sales have no times, so the past can't be cut at a date. Replay random products instead.")
    sales = catalog.sales.dropna(subset=["timestamp"])
    shares = np.linspace(EARLIEST, LATEST, cuts) if cuts > 1 else [(EARLIEST + LATEST) / 2]
    moments = [sales["timestamp"].quantile(share) for share in shares]
    first = sales.groupby(PRODUCT)["timestamp"].min()
    found: list[Split] = []
    for cut, following in zip(moments, [*moments[1:], pd.Timestamp.max], strict=True):
        new = first.index[(first >= cut) & (first < following)]
        known = first.index[first < cut]
        before = catalog.interactions[
            catalog.interactions[PRODUCT].isin(known) & (catalog.interactions["timestamp"] < cut)
        ]
        after = sales[sales["timestamp"] >= cut].sort_values("timestamp", kind="stable")
        if len(new):
            found.append(_split(f"from {cut:%-d %B %Y}", catalog, known, new, before, after, seed))
    if not found:
        raise CannotRun(
            f"No product was first sold after {moments[0]:%-d %B %Y}, so there is no launch to replay. Upload a longer history, or "
            "replay random products."
        )
    return found


def _at_random(catalog: Dataset, by: HeldOutBy, seed: int) -> Split:
    held_out = hold_out(catalog, NEW_SHARE, MOST_PRODUCTS, seed, by)
    new = catalog.product_ids[held_out.products]
    known = catalog.product_ids.difference(new)
    sales = catalog.sales.sample(frac=1, random_state=seed)
    if catalog.has_times:
        sales = sales.sort_values("timestamp", kind="stable")
    kept = _held_out_pairs(sales[sales[PRODUCT].isin(known)], seed)
    pairs = pd.MultiIndex.from_frame(catalog.interactions[PAIR])
    gone = pairs.isin(pd.MultiIndex.from_frame(kept)) | ~catalog.interactions[PRODUCT].isin(known)
    after = pd.concat([sales[sales[PRODUCT].isin(new)], kept])
    name = f"{'categories' if by == 'category' else 'products'} drawn with seed {seed}"
    return _split(name, catalog, known, new, catalog.interactions[~gone], after, seed)


def _held_out_pairs(sales: pd.DataFrame, seed: int) -> pd.DataFrame:
    """A random known product of each of some customers; no product loses its last buyer."""
    pairs = sales[PAIR].drop_duplicates()
    pairs = pairs.sample(frac=1, random_state=seed)
    size = pairs.groupby(CUSTOMER)[PRODUCT].transform("size")
    chosen = pairs[size >= MIN_BASKET].drop_duplicates(CUSTOMER).head(JUDGED_CUSTOMERS)
    return chosen[chosen[PRODUCT].isin(pairs.drop(chosen.index)[PRODUCT])]


def _split(
    name: str,
    catalog: Dataset,
    known: pd.Index,
    new: pd.Index,
    before: pd.DataFrame,
    after: pd.DataFrame,
    seed: int,
) -> Split:
    """before: interactions that may be learned from; after: sales that came later, in order."""
    if len(new) > MOST_PRODUCTS:
        new = new[np.sort(np.random.default_rng(seed).permutation(len(new))[:MOST_PRODUCTS])]
    past = Dataset(catalog.products[catalog.products[PRODUCT].isin(known)], before, catalog.customers)
    if past.sales.empty:
        raise CannotRun(
            f"{name}: nothing is left to learn from, as all that was sold is new there. Replay random products instead, or upload "
            "more categories or a longer history."
        )
    launched = after[after[PRODUCT].isin(new)]
    first_sold = launched.groupby(PRODUCT)["timestamp"].min() if "timestamp" in launched else pd.Series(dtype="object")
    customers = launched[CUSTOMER].drop_duplicates()
    later = after[after[PRODUCT].isin(past.product_ids) & after[CUSTOMER].isin(past.customer_ids)][PAIR]
    later = later.drop_duplicates()
    again = pd.MultiIndex.from_frame(later).isin(pd.MultiIndex.from_frame(past.sales[PAIR]))
    launched = launched[launched[CUSTOMER].isin(past.customer_ids)].drop_duplicates(PAIR)
    products = catalog.products[catalog.products[PRODUCT].isin(new)].reset_index(drop=True)
    reached = float(customers.isin(past.customer_ids).mean())
    order = pd.Index(products[PRODUCT]).get_indexer(launched[PRODUCT])
    launched = launched.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)
    return Split(name, past, products, launched, later[~again].reset_index(drop=True), reached, first_sold)
