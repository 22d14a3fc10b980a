"""Trees without scikit-learn say what scikit-learn's say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from recsys_core.adaptation.blend import boosted_trees, forest_trees
from recsys_core.adaptation.trees import Trees

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3000, 5)).astype(np.float32)
# Steps make many values equal to each other, and to thresholds.
X[:, 3] = np.round(X[:, 3])
Y = (X[:, 0] * X[:, 1] + np.sin(3 * X[:, 2]) + X[:, 3] + RNG.normal(size=3000) > 0).astype(int)
OTHERS = np.concatenate([RNG.normal(size=(40 * 25, 5)).astype(np.float32), X[: 10 * 25]])
"""50 customers × 25 products."""


def sums(trees: Trees, x: np.ndarray) -> np.ndarray:
    features = [x[:, number].reshape(-1, 25) for number in range(x.shape[1])]
    return trees.of_features(features).ravel()


def test_a_forest_equals_that_of_scikit_learn() -> None:
    forest = RandomForestClassifier(30, max_depth=5, random_state=0).fit(X, Y)
    np.testing.assert_allclose(
        sums(forest_trees(forest.estimators_), OTHERS), forest.predict_proba(OTHERS)[:, 1], atol=1e-6
    )


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_adaboost_equals_that_of_scikit_learn(depth: int) -> None:
    boosted = AdaBoostClassifier(DecisionTreeClassifier(max_depth=depth), n_estimators=25, random_state=0).fit(X, Y)
    log_odds = sums(boosted_trees(boosted.estimators_, boosted.estimator_weights_), OTHERS)
    np.testing.assert_allclose(expit(log_odds), boosted.predict_proba(OTHERS)[:, 1], atol=1e-6)


def test_a_value_at_a_threshold_goes_where_it_went_in_training() -> None:
    """One split at 0.5, exactly where the values lie that aren't above it."""
    trees = Trees(
        np.array([0]),
        np.array([[1, 2], [-1, -1], [-1, -1]]),
        np.array([0, -2, -2]),
        np.array([0.5, -2, -2]),
        np.array([0, 10, 20], np.float32),
    )
    values = np.array([[0.5, 0.50001, -3.0]], dtype=np.float32)
    np.testing.assert_array_equal(trees.of_features([values]), [[10, 20, 10]])


def test_features_of_a_customer_or_a_product_alone_are_spread_out() -> None:
    forest = forest_trees(RandomForestClassifier(10, max_depth=5, random_state=1).fit(X, Y).estimators_)
    customer, product = RNG.normal(size=(60, 1)).astype(np.float32), RNG.normal(size=(1, 700)).astype(np.float32)
    pair = [RNG.normal(size=(60, 700)).astype(np.float32) for _ in range(3)]
    whole = [np.broadcast_to(values, (60, 700)) for values in (customer, *pair, product)]
    np.testing.assert_array_equal(forest.of_features([customer, *pair, product]), forest.of_features(whole))


def test_a_tree_with_too_many_leaves_is_refused() -> None:
    deep = RandomForestClassifier(1, max_depth=8, random_state=0).fit(X, Y)
    with pytest.raises(ValueError, match="32 leaves"):
        sums(forest_trees(deep.estimators_), OTHERS)
