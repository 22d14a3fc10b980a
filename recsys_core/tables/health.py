"""How good a shop's tables are for recommendations, as one score, and what would help most."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys_core.tables.columns import CUSTOMER, PRODUCT
from recsys_core.tables.interest import is_interest
from recsys_core.tables.profile import word_counts
from recsys_core.tables.rows import is_in, repeated, row_codes

EXAMPLES = 5
FEW_WORDS = 3
"""A product with fewer words in title, brand, description and tags together says too little of itself."""


@dataclass(frozen=True)
class Advice:
    """One thing that would help."""

    subject: str
    """A short name of it, fit for a file's name."""
    what: str
    """What was found, with its count."""
    why: str
    """What mending it would help."""
    gain: float
    """Points that the score would gain if all of it were mended."""
    examples: tuple[str, ...]
    """Ids of the first affected products or customers, at most five."""
    affected: pd.DataFrame = field(repr=False, compare=False)
    """All of them: product_id or customer_id, with what helps to find them (title, category, rows)."""


@dataclass(frozen=True)
class Health:
    """How good the tables of a shop are for recommendations."""

    score: int
    """0 to 100; 100 only if there is nothing to mend."""
    advice: tuple[Advice, ...]
    """The most helpful first."""


@dataclass(frozen=True)
class _Found:
    """How much of what was judged is bad, and what is said of it; `of` 0: there was nothing to judge."""

    bad: int
    of: int
    what: str
    affected: pd.DataFrame


@dataclass(frozen=True)
class _Shop:
    products: pd.DataFrame
    interactions: pd.DataFrame
    customers: pd.DataFrame | None
    pairs: pa.Table
    """customer_id, product_id: who bought what, each pair once; of the interactions that count."""
    words: dict[str, np.ndarray]
    """Words of each product's title, brand, description and tags; 0 for what is missing."""


@dataclass(frozen=True)
class _Judged:
    subject: str
    weight: float
    """Points of 100 where everything can be judged."""
    find: Callable[[_Shop], _Found]
    why: str


def health(products: pd.DataFrame, interactions: pd.DataFrame, customers: pd.DataFrame | None = None) -> Health:
    """Judges the typed tables of a shop.

    The score is the weighted mean of the good shares of all that is judged; what there is nothing of (prices that are 0,
    where there are no prices) doesn't count. Without any interactions all that is learned from them counts as bad.
    """
    if not len(products):
        what = "There are no products."
        return Health(
            0, (_advice("no-products", what, _WHY_PRODUCTS, 100.0, pd.DataFrame({PRODUCT: []}, dtype="str")),)
        )
    shop = _shop(products, interactions, customers)
    judged = [(one, one.find(shop)) for one in (*_OF_PRODUCTS, *(_OF_INTERACTIONS if len(interactions) else ()))]
    judged = [(one, found) for one, found in judged if found.of]
    without_history = 0.0 if len(interactions) else sum(one.weight for one in _OF_INTERACTIONS)
    points = 100 / (sum(one.weight for one, _ in judged) + without_history)
    advice = [
        _advice(one.subject, found.what, one.why, points * one.weight * found.bad / found.of, found.affected)
        for one, found in judged
        if found.bad
    ]
    if without_history:
        what, all_products = "There are no interactions.", _products(shop, np.ones(len(products), dtype=bool))
        advice.append(_advice("no-interactions", what, _WHY_INTERACTIONS, points * without_history, all_products))
    advice.sort(key=lambda one: -one.gain)
    lost = math.fsum(one.gain for one in advice)
    # Rounded down, so that 100 says that nothing is left to mend.
    return Health(max(0, min(99, math.floor(100 - lost + 1e-9))) if advice else 100, tuple(advice))


