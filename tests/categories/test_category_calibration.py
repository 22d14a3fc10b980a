from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from recsys_core.categories.calibration import SHARPEST, Calibration, cross_fitted


def test_probabilities_are_how_often_it_is_so_and_the_order_stays() -> None:
    rng = np.random.default_rng(3)
    margins = rng.normal(size=(6000, 5))
    # The first category is right in 3 of 5 cases however far ahead it is; the others share the rest.
    truth = np.where(rng.random(6000) < 0.6, margins.argmax(axis=1), margins.argmin(axis=1))
    chances = Calibration.fit(margins[:3000], truth[:3000]).chances(margins[3000:])
    assert chances.max(axis=1).mean() == pytest.approx(0.6, abs=0.03)
    assert chances.max(axis=1).std() < 0.05
    assert (chances.argmax(axis=1) == margins[3000:].argmax(axis=1)).all()
    assert (chances.sum(axis=1) <= 1 + 1e-6).all()
    few = Calibration.fit(margins[:5], margins[:5].argmax(axis=1)).chances(margins[:5])
    assert (few.max(axis=1) < 1).all()


def test_where_the_surest_are_wrong_most_often_all_are_right_as_often_as_the_mean() -> None:
    rng = np.random.default_rng(4)
    margins = rng.normal(size=(4000, 5)) * rng.uniform(0.2, 3, size=(4000, 1))
    far = np.ptp(margins, axis=1)
    right = rng.random(4000) < np.where(far > np.median(far), 0.2, 0.5)
    truth = np.where(right, margins.argmax(axis=1), margins.argmin(axis=1))
    chances = Calibration.fit(margins, truth).chances(margins)
    assert chances.max(axis=1) == pytest.approx(right.mean(), abs=0.005)


def test_no_fold_is_judged_by_itself() -> None:
    rng = np.random.default_rng(5)
    margins, truth = rng.normal(size=(100, 4)), rng.integers(0, 4, 100)
    before = cross_fitted(margins, truth, folds=10)
    fold = np.arange(100) % 10 == 3
    truth[fold] = margins[fold].argmax(axis=1)
    after = cross_fitted(margins, truth, folds=10)
    assert (before[fold] == after[fold]).all()
    assert (before[~fold] != after[~fold]).any()


def test_a_mean_of_models_is_as_sure_as_each_of_them_and_in_the_same_order() -> None:
    rng = np.random.default_rng(4)
    truth = rng.integers(0, 4, 4000)
    signal = 1.5 * np.eye(4)[truth]
    models = [softmax(signal + rng.normal(size=(4000, 4)), axis=1) for _ in range(5)]
    calibration = Calibration.fit(np.log(models[0][:2000]), truth[:2000])
    mean = np.mean(models, axis=0)[2000:]
    each = float(np.mean([calibration.sureness(np.log(one[2000:])) for one in models]))
    made = calibration.chances(calibration.sharper(np.log(mean), each) * np.log(mean))
    assert calibration.sureness(np.log(mean)) < each - 0.02, "nothing would be to do"
    assert made.max(axis=1).mean() == pytest.approx(each, abs=0.01)
    np.testing.assert_array_equal(made.argmax(axis=1), mean.argmax(axis=1))
    assert calibration.sharper(np.log(mean), 0.1) == 1
    assert calibration.sharper(np.log(mean), 0.999) == SHARPEST
