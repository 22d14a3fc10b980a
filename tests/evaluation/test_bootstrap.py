from __future__ import annotations

import numpy as np
import pytest

from recsys_core.evaluation.bootstrap import Comparison, Redraws, compare, interval


def test_redrawn_means_are_those_of_redrawn_rows() -> None:
    rng = np.random.default_rng(1)
    figures = rng.random((50, 3))
    figures[:10, 1] = np.nan
    means = Redraws.of(50, seed=4, draws=100).means(figures)
    again = np.random.default_rng(4)
    for row in means:
        drawn = figures[again.integers(50, size=50)]
        np.testing.assert_allclose(row, np.nanmean(drawn, axis=0), atol=1e-6)
    # One column alone, and all of them, are redrawn alike: comparisons are paired.
    np.testing.assert_allclose(Redraws.of(50, seed=4, draws=100).means(figures[:, 2]), means[:, 2], atol=1e-6)


def test_nothing_measured_has_no_interval() -> None:
    means = Redraws.of(5, 0, 10).means(np.full(5, np.nan))
    assert np.isnan(means).all()
    assert np.isnan(interval(means)).all()
    assert Redraws.of(0, 0, 10).means(np.zeros((0, 3))).shape == (10, 3)
    nobody = compare(np.full(5, np.nan), np.ones(5), Redraws.of(5, 0))
    assert nobody.gain is None
    said = "a and b can't be compared with none: there is nobody for whom both were measured."
    assert nobody.sentence("a", "b", "with none") == said
    assert compare(np.zeros(0), np.zeros(0), Redraws.of(0, 0)).sentence("a", "b", "with none") == said


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for turn in range(200):
        low, high = interval(Redraws.of(80, turn, 200).means(rng.normal(size=80)))
        held += low <= 0 <= high
    assert 0.88 <= held / 200 <= 0.99


def test_a_paired_difference_is_clear_where_the_figures_alone_are_not() -> None:
    rng = np.random.default_rng(0)
    second = rng.random(200)
    first = second * 1.1 + rng.normal(scale=0.01, size=200)
    found = compare(first, second, Redraws.of(200, 0))
    assert found.gain == pytest.approx(first.mean() / second.mean() - 1)
    assert 0.08 < found.low < found.gain < found.high < 0.12
    said = found.sentence("prototype", "content neighbours", "with 5 first sales")
    assert said.startswith("prototype finds 10% more than content neighbours with 5 first sales; between ")


def test_sentences_say_less_and_unclear_and_undefined() -> None:
    rng = np.random.default_rng(0)
    second = rng.random(300)
    redraws = Redraws.of(300, 0)
    less = compare(second * 0.8, second, redraws).sentence("a", "b", "with none")
    assert less == "a finds 20% less than b with none; between 20% and 20%."
    assert Comparison(0.7, 1, -0.3, -0.4, -0.1).sentence("a", "b", "with none").endswith("; between 10% and 40%.")
    unclear = compare(second + rng.normal(scale=0.3, size=300), second, redraws).sentence("a", "b", "with none")
    assert unclear.startswith("No clear difference between a and b with none: between ")
    assert " less and " in unclear
    assert "found nothing" in compare(second, np.zeros(300), redraws).sentence("a", "b", "with none")


def test_a_row_that_either_lacks_is_left_out_of_both() -> None:
    first, second = np.array([1.0, np.nan, 3.0, 5.0]), np.array([1.0, 100.0, np.nan, 5.0])
    found = compare(first, second, Redraws.of(4, 0))
    assert (found.first, found.second, found.gain) == (3, 3, 0)