def _shop(products: pd.DataFrame, interactions: pd.DataFrame, customers: pd.DataFrame | None) -> _Shop:
    none = np.zeros(len(products), dtype=np.int64)
    words = {name: word_counts(products[name]) if name in products else none for name in _TEXTS}
    bought = is_in(interactions[PRODUCT], products[PRODUCT]) & is_interest(interactions)
    bought &= interactions[CUSTOMER].notna().to_numpy()
    sales = pa.table([_text(interactions[name]).filter(pa.array(bought)) for name in _PAIR], _PAIR)
    pairs = sales.take(np.unique(row_codes(sales.columns), return_index=True)[1])
    return _Shop(products.reset_index(drop=True), interactions, customers, pairs, words)


def _no_title(shop: _Shop) -> _Found:
    return _lacking(shop, shop.words["title"] == 0, "title")


def _one_word_title(shop: _Shop) -> _Found:
    titled = int((shop.words["title"] > 0).sum())
    bad = shop.words["title"] == 1
    what = f"{_share_of(int(bad.sum()), titled, 'title')} {_verb(bad.sum(), 'is', 'are')} a single word."
    return _Found(int(bad.sum()), titled, what, _products(shop, bad))


def _no_description(shop: _Shop) -> _Found:
    return _lacking(shop, shop.words["description"] == 0, "description")


def _few_words(shop: _Shop) -> _Found:
    bad = np.sum(list(shop.words.values()), axis=0) < FEW_WORDS
    what = (
        f"{_share_of(int(bad.sum()), len(bad), 'product')} {_verb(bad.sum(), 'has', 'have')} fewer than {FEW_WORDS} words "
        "in title, brand, description and tags together."
    )
    return _Found(int(bad.sum()), len(bad), what, _products(shop, bad))


def _no_category(shop: _Shop) -> _Found:
    return _lacking(shop, ~_filled(shop.products, "category"), "category")


def _small_category(shop: _Shop) -> _Found:
    filled = _filled(shop.products, "category")
    if not filled.any():
        return _Found(0, 0, "", _products(shop, filled))
    names = shop.products.loc[filled, "category"]
    sizes = names.value_counts()
    bad = filled & ~shop.products["category"].duplicated(keep=False).to_numpy()
    alone = int((sizes == 1).sum())
    what = f"{_share_of(alone, len(sizes), 'category', 'categories')} {_verb(alone, 'has', 'have')} one product only."
    return _Found(alone, len(sizes), what, _products(shop, bad))


def _no_price(shop: _Shop) -> _Found:
    priced = (
        shop.products["price"].notna().to_numpy() if "price" in shop.products else np.zeros(len(shop.products), bool)
    )
    return _lacking(shop, ~priced, "price")


def _price_of_zero(shop: _Shop) -> _Found:
    price = shop.products["price"] if "price" in shop.products else pd.Series(np.nan, shop.products.index)
    bad, priced = (price == 0).to_numpy(dtype=bool, na_value=False), int(price.notna().sum())
    what = f"{_share_of(int(bad.sum()), priced, 'price')} {_verb(bad.sum(), 'is', 'are')} 0."
    return _Found(int(bad.sum()), priced, what, _products(shop, bad))


def _same_title(shop: _Shop) -> _Found:
    titled = shop.words["title"] > 0
    if not titled.any():
        return _Found(0, 0, "", _products(shop, titled))
    title = shop.products["title"].astype("str").str.casefold().str.split().str.join(" ")
    repeated = titled & title.duplicated().to_numpy()
    involved = titled & title.duplicated(keep=False).to_numpy()
    count, of = int(repeated.sum()), int(titled.sum())
    what = f"{_share_of(count, of, 'product')} {_verb(count, 'has', 'have')} the title of another one."
    together = title[involved].sort_values(kind="stable").index
    return _Found(count, of, what, _products(shop, involved).loc[together])


def _no_buyer(shop: _Shop) -> _Found:
    return _lacking(shop, ~is_in(shop.products[PRODUCT], shop.pairs[PRODUCT]), "buyer")


def _no_time(shop: _Shop) -> _Found:
    rows = shop.interactions
    bad = rows["timestamp"].isna().to_numpy() if "timestamp" in rows else np.ones(len(rows), dtype=bool)
    return _Found(int(bad.sum()), len(rows), _lack(int(bad.sum()), len(rows), "interaction", "time"), _rows(shop, bad))


