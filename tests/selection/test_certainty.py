"""What first sales are worth, on figures that are known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from recsys_core.adaptation.formula import FormulaAdapter
from recsys_core.run_context import RunContext
from recsys_core.selection.certainty import Certainty, certainty, of_figures

SHOTS = [0, 1, 3, 7]


def figures(means: list[float], spread: float = 0.01) -> np.ndarray:
    """(400, n) of customers who differ in what they reach, and a little in what sales bring them."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(400, len(means)))
    return np.array(means) + spread * (noise - noise.mean(axis=0))


def test_levels_are_shares_of_what_the_most_sales_reach() -> None:
    curve = of_figures(SHOTS, figures([0.2, 0.3, 0.36, 0.4]), products=30)
    assert curve.levels == pytest.approx([0.5, 0.75, 0.9, 1.0])
    assert all(
        low < level < high for low, level, high in zip(curve.low[:3], curve.levels[:3], curve.high[:3], strict=True)
    )
    assert (curve.low[3], curve.high[3]) == (1, 1)
    assert all(high - low < 0.05 for low, high in zip(curve.low, curve.high, strict=True))
    assert curve.level(1) == pytest.approx(0.75)
    # ln(1 + 2) lies this far between ln 2 and ln 4.
    assert curve.level(2) == pytest.approx(0.75 + 0.15 * np.log(3 / 2) / np.log(2))
    assert curve.level(100) == 1
    # 0.95 lies in the middle between ln 4 and ln 8: at 4.66 sales.
    assert [curve.more_sales(k) for k in (0, 1, 4, 5, 50)] == [5, 4, 1, 0, 0]
    known = curve.of(1)
    assert known["level_after"] == {"1": 0.8377, "3": 0.9322, "10": 1.0}
    assert "4 more" in known["sentence"]
    assert "75% as good as after 7 first sales" in known["sentence"]


def test_levels_never_fall() -> None:
    curve = of_figures(SHOTS, figures([0.2, 0.32, 0.28, 0.4]), products=30)
    assert curve.levels == pytest.approx([0.5, 0.75, 0.75, 1.0])
    assert curve.ndcg == pytest.approx([0.2, 0.32, 0.28, 0.4])


def test_where_sales_bring_nothing_none_are_asked_for() -> None:
    flat = of_figures(SHOTS, figures([0.3, 0.3, 0.3, 0.3], spread=0.2), products=30)
    assert not flat.gain_is_sure
    assert flat.more_sales(0) == 0
    assert "no clear difference" in flat.sentence(0)
    assert flat.sentence(0).startswith("Known only by what it says of itself.")
    nothing = of_figures(SHOTS, np.zeros((20, 4)), products=30)
    assert nothing.levels == [1, 1, 1, 1]


def test_it_survives_json() -> None:
    curve = of_figures(SHOTS, figures([0.2, 0.3, 0.36, 0.4]), products=30)
    kept = json.loads(json.dumps(curve.as_dict() | {"by_first_sales": []}))
    assert Certainty.of_dict(kept) == curve


def test_first_sales_are_worth_much_where_only_they_tell(supporter_source, word_source) -> None:
    told_by_sales = certainty(supporter_source, FormulaAdapter(uses_support=True), run=RunContext())
    assert told_by_sales.shots == [0, 1, 2, 5, 10]
    assert told_by_sales.gain_is_sure
    assert told_by_sales.level(0) < 0.75
    assert told_by_sales.more_sales(0) >= 1
    told_by_words = certainty(word_source, FormulaAdapter(uses_support=False), run=RunContext())
    assert told_by_words.level(0) > 0.95
    assert told_by_words.more_sales(0) == 0
