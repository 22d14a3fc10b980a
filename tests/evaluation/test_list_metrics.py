"""Figures of lists beside public implementations: ir-measures (trec_eval) and scikit-learn."""

from __future__ import annotations

import ir_measures
import numpy as np
import pytest
import scipy.sparse as sp
from ir_measures import AP, RR, P, R, Success, nDCG
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

from recsys_core.evaluation.metric_words import METRICS
from recsys_core.evaluation.metrics import auc, hits, list_metrics
from recsys_core.evaluation.ranking import best_columns

CUSTOMERS, PRODUCTS = 300, 40
PEERS = {"recall": R, "precision": P, "ndcg": nDCG, "map": AP, "mrr": RR, "hit_rate": Success}


@pytest.fixture(scope="module", params=[5, 20, 60])
def judged(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray, sp.csr_matrix, int]:
    """Scores with many ties, lists of them, what is to be found, and k: customers without a list, with nothing to find, and a k
    beyond the list are among them."""
    rng = np.random.default_rng(request.param)
    scores = rng.integers(6, size=(CUSTOMERS, PRODUCTS)).astype(float)
    truth = rng.random((CUSTOMERS, PRODUCTS)) < 0.1
    truth[:20] = False
    relevant = sp.csr_matrix(truth.astype(np.float32))
    best = best_columns(scores, min(request.param, PRODUCTS))
    best[10:40] = -1
    best[40:60, 3:] = -1
    return scores, best, relevant, request.param


def test_figures_are_those_of_trec_eval(judged) -> None:
    _, best, relevant, k = judged
    figures = list_metrics(hits(best, relevant), np.diff(relevant.indptr), k=k)
    qrels = [ir_measures.Qrel(str(row), str(column), 1) for row, column in zip(*relevant.nonzero(), strict=True)]
    run = [
        ir_measures.ScoredDoc(str(row), str(product), float(-place))
        for row, products in enumerate(best)
        for place, product in enumerate(products)
        if product >= 0
    ]
    measures = {name: measure @ k for name, measure in PEERS.items()}
    theirs = {name: np.zeros(CUSTOMERS) for name in PEERS}
    by_measure = {str(measure): name for name, measure in measures.items()}
    for value in ir_measures.iter_calc(list(measures.values()), qrels, run):
        theirs[by_measure[str(value.measure)]][int(value.query_id)] = value.value
    nothing = np.diff(relevant.indptr) == 0
    assert nothing[:20].all()
    for name, values in theirs.items():
        assert np.isnan(figures[name][nothing]).all(), name
        np.testing.assert_allclose(figures[name][~nothing], values[~nothing], atol=1e-9, err_msg=name)


def test_the_pair_task_is_that_of_scikit_learn(judged) -> None:
    scores, _, relevant, k = judged
    whole = best_columns(scores, PRODUCTS)
    figures = list_metrics(hits(whole, relevant), np.diff(relevant.indptr), PRODUCTS, k)
    truth = relevant.toarray() > 0
    place = np.empty_like(whole)
    np.put_along_axis(place, whole, np.arange(1, PRODUCTS + 1)[None], axis=1)
    row, column = relevant.nonzero()
    areas = auc(row, place[row, column], PRODUCTS, CUSTOMERS)
    for customer in range(20, CUSTOMERS):
        if not truth[customer].any():
            continue
        called = place[customer] <= k
        assert figures["accuracy"][customer] == pytest.approx(accuracy_score(truth[customer], called))
        if k <= PRODUCTS:
            assert figures["f1"][customer] == pytest.approx(f1_score(truth[customer], called))
        assert areas[customer] == pytest.approx(roc_auc_score(truth[customer], -place[customer]))
    assert np.isnan(areas[:20]).all()


def test_a_zero_that_is_stored_is_not_to_be_found() -> None:
    relevant = sp.csr_matrix((np.array([0.0, 1.0]), np.array([2, 0]), np.array([0, 2])), (1, 3))
    np.testing.assert_array_equal(hits(np.array([[2, 0, -1]]), relevant), [[False, True, False]])
    assert not hits(np.array([[0, 1]]), sp.csr_matrix((1, 3))).any()
    # -1 of the second customer isn't the last product of the first.
    last = sp.csr_matrix(np.array([[0, 0, 1.0], [0, 0, 0]]))
    assert not hits(np.array([[0], [-1]]), last).any()


def test_what_is_to_be_found_may_come_in_any_order() -> None:
    rng = np.random.default_rng(3)
    truth = rng.random((50, 30)) < 0.2
    row, column = truth.nonzero()
    shuffled = np.lexsort((rng.random(len(row)), row))
    starts = np.append(0, np.cumsum(truth.sum(axis=1)))
    relevant = sp.csr_matrix((np.ones(len(row)), column[shuffled], starts), truth.shape)
    assert not relevant.has_sorted_indices
    best = np.argsort(rng.random(truth.shape), axis=1)[:, :7]
    np.testing.assert_array_equal(hits(best, relevant), np.take_along_axis(truth, best, axis=1))


def test_a_list_shorter_than_k_is_judged_as_one_of_k() -> None:
    figures = list_metrics(np.array([[True, True]]), np.array([5]), k=20)
    ideal = sum(1 / np.log2(place + 1) for place in range(1, 6))
    assert figures["ndcg"][0] == pytest.approx((1 + 1 / np.log2(3)) / ideal)
    assert figures["precision"][0] == pytest.approx(2 / 20)
    assert figures["f1"][0] == pytest.approx(2 * (2 / 20) * (2 / 5) / (2 / 20 + 2 / 5))


def test_lists_without_a_place_find_nothing() -> None:
    figures = list_metrics(np.zeros((2, 0), dtype=bool), np.array([1, 0]), 3, k=20)
    for name, values in figures.items():
        # Of three candidates none is called bought, and one was.
        np.testing.assert_allclose(values, [2 / 3 if name == "accuracy" else 0, np.nan], err_msg=name)


def test_where_everything_or_nothing_was_bought_there_is_no_area() -> None:
    areas = auc(np.array([0, 0, 2]), np.array([1, 2, 2]), np.array([2, 2, 2]), 3)
    np.testing.assert_array_equal(areas, [np.nan, np.nan, 0])


def test_every_figure_has_a_sentence_and_a_direction() -> None:
    given = list_metrics(np.ones((1, 2), dtype=bool), np.array([1]), 3)
    assert set(given) <= set(METRICS)
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.sentence.endswith(".")
    assert {name for name, metric in METRICS.items() if not metric.higher_is_better} == {"popularity", "gini", "ece"}