def _unknown_product(shop: _Shop) -> _Found:
    bad = ~is_in(shop.interactions[PRODUCT], shop.products[PRODUCT])
    count = int(bad.sum())
    what = f"{_share_of(count, len(bad), 'interaction')} {_verb(count, 'names', 'name')} a product that isn't among the products."
    return _Found(count, len(bad), what, _rows(shop, bad))


def _one_product_only(shop: _Shop) -> _Found:
    bought = shop.pairs.group_by(CUSTOMER, use_threads=False).aggregate([(PRODUCT, "count"), (PRODUCT, "min")])
    once = bought.filter(pc.equal(bought[f"{PRODUCT}_count"], 1))
    affected = pd.DataFrame({CUSTOMER: once[CUSTOMER].to_pandas(), PRODUCT: once[f"{PRODUCT}_min"].to_pandas()})
    what = f"{_share_of(len(once), len(bought), 'customer')} bought one product only."
    return _Found(len(once), len(bought), what, affected)


def _repeated_rows(shop: _Shop) -> _Found:
    again = repeated([_arrow(shop.interactions[name]) for name in shop.interactions])
    count, of = int(again.sum()), len(again)
    what = f"{_share_of(count, of, 'interaction')} {_verb(count, 'equals', 'equal')} an earlier one in every column."
    return _Found(count, of, what, _rows(shop, again))


def _unknown_customer(shop: _Shop) -> _Found:
    if shop.customers is None or not len(shop.customers):
        return _Found(0, 0, "", pd.DataFrame({CUSTOMER: []}, dtype="str"))
    bad = ~is_in(shop.interactions[CUSTOMER], shop.customers[CUSTOMER])
    count = int(bad.sum())
    what = f"{_share_of(count, len(bad), 'interaction')} {_verb(count, 'names', 'name')} a customer who isn't among the customers."
    return _Found(count, len(bad), what, _by_id(shop.interactions.loc[bad, CUSTOMER].value_counts(), CUSTOMER))


_TEXTS = ("title", "brand", "description", "tags")
_PAIR = [CUSTOMER, PRODUCT]

_WHY_PRODUCTS = "Everything begins with the products: import them, and the sales they had."
_WHY_INTERACTIONS = (
    "Who likes what is learned from who bought what: without sales, views or ratings there is nothing to learn from."
)

# The weights make 100; they are a judgement, not measured. A product without history is known by what its row says, so its
# words and its category weigh most: on CiteULike zero-shot lists reach an ndcg@20 of 0.43 with tags and 0.35 with titles
# alone (benchmarks/RESULTS.md). Then what is learned from: products that were bought, interactions whose product is
# there, and their times, without which no launch can be replayed and nothing measured. What can be right as it is
# (customers of one product, equal rows, equal titles, small categories, a price of 0) weighs little.
_OF_PRODUCTS = (
    _Judged(
        "title",
        14,
        _no_title,
        "The title is the first thing that says what a product is; without one, little tells it from any other.",
    ),
    _Judged(
        "description",
        14,
        _no_description,
        "A new product without sales is known by its words only: the more they say, the better it is placed.",
    ),
    _Judged(
        "category",
        10,
        _no_category,
        "The category says which products a new one is like, and who has bought such products before.",
    ),
    _Judged(
        "few-words",
        6,
        _few_words,
        "So few words fit many products: name the material, the colour, the use.",
    ),
    _Judged("price", 6, _no_price, "Some customers buy cheap and some dear: the price helps to tell who."),
    _Judged(
        "one-word-title",
        3,
        _one_word_title,
        "A title such as “Mug” fits many products: a second word tells them apart.",
    ),
    _Judged(
        "same-title",
        3,
        _same_title,
        "If they are one product, its sales are divided over several ids, and each looks less bought than it is.",
    ),
    _Judged(
        "small-category",
        3,
        _small_category,
        "Such a category has no other product to learn from: merge it into a larger one if it belongs there.",
    ),
    _Judged(
        "price-of-zero",
        2,
        _price_of_zero,
        "A price of 0 is seldom meant, and makes a product look like the cheapest of all; leave the cell empty instead.",
    ),
)
_OF_INTERACTIONS = (
    _Judged(
        "buyer",
        14,
        _no_buyer,
        "What nobody has bought teaches nothing: add older sales, or bring it in as a launch if it is new.",
    ),
    _Judged(
        "time",
        9,
        _no_time,
        "Without times no launch of the past can be replayed, so nobody can say how good recommendations would have been.",
    ),
    _Judged(
        "unknown-product",
        8,
        _unknown_product,
        "These teach nothing as long as their products aren't there: add the products, or mend the ids.",
    ),
    _Judged(
        "one-product-customers",
        4,
        _one_product_only,
        "What goes together is learned from customers who bought several products: a longer history shows more of them.",
    ),
    _Judged(
        "repeated-rows",
        2,
        _repeated_rows,
        "If they were exported twice, the products look more wanted than they are; if each was a sale, leave them.",
    ),
    _Judged(
        "unknown-customer",
        2,
        _unknown_customer,
        "Their columns, such as a country, are missing in the lists of customers: add the customers, or mend the ids.",
    ),
)


