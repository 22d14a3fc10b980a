"""Where products without a known category belong in the shop's own tree, how sure that is, and when it can't be told.

A linear support vector machine a category, on TF-IDF words and, if given, a pretrained encoder's vectors. On products held out of
the catalog its margins become probabilities, and it is seen from which probability on an answer is right often enough; below, the
answer is “unlike anything here”.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recsys_core.categories.calibration import Calibration, cross_fitted
from recsys_core.categories.levels import Categories
from recsys_core.content.encoder import Encoder
from recsys_core.content.words import WordCounts
from recsys_core.errors import InvalidSetting, NotThere
from recsys_core.run_context import RunContext
from recsys_core.tables.columns import PRODUCT

HELD_OUT = 0.2
MIN_HELD_OUT = 20
ERROR_RATE = 0.1
"""Of held-out products that are called known, at most this share stood in another category than the first named one."""
PENALTY = 0.5
"""C of the machines: how little their weights are held back."""
OUT_OF_REACH = -3.0
"""The margin of a category that no product of the training part is in."""


@dataclass(frozen=True)
class Trust:
    """How far placements can be trusted, measured on products held out of the catalog."""

    products: int
    """How many were held out."""
    first: float
    """Share whose category was named first."""
    first_three: float
    """Share whose category was among the first three."""
    answered: float
    """Share that was called known."""
    first_of_answered: float | None
    """Share of those whose category was named first; None if none was called known."""
    calibration_error: float
    """Expected calibration error of the first category's probability, in ten bins."""
    threshold: float | None
    """The probability from which on a product is called known; None: there is none."""
    surest: list[float]
    """Share whose category was named first among the surest 10 %, 20 %, … 100 %."""


def place(
    catalog: pd.DataFrame,
    products: pd.DataFrame,
    encoder: Encoder | None = None,
    top: int = 3,
    error_rate: float = ERROR_RATE,
    together: bool = False,
    *,
    run: RunContext,
) -> tuple[pd.DataFrame, Trust]:
    """The likeliest categories of the catalog for each product: product_id, rank, category, probability, known.

    The products' own column “category” says nothing of where they belong; together: products that have the same there go to
    the same place, by the mean of their probabilities. known: whether the first category is likely enough; a product that
    says nothing is never known alone. Raises NotThere where the catalog has too little to learn from, InvalidSetting.
    """
    if not 0 <= error_rate <= 1:
        raise InvalidSetting(f"A share of errors lies between 0 and 1; {error_rate} doesn't.")
    if top < 1:
        raise InvalidSetting(f"There is nothing to show with top {top}; name 1 or more.")
    categories = Categories.of(catalog)
    with_category = np.flatnonzero(categories.of_product >= 0)
    held_out = int(HELD_OUT * len(with_category))
    if len(categories.names) < 2 or held_out < MIN_HELD_OUT:
        raise NotThere(
            f"To place products takes two categories and {round(MIN_HELD_OUT / HELD_OUT)} products in them; the catalog has "
            f"{len(categories.names)} and {len(with_category)}. Import more products with a category first."
        )
    vectors = _vectors(catalog, products, encoder, run)
    if not vectors.shape[1]:
        raise NotThere(
            "The titles hold no words, so nothing can be learned from them. Import titles that say what products are."
        )
    known, new = vectors[: len(catalog)][with_category], vectors[len(catalog) :]
    of_product = categories.of_product[with_category]
    order = np.random.default_rng(run.seed).permutation(len(with_category))
    judged, learned = order[:held_out], order[held_out:]
    if len(np.unique(of_product[learned])) < 2:
        raise NotThere("Nearly all products are in one category, so there is nothing to choose from.")
    run.progress("Learning the categories", 0, 2)
    margins = _margins(known[learned], of_product[learned], known[judged], len(categories.names))
    chances = cross_fitted(margins, of_product[judged])
    threshold = threshold_for(chances, of_product[judged], error_rate)
    run.progress("Learning the categories", 1, 2)
    calibration = Calibration.fit(margins, of_product[judged])
    of_new = calibration.chances(_margins(known, of_product, new, len(categories.names)))
    run.progress("Learning the categories", 2, 2)
    says_something = np.diff(new.indptr) > 0
    if together and "category" in products:
        of_new, says_something = _together(of_new, says_something, products["category"])
    best = np.argsort(-of_new, axis=1, kind="stable")[:, :top]
    probability = np.take_along_axis(of_new, best, axis=1)
    frame = pd.DataFrame(
        {
            PRODUCT: np.repeat(products[PRODUCT].astype("str").to_numpy(), best.shape[1]),
            "rank": np.tile(np.arange(1, best.shape[1] + 1), len(products)),
            "category": np.array(categories.names, dtype=object)[best.ravel()],
            "probability": probability.ravel(),
            "known": np.repeat((probability[:, 0] >= threshold) & says_something, best.shape[1]),
        }
    )
    return frame, trust_in(chances, of_product[judged], threshold)


