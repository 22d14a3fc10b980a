"""Whether a category that is taken for unknown finds its sibling: leave one category out; a Markdown table out.

    python -m benchmarks.categories PRODUCTS.parquet [PRODUCTS.parquet ...] [--cache FOLDER] [--out FILE]

A table has title, category_path (or category) and what else there is. Each category at the deepest level that has a sibling
(another of the same parent) is compared with all others by its products' texts, without their categories; counted is how often
the most alike one is a sibling. Baselines: the cosine of summed vectors, of TF-IDF words and of the pretrained encoder. The 95 %
interval is a bootstrap over categories. Products that nobody bought in the data (in_sample false) are left out. --cache keeps the
encoder's vectors.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import scipy.sparse as sp

from benchmarks.intervals import Bootstrap, interval
from benchmarks.markdown import Table, row
from recsys_core.categories.levels import Categories
from recsys_core.categories.similarity import by_meaning, product_words
from recsys_core.content.combination import CombinedEncoder
from recsys_core.content.pretrained import PretrainedEncoder
from recsys_core.content.unit_rows import unit_rows, unit_sparse_rows
from recsys_core.run_context import RunContext
from recsys_core.tables.columns import CATEGORY_SEPARATOR
from recsys_core.workspace.text_vectors import TextVectors


def read(path: Path) -> pd.DataFrame:
    products = pd.read_parquet(path)
    if "in_sample" in products:
        products = products[products["in_sample"]]
    if "category_path" in products:
        products = products.assign(category=products["category_path"])
    kept = [name for name in ("product_id", "title", "brand", "category") if name in products]
    return products.loc[products["category"].notna(), kept].reset_index(drop=True)


def nearest_centroid(vectors: np.ndarray | sp.csr_matrix, categories: Categories) -> np.ndarray:
    """(n, n) the cosine of summed vectors: the baseline."""
    centroids = categories.membership.T @ vectors
    if not sp.issparse(centroids):
        return unit_rows(centroids) @ unit_rows(centroids).T
    centroids = unit_sparse_rows(centroids)
    cosine: np.ndarray = (centroids @ centroids.T).toarray()
    return cosine


def siblings(categories: Categories) -> np.ndarray:
    """(n, n) bool: whether two categories have the same parent."""
    parents = np.array([name.rpartition(CATEGORY_SEPARATOR)[0] for name in categories.names])
    same: np.ndarray = (parents[:, None] == parents[None, :]) & (parents != "")[:, None]
    np.fill_diagonal(same, False)
    return same


def arguments(description: str | None) -> argparse.Namespace:
    """products, cache and out, of a benchmark of some product tables."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("products", type=Path, nargs="+")
    parser.add_argument("--cache", type=Path, metavar="FOLDER")
    parser.add_argument("--out", type=Path, metavar="FILE")
    return parser.parse_args()


def main() -> None:
    given = arguments(__doc__)
    table = Table("data", "categories with a sibling", "compared by", "nearest is a sibling", out=given.out)
    for path in given.products:
        products = read(path)
        categories = Categories.of(products)
        related = siblings(categories)
        judged = related.any(axis=1)
        bootstrap = Bootstrap(int(judged.sum()), 1)
        words = product_words(products)
        with TemporaryDirectory() as folder:
            cache = TextVectors(given.cache or folder)
            combined = CombinedEncoder(PretrainedEncoder(cache=cache))
            both, share = combined.encode(products, run=RunContext()), combined.share_
            sentences = PretrainedEncoder(cache=cache).encode(products, run=RunContext())
        for name, similarity in (
            ("*centroids of words*", nearest_centroid(words, categories)),
            ("*centroids of the pretrained encoder*", nearest_centroid(sentences, categories)),
            ("meaning, by words", by_meaning(words, categories)),
            ("meaning, by the pretrained encoder", by_meaning(sentences, categories)),
            (f"meaning, by both ({share:.0%} the encoder's)", by_meaning(both, categories)),
        ):
            np.fill_diagonal(similarity, -np.inf)
            hits = related[np.arange(len(related)), similarity.argmax(axis=1)][judged].astype(np.float32)
            low, high = interval(bootstrap.means(hits[None]))
            table.say(row(path.parent.name, f"{len(hits):,}", name, f"{hits.mean():.3f} ({low:.3f}–{high:.3f})"))


if __name__ == "__main__":
    main()