def _advice(subject: str, what: str, why: str, gain: float, affected: pd.DataFrame) -> Advice:
    examples = tuple(affected.iloc[:EXAMPLES, 0].astype("str"))
    return Advice(subject, what, why, gain, examples, affected.reset_index(drop=True))


def _lacking(shop: _Shop, bad: np.ndarray, thing: str) -> _Found:
    """The products that have no such thing."""
    count = int(bad.sum())
    return _Found(count, len(bad), _lack(count, len(bad), "product", thing), _products(shop, bad))


def _products(shop: _Shop, wanted: np.ndarray) -> pd.DataFrame:
    return shop.products.loc[wanted, [name for name in (PRODUCT, "title", "category") if name in shop.products]]


def _rows(shop: _Shop, bad: np.ndarray) -> pd.DataFrame:
    """The products of such interactions, those with the most first."""
    return _by_id(shop.interactions.loc[bad, PRODUCT].value_counts(), PRODUCT)


def _by_id(rows: pd.Series, name: str) -> pd.DataFrame:
    rows = rows.sort_values(ascending=False, kind="stable")
    return pd.DataFrame({name: rows.index.astype("str"), "rows": rows.to_numpy()})


def _lack(bad: int, of: int, noun: str, thing: str) -> str:
    if bad == of > 1:
        return f"None of the {of:,} {noun}s has a {thing}."
    return f"{_share_of(bad, of, noun)} {_verb(bad, 'has', 'have')} no {thing}."


def _share_of(bad: int, of: int, noun: str, nouns: str | None = None) -> str:
    nouns = nouns or f"{noun}s"
    if bad == of:
        return f"All {of:,} {nouns}" if of > 1 else f"The only {noun}"
    return f"{bad:,} of {of:,} {nouns}"


def _verb(count: int, one: str, many: str) -> str:
    return one if count == 1 else many


def _filled(frame: pd.DataFrame, name: str) -> np.ndarray:
    """(n_rows,) bool: where a column of text says anything; all False where there is no such column."""
    if name not in frame:
        return np.zeros(len(frame), dtype=bool)
    return _mask(pc.not_equal(pc.utf8_trim_whitespace(_text(frame[name])), ""))


def _text(column: pd.Series | pa.ChunkedArray) -> pa.ChunkedArray:
    if isinstance(column, pa.ChunkedArray):
        return column
    texts = pa.array(column.astype("str"), pa.large_string(), from_pandas=True)
    return texts if isinstance(texts, pa.ChunkedArray) else pa.chunked_array([texts])


def _arrow(column: pd.Series) -> pa.ChunkedArray:
    numeric = pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype)
    return pa.chunked_array([pa.array(column, from_pandas=True)]) if numeric else _text(column)


def _mask(condition: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(pc.fill_null(condition, False).to_numpy(), dtype=bool)