def _together(chances: np.ndarray, says_something: np.ndarray, category: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Chances and whether they say something, the same for all products with the same category; those without stay alone."""
    group, names = pd.factorize(category)
    group = np.where(group < 0, len(names) + np.arange(len(group)), group)
    voices = pd.DataFrame(chances[says_something]).groupby(group[says_something]).mean()
    there = np.isin(group, voices.index)
    shared = chances.copy()
    shared[there] = voices.loc[group[there]].to_numpy()
    return shared, there


def _vectors(catalog: pd.DataFrame, products: pd.DataFrame, encoder: Encoder | None, run: RunContext) -> sp.csr_matrix:
    """(n_catalog + n_products, dimensions): the texts of both, without categories, in one space."""
    catalog, products = (frame.drop(columns="category", errors="ignore") for frame in (catalog, products))
    words = WordCounts.of(catalog).with_products(products).tfidf()
    if encoder is None:
        return words
    sentences = encoder.encode(pd.concat([catalog, products], ignore_index=True), run=run)
    return sp.hstack([words, sp.csr_matrix(sentences)], format="csr")


def _margins(vectors: sp.csr_matrix, of_product: np.ndarray, wanted: sp.csr_matrix, n_categories: int) -> np.ndarray:
    """(n_wanted, n_categories) of the machines learned on `vectors`."""
    from sklearn.svm import LinearSVC

    machine = LinearSVC(C=PENALTY, random_state=0).fit(vectors, of_product)
    decided = machine.decision_function(wanted)
    if decided.ndim == 1:
        decided = np.column_stack([-decided, decided])
    margins = np.full((wanted.shape[0], n_categories), OUT_OF_REACH)
    margins[:, machine.classes_] = decided
    return margins


def threshold_for(chances: np.ndarray, of_product: np.ndarray, error_rate: float) -> float:
    """The lowest probability of a first category from which on at most that share is wrong; infinite if there is none."""
    first = chances.max(axis=1)
    order = np.argsort(-first)
    wrong = np.cumsum(chances.argmax(axis=1)[order] != of_product[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(wrong <= error_rate)
    return float(first[order][good[-1]]) if len(good) else np.inf


def trust_in(chances: np.ndarray, of_product: np.ndarray, threshold: float) -> Trust:
    order = np.argsort(-chances, axis=1)
    first, probability = order[:, 0] == of_product, chances.max(axis=1)
    answered = probability >= threshold
    bins = np.minimum((10 * probability).astype(int), 9)
    by_sureness = first[np.argsort(-probability, kind="stable")]
    gaps = [abs((first[bins == b] - probability[bins == b]).sum()) for b in range(10)]
    return Trust(
        products=len(of_product),
        first=float(first.mean()),
        first_three=float((order[:, :3] == of_product[:, None]).any(axis=1).mean()),
        answered=float(answered.mean()),
        first_of_answered=float(first[answered].mean()) if answered.any() else None,
        calibration_error=float(sum(gaps) / len(of_product)),
        threshold=float(threshold) if np.isfinite(threshold) else None,
        surest=[float(by_sureness[: max(1, round(share * len(first) / 10))].mean()) for share in range(1, 11)],
    )
