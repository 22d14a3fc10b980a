"""What simple methods reach on a case: content neighbours, content beside shared baskets, and three orders of customers.

    python -m benchmarks.references CASE [CASE ...]

content: cosine of the customer's summed TF-IDF history with the new product's TF-IDF row. content+co: content + 0.3 × the
cosine of the customer's basket with the baskets of the product's supporters. Audiences: customers by how many products they
bought, by content, and by content × the logarithm of that number.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from benchmarks.cases import SHOTS, Case
from benchmarks.judging import AUDIENCE, Score, best_columns, lift, ndcg, ranked

WHOLE = (("category", ">"), ("brand", None), ("tags", "|"))
"""Columns of which each part counts as one word, and where they are cut."""
CO_WEIGHT = 0.3
AUDIENCE_SHOTS = 5


def texts(products: pd.DataFrame) -> list[str]:
    """The words of each product: title and description (500 characters each) as they are, then the whole parts."""
    rows = []
    for product in products.fillna("").to_dict("records"):
        words = [str(product.get(column, ""))[:500] for column in ("title", "description")]
        for column, cut in WHOLE:
            text = str(product.get(column, ""))
            parts = text.split(cut) if cut else [text]
            words += [f"{column}_{part.strip().replace(' ', '_')}" for part in parts if text]
        rows.append(" ".join(words))
    return rows


def tfidf(case: Case) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """(n_products, n_words) and (n_new_products, n_words) float32, rows of length 1.

    Vocabulary and document frequencies are those of catalog and launch together: a launch's texts are known when it is
    launched.
    """
    both = pd.concat([case.products, case.new_products], ignore_index=True)
    words = TfidfVectorizer(sublinear_tf=True, min_df=2, token_pattern=r"(?u)\b\w[\w&\-]+\b")
    rows = words.fit_transform(texts(both)).astype(np.float32)
    return rows[: len(case.products)], rows[len(case.products) :]


class References:
    """The references of one case: figures a customer (ndcg@20) or a product (lift)."""

    def __init__(self, case: Case):
        self.case = case
        catalog, self.new = tfidf(case)
        self.profiles = normalize(case.baskets @ catalog)
        self.baskets = normalize(case.baskets)
        few = pd.Index(case.new_products["product_id"]).get_indexer(case.candidates("few_shot"))
        self.few = self.new[few]

    def content(self, rows: sp.csr_matrix) -> Score:
        columns = rows.T.tocsr()
        return lambda who: (self.profiles[who] @ columns).toarray()

    def all_new(self) -> np.ndarray:
        who, relevant = self.case.truth("zero_shot")
        return ndcg(ranked(self.content(self.new), who), relevant)

    def few_shot(self, shots: int) -> np.ndarray:
        """content+co, or content for 0 shots."""
        who, relevant = self.case.truth("few_shot")
        content = self.content(self.few)
        if not shots:
            return ndcg(ranked(content, who), relevant)
        support = self.case.support(shots)
        supporters = (self.baskets.T @ support).tocsr()

        def score(block: np.ndarray) -> np.ndarray:
            return content(block) + CO_WEIGHT * (self.baskets[block] @ supporters).toarray()

        return ndcg(ranked(score, who, support), relevant)

    def audiences(self) -> Iterator[tuple[str, np.ndarray]]:
        """Name and lift a product, for the few-shot products after their first five sales."""
        who, relevant = self.case.truth("few_shot")
        n = len(self.case.customers)
        size = max(1, int(n * AUDIENCE))
        pairs = relevant.tocoo()
        buyers = sp.csr_matrix((pairs.data, (pairs.col, who[pairs.row])), (relevant.shape[1], n))
        supported = self.case.support(AUDIENCE_SHOTS).T.tocsr().nonzero()
        content = self.content(self.few)(np.arange(n)).T
        active = np.asarray(self.case.baskets.sum(axis=1)).ravel()
        scores = {
            "activity": np.broadcast_to(active, content.shape),
            "content": content,
            "content × activity": content * np.log1p(active),
        }
        for name, score in scores.items():
            score = np.array(score, dtype=float)
            score[supported] = -np.inf
            yield name, lift(best_columns(score, size), buyers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path, nargs="+", metavar="CASE")
    columns = ["content, all new", *(f"content{'+co' if k else ''}, k={k}" for k in (0, *SHOTS))]
    columns += [f"lift {name}" for name in ("activity", "content", "content × activity")]
    print("| case | " + " | ".join(columns) + " |\n|" + "---|" * (len(columns) + 1))
    for folder in parser.parse_args().cases:
        references = References(Case(folder))
        figures = [references.all_new().mean(), *(references.few_shot(k).mean() for k in (0, *SHOTS))]
        cells = [f"{figure:.4f}" for figure in figures] + [f"{x.mean():.2f}" for _, x in references.audiences()]
        print(f"| {folder.name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
