"""Blend: how members' scores go together is learned by scikit-learn on held-out tasks.

The features of a pair are the members' scores, standardised for each number of first sales k, ln(1 + k), and the logarithm
of the customer's activity. A pair that was bought stands against others of the same customer, drawn at random.

The logistic blend is f = Σ (a_i + b_i ln(1 + k)) · z_i, fitted to the differences between the two pairs: k and the customer
are the same in both, and cancel. (Fitted to single pairs it ranked worse: how high a member scores a customer at all
then counts too.) Random forest and AdaBoost classify single pairs, the logistic blend being one feature more; they see
where one member may be trusted and another not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple, Self

import numpy as np
from pydantic import BaseModel, Field, PositiveFloat, PositiveInt

from recsys_core.adaptation.adapter import Adapter
from recsys_core.adaptation.blended import BlendedAdapter, Judge, features
from recsys_core.adaptation.members import HeldOutScores, MemberNames, Panel, PanelMethod, by_name
from recsys_core.adaptation.trees import MAX_DEPTH, Trees
from recsys_core.adaptation.weighted import WeightedAdapter, rounded
from recsys_core.errors import CannotRun
from recsys_core.models.head import NewProducts, Scorer
from recsys_core.run_context import RunContext

if TYPE_CHECKING:
    from sklearn.tree import DecisionTreeClassifier


class Settings(BaseModel, frozen=True, extra="forbid", use_attribute_docstrings=True):
    members: MemberNames | None = None
    """The methods in it; None: every one that can run and isn't made of others."""
    learner: Literal["logistic", "random forest", "adaboost"] = "logistic"
    pairs: PositiveInt = 3000
    """Bought pairs, at most, for each number of first sales."""
    negatives: PositiveInt = 10
    """Pairs that weren't bought, for each that was."""
    strength: PositiveFloat = 1.0
    """Of the logistic weights: the smaller, the more they are held back (scikit-learn's C, each bought pair counting as one)."""
    trees: Annotated[int, Field(ge=1, le=200)] = 30
    depth: Annotated[int, Field(ge=1, le=MAX_DEPTH)] | None = None
    """None: 5 in a random forest, 2 in AdaBoost."""


SMALLEST_LEAF = 20
"""Pairs in a forest's leaf."""
TREE_ROWS = 60_000
"""So many pairs, at most, teach the trees."""


class Sample(NamedTuple):
    """Pairs of one number of first sales: row i's negative stands against its positive, of the same customer."""

    customer: np.ndarray
    bought: np.ndarray
    other: np.ndarray
    """(r,) products that the customer didn't buy."""


class Blend(PanelMethod):
    name: ClassVar[str] = "blend"
    sentence: ClassVar[str] = "Learns from past launches whom of the methods to believe, and when."
    settings_type = Settings

    def fit_panel(self, panel: Panel, run: RunContext) -> Self:
        self.members_, self.reference_, heard = panel.members, panel.reference, panel.heard
        rng = np.random.default_rng(run.seed)
        samples = [sample(one, self.settings.pairs, self.settings.negatives, rng) for one in heard]
        shots, settings = self.reference_.shots, self.settings
        run.check()
        self.weights_ = logistic_weights(heard, samples, shots, settings)
        run.check()
        logistic = settings.learner == "logistic"
        self.judge_ = None if logistic else trees_judge(heard, samples, shots, self.weights_, settings, run.seed)
        return self

    def place(self, scorer: Scorer, new: NewProducts, *, run: RunContext) -> tuple[Adapter, dict[str, Any]]:
        """Raises CannotRun if one of the members can't be placed: what was learned is about all of them."""
        placed = self.members_.place(scorer, new, run)
        if placed.unable:
            reasons = " ".join(f"{name}: {reason}" for name, reason in placed.unable.items())
            raise CannotRun(f"A member of the blend can't run on this launch. {reasons} Blend the others without it.")
        adapters, shots = tuple(placed.adapters.values()), self.reference_.shots
        scale = self.reference_.scale(adapters, run)
        summary = {
            "settings": self.settings.model_dump(mode="json"),
            "weights": by_name(self.members_, shots, self.weights_),
            "left_out": self.members_.left_out,
            "members": placed.summaries,
        }
        if self.judge_ is None:
            return WeightedAdapter(adapters, shots, rounded(self.weights_ / scale.spread)), summary
        return BlendedAdapter(adapters, rounded(scale.centre), rounded(scale.spread), self.judge_), summary


def logistic_weights(
    heard: Sequence[HeldOutScores], samples: Sequence[Sample], shots: np.ndarray, settings: Settings
) -> np.ndarray:
    """(m, K) weights a_i + b_i ln(1 + k)."""
    from sklearn.linear_model import LogisticRegression

    growth = np.log1p(shots)
    rows = []
    for one, pairs, log_shots in zip(heard, samples, growth, strict=True):
        z = one.scores
        difference = z[:, pairs.customer, pairs.bought] - z[:, pairs.customer, pairs.other]
        rows.append(np.vstack([difference, log_shots * difference]).T)
    differences = np.concatenate(rows)
    # Each difference comes as it is and turned round, or there would be one class alone.
    learner = LogisticRegression(C=settings.strength, fit_intercept=False, max_iter=500)
    learner.fit(
        np.concatenate([differences, -differences]),
        np.repeat([1, 0], len(differences)),
        np.full(2 * len(differences), 0.5 / settings.negatives),
    )
    still, growing = learner.coef_[0].reshape(2, -1)
    return rounded(still[:, None] + growing[:, None] * growth)


