"""Where products without a known category belong in the shop's own tree, how sure that is, and when it can't be told.

A linear support vector machine a category, on TF-IDF words and, if given, a pretrained encoder's vectors; and, if asked for, a
small network beside it (`category_net.py`), which is better at second and third places. On products held out of the catalog their
margins become probabilities, and it is seen from which probability on an answer is right often enough; below, the answer is “unlike
anything here”.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recsys_core.categories.calibration import Calibration, cross_fitted
from recsys_core.categories.category_net import Inputs, log_chances
from recsys_core.categories.levels import Categories
from recsys_core.categories.title_features import BESIDE_WORDS, title_features
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
MACHINES = 1.0
"""What a margin of the machines counts beside the network's log-probability."""


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
    thorough: bool = False,
    *,
    run: RunContext,
) -> tuple[pd.DataFrame, Trust]:
    """The likeliest categories of the catalog for each product: product_id, rank, category, probability, known.

    The products' own column “category” says nothing of where they belong; together: products that have the same there go to
    the same place, by the mean of their probabilities. known: whether the first category is likely enough; a product that
    says nothing is never known alone. thorough: with the network, which takes about a minute more for 12,000 products.
    Raises NotThere where the catalog has too little to learn from, InvalidSetting, Cancelled.
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
    texts = _texts(catalog, products, encoder, thorough, run)
    if not texts.vectors.shape[1]:
        raise NotThere(
            "The titles hold no words, so nothing can be learned from them. Import titles that say what products are."
        )
    known, new = with_category, np.arange(len(catalog), len(catalog) + len(products))
    of_product = categories.of_product[with_category]
    order = np.random.default_rng(run.seed).permutation(len(with_category))
    judged, learned = order[:held_out], order[held_out:]
    if len(np.unique(of_product[learned])) < 2:
        raise NotThere("Nearly all products are in one category, so there is nothing to choose from.")
    margins = _margins(texts, known[learned], of_product[learned], known[judged], categories.names, "(on a part)", run)
    chances = cross_fitted(margins, of_product[judged])
    threshold = threshold_for(chances, of_product[judged], error_rate)
    calibration = Calibration.fit(margins, of_product[judged])
    of_new = calibration.chances(_margins(texts, known, of_product, new, categories.names, "(on all)", run))
    says_something = np.diff(texts.vectors[new].indptr) > 0
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


@dataclass(frozen=True)
class _Texts:
    """The texts of catalog and products, without categories, in one space."""

    vectors: sp.csr_matrix
    """(n_catalog + n_products, dimensions): what the machines read."""
    inputs: Inputs | None
    """What the network reads, of the same rows; None: there is to be none."""


def _texts(
    catalog: pd.DataFrame, products: pd.DataFrame, encoder: Encoder | None, thorough: bool, run: RunContext
) -> _Texts:
    catalog, products = (frame.drop(columns="category", errors="ignore") for frame in (catalog, products))
    words = WordCounts.of(catalog).with_products(products).tfidf()
    both = pd.concat([catalog, products], ignore_index=True)
    sentences = sp.csr_matrix((len(both), 0), dtype=np.float32)
    if encoder is not None:
        sentences = sp.csr_matrix(encoder.encode(both, run=run))
    if not thorough:
        return _Texts(sp.hstack([words, sentences], format="csr"), None)
    titles = title_features(both, words, run.seed)
    run.check()
    heads = BESIDE_WORDS * titles.heads
    return _Texts(
        sp.hstack([words, heads, sentences], format="csr"),
        Inputs(
            sp.hstack([words, BESIDE_WORDS * titles.pairs, heads], format="csr"),
            np.hstack([sentences.toarray(), titles.meaning]),
        ),
    )


def _margins(
    texts: _Texts,
    learned: np.ndarray,
    of_product: np.ndarray,
    wanted: np.ndarray,
    names: list[str],
    part: str,
    run: RunContext,
) -> np.ndarray:
    """(n_wanted, n_categories), learned on the rows `learned` of the texts, for the rows `wanted`."""
    from sklearn.svm import LinearSVC

    stage = f"Learning the categories {part}"
    run.progress(stage, 0, 1)
    machine = LinearSVC(C=PENALTY, random_state=0).fit(texts.vectors[learned], of_product)
    decided = machine.decision_function(texts.vectors[wanted])
    if decided.ndim == 1:
        decided = np.column_stack([-decided, decided])
    margins = np.full((len(wanted), len(names)), OUT_OF_REACH)
    margins[:, machine.classes_] = decided
    if texts.inputs is not None:
        seen = texts.inputs
        margins = MACHINES * margins + log_chances(seen[learned], of_product, seen[wanted], names, run=run, stage=stage)
    run.progress(stage, 1, 1)
    return margins


def threshold_for(chances: np.ndarray, of_product: np.ndarray, error_rate: float) -> float:
    """The lowest probability of a first category from which on at most that share is wrong; infinite if there is none."""
    first = chances.max(axis=1)
    order = np.argsort(-first)
    wrong = np.cumsum(chances.argmax(axis=1)[order] != of_product[order]) / np.arange(1, len(order) + 1)
    # Equally likely ones are answered all or none.
    last_of_equals = np.append(np.diff(first[order]) != 0, True)
    good = np.flatnonzero((wrong <= error_rate) & last_of_equals)
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
