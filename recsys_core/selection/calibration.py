"""Learns how probable a purchase is from replayed launches, and tells how far such probabilities were off.

Products and customers are both cut in two at random. What is said of a pair is learned from the other half of the customers
and the other half of the products, so that the error is that for products which were never seen; then everything is learned
once more from all pairs. Where the catalog has times, a second replay, in order of time, corrects what the first one learned:
there purchases were easier to foretell, and had more time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from recsys_core.adaptation.adapter import Adapter
from recsys_core.adaptation.purchase_probability import Isotonic, PurchaseProbability, ScoreCurve
from recsys_core.dataset import Dataset
from recsys_core.errors import CannotRun
from recsys_core.evaluation.reliability import calibration_error, reliability
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext
from recsys_core.selection.replayed_pairs import Replay, ReplayedPairs, list_length

GROUPS = 200
"""Pairs are put into so many groups of equal size, by score, before an isotonic curve is fitted: no step of it rests on a
handful of pairs. With few purchases the groups are fewer, one for each PURCHASES_A_GROUP."""
PURCHASES_A_GROUP = 4
MIN_PURCHASES_IN_TIME = 50
"""With fewer a correction would be mostly chance."""
PLATT, ISOTONIC = "Platt", "isotonic"


@dataclass(frozen=True)
class Calibration:
    probability: PurchaseProbability
    report: dict[str, Any]
    """As JSON. ece: by how much the probability of a listed pair was off, in the mean; base_rate: how many of the listed pairs
    came to a purchase; top: the lists' length; products; days: how long these were there on average, None where it isn't known;
    by_shots: ece, base_rate, products and method for each number of first sales; bins: see `reliability`. If in_time, all that
    is of products in order of time, and out_of_time has it for products taken out of the catalog."""


def calibrate(source: SourceModel, adapter: Adapter, *, catalog: Dataset | None = None, run: RunContext) -> Calibration:
    """Learned on `source.judging()`, by which nothing else was chosen; catalog: what the source model was trained on.

    Raises CannotRun where these products have too few purchases.
    """
    replay = Replay.of_products(source, adapter, run)
    curves, said, rows = [], {}, []
    replayed = replay.pairs(run)
    for shots, pairs in run.track(replayed.items(), "Learning probabilities", len(replayed)):
        folds, of_lists = _folds(pairs, run.seed), pairs.take(pairs.listed)
        held_out = {
            method: _held_out(pairs, folds, isotonic) for method, isotonic in ((PLATT, False), (ISOTONIC, True))
        }
        loss = {method: log_loss(probability[pairs.listed], of_lists) for method, probability in held_out.items()}
        method = min(loss, key=loss.__getitem__)
        curves.append(fit_curve(pairs, isotonic=method == ISOTONIC))
        said[shots] = held_out[method]
        rows.append({"method": method})
    known = PurchaseProbability(replay.traits(source.weights_), list(replayed), curves)
    report = _report(replay, said, replayed, run.seed)
    report["by_shots"] = [row | kind for row, kind in zip(report["by_shots"], rows, strict=True)]
    if catalog is None or not catalog.has_times or source.config.held_out_by == "date":
        return Calibration(known, report)
    try:
        later = Replay.in_time(source, catalog, adapter, run)
    except CannotRun:
        return Calibration(known, report)
    if next(iter(later.moments.values())).later.nnz < MIN_PURCHASES_IN_TIME:
        return Calibration(known, report)
    return _in_time(known, report, later, catalog, run)


def _in_time(
    known: PurchaseProbability, report: dict[str, Any], replay: Replay, catalog: Dataset, run: RunContext
) -> Calibration:
    """The same, corrected by the line through its logits that makes the purchases of that replay most probable."""
    replayed = replay.pairs(run)
    then = replace(known, traits=replay.traits(replay.scorer.weights))
    odds = {
        k: then.log_odds(pairs.customer, pairs.score, np.full(len(pairs.score), k)) for k, pairs in replayed.items()
    }
    everything, all_odds = ReplayedPairs.joined(list(replayed.values())), np.concatenate(list(odds.values()))
    folds, all_folds = {k: _folds(pairs, run.seed) for k, pairs in replayed.items()}, _folds(everything, run.seed)
    lines = [_line(all_odds[at], everything.take(at)) for at in (all_folds == 3 - fold for fold in range(4))]
    said = {}
    for k, values in odds.items():
        offset, slope = np.array(lines)[folds[k]].T
        said[k] = expit(offset + slope * values)
    corrected = replace(known, in_time=_line(all_odds, everything))
    in_time = _report(replay, said, replayed, run.seed) | {"days": _days(replay, catalog), "in_time": True}
    return Calibration(corrected, in_time | {"out_of_time": report})


def _line(odds: np.ndarray, pairs: ReplayedPairs) -> tuple[float, float]:
    """Offset and slope >= 0 of the logits."""
    if not pairs.bought.any():
        return 0.0, 1.0
    offset, slope = _logistic(odds[:, None], pairs, rising=1)
    return float(offset), float(slope)


def _days(replay: Replay, catalog: Dataset) -> float:
    """From a product's first sale to the end of the history, on average."""
    ids = catalog.product_ids[replay.sales.products]
    first = catalog.sales[catalog.sales["product_id"].isin(ids)].groupby("product_id")["timestamp"].min()
    return float((catalog.sales["timestamp"].max() - first).mean() / pd.Timedelta(days=1))


