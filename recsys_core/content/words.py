"""A product's text as TF-IDF: words of title and description, and category levels, brand, tags and attributes as whole tokens.

Spaces don't cut Chinese, Japanese and Korean into words: of runs of their characters, each one and each pair of neighbours counts.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recsys_core.content.product_text import DESCRIPTION_LENGTH, tags_of, text_of
from recsys_core.content.unit_rows import unit_sparse_rows
from recsys_core.tables.columns import COLUMNS

WORD = re.compile(r"\b\w[\w&\-]+\b")
HAN = r"\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
KANA = r"\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f\U0001aff0-\U0001b16f"
HANGUL = r"\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff\uffa1-\uffdc"
SPACELESS = re.compile(f"[{HAN}{KANA}{HANGUL}]")
RUN = re.compile(rf"(?:(?<!\w)[a-z0-9])?{SPACELESS.pattern}+(?:[a-z0-9]{SPACELESS.pattern}+)*")
"""Characters written without spaces; one letter or digit before them belongs to them, as in T恤 and v领."""
GRAMS = (1, 2)
"""Characters that count together. Titles are short: those of two skirts may share no more than the one character for skirt."""
SHARED = 2
"""Products that have to have a token for it to count: what a single one has tells nothing of others."""
ATTRIBUTE_LEVELS = 0.5
"""An extra column counts as an attribute if it has at most this many distinct values per product; else it is an id or a text."""

Tokens = list[str]


def _whole(kind: str, values: list[str]) -> Tokens:
    return [f"{kind}={value.strip().lower()}" for value in values if value.strip()]


def _words(text: str) -> Tokens:
    """The words of a text; of runs of Chinese, Japanese or Korean, their characters and pairs of them."""
    if text.isascii() or not SPACELESS.search(text):
        return WORD.findall(text.lower())
    # Half-width katakana and full-width letters mean the same as the usual ones.
    text = unicodedata.normalize("NFKC", text).lower()
    runs = RUN.findall(text)
    grams = [run[start : start + size] for run in runs for size in GRAMS for start in range(len(run) - size + 1)]
    return WORD.findall(RUN.sub(" ", text)) + grams


def attribute_columns(products: pd.DataFrame) -> list[str]:
    """The extra columns of a product table that repeat often enough to tell products apart by kind."""
    extra = [str(name) for name in products if name not in COLUMNS["products"]]
    return [name for name in extra if products[name].map(text_of).nunique() <= max(1, ATTRIBUTE_LEVELS * len(products))]


def product_tokens(products: pd.DataFrame, attributes: list[str]) -> list[Tokens]:
    """One bag of tokens a product, in the order of the table; an empty bag for a product that says nothing of itself."""
    known = [name for name in ("title", "description", "category", "brand") if name in products]
    tags = [tags_of(value) for value in products["tags"]] if "tags" in products else [[]] * len(products)
    columns = {name: products[name].tolist() for name in [*known, *(a for a in attributes if a in products)]}
    bags = []
    for row in range(len(products)):
        cell = {name: text_of(values[row]) for name, values in columns.items()}
        bag = _words(cell.get("title", "") + " " + cell.get("description", "")[:DESCRIPTION_LENGTH])
        bag += _whole("category", cell.get("category", "").split(">"))
        bag += _whole("brand", [cell.get("brand", "")])
        bag += _whole("tag", tags[row])
        for name in attributes:
            bag += _whole(name, [cell.get(name, "")])
        bags.append(bag)
    return bags


def readable(token: str) -> str:
    """A token as a person would write it: "brand=acme" becomes "brand: acme"."""
    kind, separator, value = token.partition("=")
    return f"{kind}: {value}" if separator else token


class WordCounts:
    """Token counts of the catalog's products, which a launch's products can be added to.

    The vocabulary and the document frequencies of a launch are those of catalog and launch together: a launch's texts
    are known when it is launched.
    """

    def __init__(self, vocabulary: list[str], counts: sp.csr_matrix, attributes: list[str]):
        self.vocabulary = vocabulary
        self.counts = counts
        self.attributes = attributes

    @classmethod
    def of(cls, products: pd.DataFrame) -> WordCounts:
        attributes = attribute_columns(products)
        bags = product_tokens(products, attributes)
        vocabulary = sorted({token for bag in bags for token in bag})
        return cls(vocabulary, _count(bags, vocabulary), attributes)

    def with_products(self, products: pd.DataFrame) -> WordCounts:
        """These counts, with the rows (and the tokens never seen before) of more products after them."""
        bags = product_tokens(products, self.attributes)
        known = set(self.vocabulary)
        vocabulary = self.vocabulary + sorted({token for bag in bags for token in bag} - known)
        old = sp.csr_matrix(
            (self.counts.data, self.counts.indices, self.counts.indptr), (self.counts.shape[0], len(vocabulary))
        )
        return WordCounts(vocabulary, sp.vstack([old, _count(bags, vocabulary)], format="csr"), self.attributes)

    def without(self, products: np.ndarray) -> WordCounts:
        """These counts with empty rows for those products (positions)."""
        keep = np.ones(self.counts.shape[0], dtype=np.float32)
        keep[products] = 0
        counts = (sp.diags(keep) @ self.counts).tocsr()
        counts.eliminate_zeros()
        return WordCounts(self.vocabulary, counts, self.attributes)

    def frequency(self) -> np.ndarray:
        """(n_tokens,) how many products have each."""
        return np.bincount(self.counts.indices, minlength=self.counts.shape[1])

    def tfidf(self) -> sp.csr_matrix:
        """(n_products, n_tokens) float32, sublinear, rows of length 1; tokens of a single product count nothing."""
        if not self.counts.nnz:
            return self.counts.astype(np.float32)
        frequency = self.frequency()
        # As scikit-learn's TfidfVectorizer(sublinear_tf=True, min_df=2), which takes a page a second to import.
        rarity = (np.log((1 + self.counts.shape[0]) / (1 + frequency)) + 1) * (frequency >= SHARED)
        weights = (1 + np.log(self.counts.data)) * rarity[self.counts.indices]
        tfidf = sp.csr_matrix((weights, self.counts.indices.copy(), self.counts.indptr.copy()), self.counts.shape)
        tfidf.eliminate_zeros()
        return unit_sparse_rows(tfidf)


def _count(bags: list[Tokens], vocabulary: list[str]) -> sp.csr_matrix:
    column = {token: index for index, token in enumerate(vocabulary)}
    counted = [Counter(column[token] for token in bag) for bag in bags]
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in counted])])
    indices = np.fromiter((index for row in counted for index in sorted(row)), dtype=np.int32, count=indptr[-1])
    data = np.fromiter((row[index] for row in counted for index in sorted(row)), dtype=np.float32, count=indptr[-1])
    return sp.csr_matrix((data, indices, indptr), (len(bags), len(vocabulary)))
