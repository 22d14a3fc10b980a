"""What speaks for a place: the words that product and category share, and the product there that is most like it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recsys_core.categories.levels import Categories
from recsys_core.content.unit_rows import unit_sparse_rows
from recsys_core.content.words import WordCounts, readable
from recsys_core.tables.columns import PRODUCT

WORDS = 3


def reasons(catalog: pd.DataFrame, products: pd.DataFrame, placed: pd.DataFrame) -> pd.DataFrame:
    """`placed` (product_id, category, … as `place` gave it) with words (text) and like (a title of the category); "" for none."""
    bare_catalog, bare_products = (frame.drop(columns="category", errors="ignore") for frame in (catalog, products))
    counts = WordCounts.of(bare_catalog).with_products(bare_products)
    tfidf = counts.tfidf()
    known, new = tfidf[: len(catalog)], tfidf[len(catalog) :]
    categories = Categories.of(catalog)
    centroids = unit_sparse_rows((categories.membership.T @ known).tocsr())
    place = {name: at for at, name in enumerate(categories.names)}
    title = (catalog["title"] if "title" in catalog else catalog[PRODUCT]).fillna("").to_numpy()
    row = pd.Index(products[PRODUCT]).get_indexer(pd.Index(placed[PRODUCT]))
    category = placed["category"].map(place).to_numpy()
    shared = new[row].multiply(centroids[category]).tocsr()
    words, like = [], np.full(len(placed), "", dtype=object)
    for at in range(len(placed)):
        part = slice(shared.indptr[at], shared.indptr[at + 1])
        heaviest = shared.indices[part][np.argsort(-shared.data[part], kind="stable")[:WORDS]]
        words.append(", ".join(readable(counts.vocabulary[word]) for word in heaviest))
    for number in np.unique(category):
        rows, members = np.flatnonzero(category == number), np.flatnonzero(categories.of_product == number)
        alike = (new[row[rows]] @ known[members].T).toarray()
        best = alike.argmax(axis=1)
        like[rows] = np.where(alike.max(axis=1) > 0, title[members[best]], "")
    return placed.assign(
        words=pd.Series(words, placed.index, dtype="str"), like=pd.Series(like, placed.index, dtype="str")
    )
