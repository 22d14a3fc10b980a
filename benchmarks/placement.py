"""How often products are placed in their own category, by their texts: folds over products; a Markdown table out.

    python -m benchmarks.placement PRODUCTS.parquet [--folds 5] [--cache FOLDER] [--out FILE]

A table has title, category_path (or category), and brand if there is one; the category is the whole path. Baselines: the nearest
centroid of TF-IDF words and of the pretrained encoder's vectors, and a linear support vector machine on TF-IDF of words and pairs
of words. Of ours also: the calibration error of the first category's probability, the share answered at the usual share of errors and
how often those are right, and how often the surest 90 % are. Folds are drawn with seed 0.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import KFold
from sklearn.svm import LinearSVC

from benchmarks.categories import read
from benchmarks.markdown import Table, row
from recsys_core.categories.levels import Categories
from recsys_core.categories.placement import place
from recsys_core.categories.similarity import product_words
from recsys_core.content.encoder import Encoder
from recsys_core.content.pretrained import PretrainedEncoder
from recsys_core.content.product_text import product_text
from recsys_core.content.unit_rows import unit_rows
from recsys_core.run_context import RunContext
from recsys_core.workspace.text_vectors import TextVectors

Fold = tuple[np.ndarray, np.ndarray]
TOP = 3


def right(scores: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(n, 2) bool: whether the first, and one of the first three, is the category."""
    order = np.argsort(-scores, axis=1)[:, :TOP] == truth[:, None]
    return np.column_stack([order[:, 0], order.any(axis=1)])


def ours(products: pd.DataFrame, folds: list[Fold], encoder: Encoder | None, thorough: bool) -> list[str]:
    found = []
    for learned, judged in folds:
        placed, _ = place(
            products.iloc[learned], products.iloc[judged], encoder, TOP, thorough=thorough, run=RunContext()
        )
        placed["right"] = placed["category"] == np.repeat(products["category"].to_numpy()[judged], TOP)
        found.append(placed.assign(product=np.repeat(judged, TOP)))
    table = pd.concat(found)
    first = table[table["rank"] == 1].sort_values("probability", ascending=False)
    bins = first.groupby((10 * first["probability"]).astype(int).clip(upper=9))
    error = float((bins["right"].sum() - bins["probability"].sum()).abs().sum() / len(first))
    surest = first.head(round(0.9 * len(first)))["right"].mean()
    known = first[first["known"]]
    figures = [first["right"].mean(), table.groupby("product")["right"].any().mean(), error, len(known) / len(first)]
    return [f"{figure:.3f}" for figure in (*figures, known["right"].mean(), surest)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("products", type=Path)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--cache", type=Path, metavar="FOLDER")
    parser.add_argument("--out", type=Path, metavar="FILE")
    given = parser.parse_args()
    products = read(given.products)
    categories = Categories.of(products)
    products["category"] = [categories.names[position] for position in categories.of_product]
    truth, n_categories = categories.of_product, len(categories.names)
    folds: list[Fold] = list(KFold(given.folds, shuffle=True, random_state=0).split(products))
    header = ("first", "first three", "calibration error", "answered", "right of answered", "right of surest 90 %")
    table = Table("placed by", *header, out=given.out)

    def say(name: str, scores: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
        hits = np.concatenate([right(scores(*fold), truth[fold[1]]) for fold in folds]).mean(axis=0)
        table.say(row(name, *(f"{share:.3f}" for share in hits), *[""] * (len(header) - 2)))

    words = product_words(products)
    pairs = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2).fit_transform(product_text(products))

    def centroids(vectors: np.ndarray) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
        def scores(learned: np.ndarray, judged: np.ndarray) -> np.ndarray:
            members = Categories(categories.names, truth[learned]).membership
            return np.asarray(vectors[judged] @ unit_rows(np.asarray(members.T @ vectors[learned])).T)

        return scores

    def machine(learned: np.ndarray, judged: np.ndarray) -> np.ndarray:
        fitted = LinearSVC().fit(pairs[learned], truth[learned])
        scores = np.full((len(judged), n_categories), -np.inf)
        scores[:, fitted.classes_] = fitted.decision_function(pairs[judged])
        return scores

    with TemporaryDirectory() as folder:
        encoder = PretrainedEncoder(cache=TextVectors(given.cache or folder))
        say("*centroids of words*", centroids(words.toarray()))
        say("*centroids of the pretrained encoder*", centroids(encoder.encode(products, run=RunContext())))
        say("*support vector machine, words and pairs*", machine)
        for beside, thorough in (("", False), (", thorough", True)):
            table.say(row(f"`place`, words{beside}", *ours(products, folds, None, thorough)))
            table.say(row(f"`place`, words and pretrained encoder{beside}", *ours(products, folds, encoder, thorough)))


if __name__ == "__main__":
    main()