def _report(
    replay: Replay, said: dict[int, np.ndarray], replayed: dict[int, ReplayedPairs], seed: int
) -> dict[str, Any]:
    """See `Calibration.report`. said: held-out probabilities of the replayed pairs."""
    lists = {k: (said[k][pairs.listed], pairs.take(pairs.listed)) for k, pairs in replayed.items()}
    rows = [
        {"shots": k, "products": len(replay.moments[k].products)} | calibration_error(_reliability(*of_lists, seed))
        for k, of_lists in lists.items()
    ]
    everything = ReplayedPairs.joined([pairs for _, pairs in lists.values()])
    bins = _reliability(np.concatenate([probability for probability, _ in lists.values()]), everything, seed)
    products = len(replay.sales.products)
    shape = {"top": list_length(products), "products": products, "days": None, "in_time": False}
    return calibration_error(bins) | shape | {"by_shots": rows, "bins": bins}


def fit_curve(pairs: ReplayedPairs, isotonic: bool) -> ScoreCurve:
    """The curve that makes the pairs' purchases most probable."""
    curve = ScoreCurve(np.zeros(5), None)
    if isotonic:
        by_score, by_standing = curve.features(pairs.score, pairs.traits)[:, :2].T
        curve = replace(curve, isotonic=(_isotonic(by_score, pairs), _isotonic(by_standing, pairs)))
    return replace(curve, weights=_logistic(curve.features(pairs.score, pairs.traits), pairs, rising=2))


def _isotonic(x: np.ndarray, pairs: ReplayedPairs) -> Isotonic:
    from sklearn.isotonic import IsotonicRegression

    order = np.argsort(x, kind="stable")
    group = np.empty(len(order), dtype=np.int64)
    groups = int(np.clip(pairs.bought.sum() // PURCHASES_A_GROUP, 2, GROUPS))
    group[order] = np.arange(len(order)) * groups // len(order)
    weight = np.bincount(group, pairs.weight)
    mean = np.bincount(group, pairs.weight * x) / weight
    bought = np.bincount(group, pairs.weight * pairs.bought) / weight
    fitted = IsotonicRegression(y_min=0, y_max=1).fit(mean, bought, sample_weight=weight)
    return Isotonic(fitted.X_thresholds_.astype(np.float64), fitted.y_thresholds_.astype(np.float64))


def _logistic(features: np.ndarray, pairs: ReplayedPairs, rising: int) -> np.ndarray:
    """(1 + n,) intercept and weights of a logistic regression on those features (m, n), the first `rising` of which never count
    negatively: a higher score isn't the less probable."""
    from sklearn.linear_model import LogisticRegression

    total = pairs.weight.sum()
    mean = pairs.weight @ features / total
    spread = np.sqrt(pairs.weight @ (features - mean) ** 2 / total) + 1e-9
    scaled = (features - mean) / spread
    # Each purchase counts as one, so that the penalty is the weaker the more there are.
    weight = pairs.weight * (pairs.bought.sum() / pairs.weight[pairs.bought].sum())
    slopes = np.zeros(features.shape[1])
    kept = np.arange(features.shape[1])
    while len(kept):
        # The penalty is a normal prior of variance 1 on the weights of standardised features.
        model = LogisticRegression(C=1.0, max_iter=200).fit(scaled[:, kept], pairs.bought, sample_weight=weight)
        slopes[:] = 0
        slopes[kept] = model.coef_[0] / spread[kept]
        wrong = np.flatnonzero(slopes[:rising] < 0)
        if not len(wrong):
            return np.array([model.intercept_[0] - slopes @ mean, *slopes])
        kept = np.setdiff1d(kept, wrong[:1])
    rate = np.average(pairs.bought, weights=pairs.weight)
    return np.array([logit(rate), *np.zeros(len(slopes))])


def _folds(pairs: ReplayedPairs, seed: int) -> np.ndarray:
    """(m,) 0..3: the pair's half of the customers and of the products."""
    rng = np.random.default_rng(seed)
    customers = rng.permutation(pairs.customer.max() + 1) % 2
    products = rng.permutation(pairs.product.max() + 1) % 2
    return 2 * customers[pairs.customer] + products[pairs.product]


def _held_out(pairs: ReplayedPairs, folds: np.ndarray, isotonic: bool) -> np.ndarray:
    """(m,) probabilities, each learned from pairs with other customers and other products."""
    said = np.full(len(folds), np.average(pairs.bought, weights=pairs.weight))
    for fold in range(4):
        learn, judge = pairs.take(folds == 3 - fold), folds == fold
        if learn.bought.any() and not learn.bought.all():
            said[judge] = expit(fit_curve(learn, isotonic).logits(pairs.score[judge], pairs.traits.take(judge)))
    return said


def log_loss(probability: np.ndarray, pairs: ReplayedPairs) -> float:
    """Mean of -ln p over all pairs, p being the probability of what happened."""
    p = np.clip(probability, 1e-9, 1 - 1e-9)
    return float(-np.average(np.where(pairs.bought, np.log(p), np.log1p(-p)), weights=pairs.weight))


def _reliability(probability: np.ndarray, pairs: ReplayedPairs, seed: int) -> list[dict[str, float]]:
    return reliability(probability, pairs.bought, pairs.product, pairs.weight, seed)
