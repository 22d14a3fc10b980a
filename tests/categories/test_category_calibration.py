from __future__ import annotations

import numpy as np
import pytest

from recsys_core.categories.calibration import Calibration


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
