"""Where products without a known category belong in the shop's own tree, how sure that is, and when it can't be told.

A linear support vector machine a category, on TF-IDF words and, if given, a pretrained encoder's vectors. Thoroughly, a small
network stands beside it (`category_net.py`), which is better at second and third places, and where there are products enough, trees
choose among the likeliest by all that speaks for each (`reranking.py`). On products held out of the catalog their margins become
probabilities, and it is seen from which probability on an answer is right often enough; below, the answer is “unlike anything here”.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recsys_core.categories.calibration import Calibration, cross_fitted
from recsys_core.categories.candidates import Candidates, Evidence, dense
from recsys_core.categories.category_net import Inputs, log_chances
from recsys_core.categories.levels import Categories
from recsys_core.categories.reranking import cross_reranked
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
FOLDS, LARGE_FOLDS = 5, 3
"""Parts of the catalog, each judged by what was learned on the others, to learn what speaks for a category."""
LARGE = 10_000_000
"""Products × categories from which on there are fewer."""
RERANKED = 500
"""With fewer products there is too little to learn that from."""
JUDGED = 5000
"""So many products, at most, tell how far placements can be trusted."""
UNSEEN = 150
"""So many, or a tenth, are learned from by none of the models whose mean is taken."""


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
    says nothing is never known alone. thorough: more is right; for 12,000 products it takes some minutes, else half of one.
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
    learning = _Learning(texts, categories.names, run)
    # Of a second category some must be in every part.
    second = np.sort(np.bincount(of_product))[-2:].min()
    if thorough and len(known) >= RERANKED and second > 2 * FOLDS:
        evidence = Evidence(
            categories.names,
            pd.concat([catalog, products], ignore_index=True),
            texts.sentences,
            texts.meaning,
            encoder,
            run,
        )
        margins, truth, of_new = learning.reranked(evidence, known[order], of_product[order], new)
    else:
        judged, learned = order[:held_out], order[held_out:]
        truth = of_product[judged]
        margins = learning.margins(known[learned], of_product[learned], known[judged], "(on a part)")
        calibration = Calibration.fit(margins, truth)
        of_new = calibration.chances(learning.margins(known, of_product, new, "(on all)"))
    chances = cross_fitted(margins, truth)
    threshold = threshold_for(chances, truth, error_rate)
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
    return frame, trust_in(chances, truth, threshold)


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
    """The texts of catalog and products, without categories, in one space; all of n_catalog + n_products rows."""

    vectors: sp.csr_matrix
    """What the machines read."""
    sentences: np.ndarray | None
    """(n, dimensions) the encoder's vectors; None without one."""
    words: sp.csr_matrix
    """What the network reads beside sentences and meaning."""
    meaning: np.ndarray
    """(n, dimensions), none where placing isn't thorough."""

    @property
    def inputs(self) -> Inputs:
        """What the network reads."""
        parts = [self.meaning] if self.sentences is None else [self.sentences, self.meaning]
        return Inputs(self.words, np.hstack(parts))


def _texts(
    catalog: pd.DataFrame, products: pd.DataFrame, encoder: Encoder | None, thorough: bool, run: RunContext
) -> _Texts:
    catalog, products = (frame.drop(columns="category", errors="ignore") for frame in (catalog, products))
    words = WordCounts.of(catalog).with_products(products).tfidf()
    both = pd.concat([catalog, products], ignore_index=True)
    sentences = None if encoder is None else dense(encoder.encode(both, run=run))
    encoded = sp.csr_matrix((len(both), 0) if sentences is None else sentences, dtype=np.float32)
    if not thorough:
        nothing = np.zeros((len(both), 0), dtype=np.float32)
        return _Texts(sp.hstack([words, encoded], format="csr"), sentences, words, nothing)
    titles = title_features(both, words, run.seed)
    run.check()
    heads = BESIDE_WORDS * titles.heads
    return _Texts(
        sp.hstack([words, heads, encoded], format="csr"),
        sentences,
        sp.hstack([words, BESIDE_WORDS * titles.pairs, heads], format="csr"),
        titles.meaning,
    )


