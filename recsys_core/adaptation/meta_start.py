"""Where learning an initialisation over tasks starts."""

from __future__ import annotations

import numpy as np

from recsys_core.adaptation.inner_steps import Initialisation
from recsys_core.adaptation.meta_tasks import MetaTasks

GROWTH = 0.3
BODY_SHARE = 0.03
"""Length of a body's step, in those of a head: the body is shared by all directions that a product can be moved in."""


def initialisation(learning: MetaTasks, width: int, steps: int, rate: float) -> Initialisation:
    """The body is the crowd's principal directions, x's constant 1 among them untouched; the heads are zero.

    width: of the body, at most D; rate: of every step.
    """
    crowd = next(iter(learning.supporters.values())).crowd
    directions = np.linalg.svd(crowd[:, :-1], full_matrices=False)[2][: width - 1]
    body = np.zeros((len(directions) + 1, crowd.shape[1]), dtype=np.float32)
    body[:-1, :-1], body[-1, -1] = directions, 1
    content = next(iter(learning.supporters.values())).content
    slope, level = calibrated(learning)
    return Initialisation(
        body=body,
        heads=np.zeros((len(body), content.shape[1]), dtype=np.float32),
        head_rates=np.full(steps, rate, dtype=np.float32),
        body_rates=np.full(steps, BODY_SHARE * rate, dtype=np.float32),
        growth=np.array(GROWTH, dtype=np.float32),
        slope=slope.astype(np.float32),
        level=level.astype(np.float32),
        most=np.array(max(learning.supporters)),
    )


def calibrated(learning: MetaTasks) -> tuple[np.ndarray, np.ndarray]:
    """a and b, (2,) each, so that σ(a · f_S + b) tells best who is a supporter and who is of the crowd, each group counting half.

    With k supporters a is a_0 + a_1 ln k, and b likewise: the source model's scores grow with its supporters.
    """
    from sklearn.linear_model import LogisticRegression

    scores, shots, bought = [], [], []
    for k, supporters in learning.supporters.items():
        if k:
            both = np.concatenate([supporters.scores, supporters.crowd_scores.ravel()])
            scores.append(both)
            shots.append(np.full(len(both), np.log(k)))
            bought.append(np.arange(len(both)) < len(supporters.scores))
    score, growth = np.concatenate(scores), np.concatenate(shots)
    spread = max(float(score.std()), 1e-6)
    features = np.column_stack([score / spread, growth * score / spread, growth])
    fitted = LogisticRegression(class_weight="balanced", max_iter=500).fit(features, np.concatenate(bought))
    weights = fitted.coef_[0]
    return weights[:2] / spread, np.array([fitted.intercept_[0], weights[2]])