def trees_judge(
    heard: Sequence[HeldOutScores],
    samples: Sequence[Sample],
    shots: np.ndarray,
    weights: np.ndarray,
    settings: Settings,
    seed: int,
) -> Judge:
    """weights: (m, K) of the logistic blend."""
    from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
    from sklearn.tree import DecisionTreeClassifier

    rows, labels = [], []
    for column, (one, pairs) in enumerate(zip(heard, samples, strict=True)):
        seen = _table(one, weights[:, column], int(shots[column]))
        # A bought pair stands in as many rows as there are negatives beside it.
        customer, product = np.unique(np.stack([pairs.customer, pairs.bought]), axis=1)
        rows += [seen[customer, product], seen[pairs.customer, pairs.other]]
        labels += [np.ones(len(customer), dtype=int), np.zeros(len(pairs.customer), dtype=int)]
    x, y = np.concatenate(rows), np.concatenate(labels)
    kept = np.sort(np.random.default_rng(seed).permutation(len(x))[:TREE_ROWS])
    x, y = x[kept], y[kept]
    # Half of the weight for what was bought: how many negatives were drawn must not matter.
    balance = np.where(y == 1, 0.5 / max(y.mean(), 1e-9), 0.5 / max(1 - y.mean(), 1e-9))
    if settings.learner == "random forest":
        forest = RandomForestClassifier(
            settings.trees,
            max_depth=settings.depth or MAX_DEPTH,
            min_samples_leaf=SMALLEST_LEAF,
            random_state=seed,
        ).fit(x, y, balance)
        return Judge(shots, weights, forest_trees(forest.estimators_), "probabilities")
    boosted = AdaBoostClassifier(
        DecisionTreeClassifier(max_depth=settings.depth or 2), n_estimators=settings.trees, random_state=seed
    ).fit(x, y, balance)
    return Judge(shots, weights, boosted_trees(boosted.estimators_, boosted.estimator_weights_), "log-odds")


def sample(heard: HeldOutScores, at_most: int, negatives: int, rng: np.random.Generator) -> Sample:
    customer, product = np.nonzero(heard.relevant)
    chosen = np.repeat(np.sort(rng.permutation(len(customer))[:at_most]), negatives)
    customer, bought = customer[chosen], product[chosen]
    other = rng.integers(heard.relevant.shape[1], size=len(chosen))
    fair = ~heard.relevant[customer, other] & ~heard.hidden[customer, other]
    return Sample(customer[fair], bought[fair], other[fair])


def _table(heard: HeldOutScores, weights: np.ndarray, shots: int) -> np.ndarray:
    """(n_customers, n, number of features) float32."""
    linear = np.tensordot(weights.astype(np.float32), heard.scores, axes=1)
    each = np.full(linear.shape[1], shots)
    return np.stack(
        [np.broadcast_to(f, linear.shape) for f in features(heard.scores, linear, each, heard.activity)], -1
    )


def forest_trees(estimators: Sequence[DecisionTreeClassifier]) -> Trees:
    """The trees of a fitted forest; their sum is its probability of class 1."""
    leaves = [estimator.tree_.value[:, 0, 1] / estimator.tree_.value[:, 0].sum(axis=1) for estimator in estimators]
    return _trees(estimators, [values / len(estimators) for values in leaves])


def boosted_trees(estimators: Sequence[DecisionTreeClassifier], weights: np.ndarray) -> Trees:
    """The trees of a fitted AdaBoost; their sum is the log-odds of class 1 (SAMME, Zhu et al. 2009)."""
    classes = [estimator.tree_.value[:, 0].argmax(axis=1) for estimator in estimators]
    total = weights.sum()
    pairs = zip(classes, weights[: len(estimators)], strict=True)
    return _trees(estimators, [np.where(chosen == 1, 2.0, -2.0) * weight / total for chosen, weight in pairs])


def _trees(estimators: Sequence[DecisionTreeClassifier], values: Sequence[np.ndarray]) -> Trees:
    fitted = [estimator.tree_ for estimator in estimators]
    root = np.cumsum([0] + [tree.node_count for tree in fitted])[:-1]
    children = [np.stack([tree.children_left, tree.children_right], axis=1) for tree in fitted]
    return Trees(
        root,
        np.concatenate([np.where(own >= 0, own + first, -1) for own, first in zip(children, root, strict=True)]),
        np.concatenate([tree.feature for tree in fitted]).astype(np.int64),
        np.concatenate([tree.threshold for tree in fitted]).astype(np.float64),
        np.concatenate(values).astype(np.float32),
    )