@dataclass(frozen=True)
class _Learning:
    """Learns the categories of some rows of the texts, and tells those of others."""

    texts: _Texts
    names: list[str]
    run: RunContext

    def margins(self, learned: np.ndarray, of_product: np.ndarray, wanted: np.ndarray, part: str) -> np.ndarray:
        """(n_wanted, n_categories): of machines and network together."""
        return np.add(*self._both(learned, of_product, wanted, part))

    def _both(
        self, learned: np.ndarray, of_product: np.ndarray, wanted: np.ndarray, part: str
    ) -> tuple[np.ndarray, np.ndarray]:
        """The machines' margins, and the network's log-probabilities, or zeros where placing isn't thorough."""
        from sklearn.svm import LinearSVC

        if len(np.unique(of_product)) < 2:
            raise NotThere("Nearly all products are in one category, so there is nothing to choose from.")
        stage, run = f"Learning the categories {part}", self.run
        run.progress(stage, 0, 1)
        machine = LinearSVC(C=PENALTY, random_state=0).fit(self.texts.vectors[learned], of_product)
        decided = machine.decision_function(self.texts.vectors[wanted])
        if decided.ndim == 1:
            decided = np.column_stack([-decided, decided])
        margins = np.full((len(wanted), len(self.names)), OUT_OF_REACH)
        margins[:, machine.classes_] = decided
        log = np.zeros_like(margins)
        if self.texts.meaning.shape[1]:
            seen = self.texts.inputs
            log = log_chances(seen[learned], of_product, seen[wanted], self.names, run=run, stage=stage)
        run.progress(stage, 1, 1)
        return margins, log

    def reranked(
        self, evidence: Evidence, known: np.ndarray, of_product: np.ndarray, new: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(n, n_categories) margins of JUDGED of `known`, at most, by what was learned on others, and (n,) their categories; and
        (n_new, n_categories) calibrated chances."""
        n_categories = len(self.names)
        # Seen by no model: they show how much surer each model is than the mean of all, which isn't to depend on what is placed.
        unseen = known[: min(UNSEEN, len(known) // 10)]
        known, of_product = known[len(unseen) :], of_product[len(unseen) :]
        folds = FOLDS if len(known) * n_categories < LARGE else LARGE_FOLDS
        fold = np.arange(len(known)) % folds
        told, wanted = [], np.concatenate([unseen, new])
        of_wanted = []
        for number in range(folds):
            held, learned = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
            rows = np.concatenate([known[held], wanted])
            # Networks that start elsewhere err elsewhere; of new products their mean is taken.
            learning = replace(self, run=replace(self.run, seed=self.run.seed + number))
            said = learning._both(known[learned], of_product[learned], rows, f"({number + 1} of {folds})")
            found = evidence.candidates(rows, *said, known[learned], of_product[learned], run=self.run)
            told.append(found.take(np.arange(len(held))))
            of_wanted.append(found.take(np.arange(len(held), len(rows))))
        order = np.argsort(np.concatenate([np.flatnonzero(fold == number) for number in range(folds)]))
        judged, reranker = cross_reranked(
            Candidates.joined(told).take(order), of_product, n_categories, JUDGED, run=self.run
        )
        calibration = Calibration.fit(np.log(judged), of_product[: len(judged)])
        chances, sureness = np.zeros((len(wanted), n_categories)), 0.0
        for one in of_wanted:
            self.run.check()
            by_one = reranker.chances(one, n_categories)
            sureness += calibration.sureness(np.log(by_one[: len(unseen)])) / folds
            chances += by_one / folds
        margins = np.log(chances)
        sharper = calibration.sharper(margins[: len(unseen)], sureness)
        return np.log(judged), of_product[: len(judged)], calibration.chances(sharper * margins[len(unseen) :])


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
