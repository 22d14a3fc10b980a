"""Smaller models: how much smaller, how far their scores may move, and that all else works as before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from recsys_core.adaptation import AdaptedModel
from recsys_core.adaptation.compression.adapter import as_it_was, compress, in_use
from recsys_core.adaptation.compression.comparison import compare, typical_shots
from recsys_core.adaptation.compression.compressed_side import CompressedSide
from recsys_core.adaptation.compression.customer_sample import customer_sample
from recsys_core.adaptation.compression.pruning import pruned
from recsys_core.adaptation.compression.recipe import VARIANTS, Recipe, compressed, recipe_named
from recsys_core.adaptation.compression.rows import packed, rows_of
from recsys_core.adaptation.compression.towers import tower_bytes, with_smaller_towers
from recsys_core.adaptation.registry import method_named
from recsys_core.adaptation.tasks import tasks
from recsys_core.dataset import Launch
from recsys_core.errors import Cancelled, CannotRun, InvalidSetting
from recsys_core.models.head import CustomerSide, ProductSide
from recsys_core.run_context import RunContext

every_variant = pytest.mark.parametrize("by", VARIANTS)


@pytest.fixture(scope="module")
def prototype(supporter_source, supporter_shop) -> AdaptedModel:
    return method_named("prototype").adapt(supporter_source, supporter_shop[1], run=RunContext())


@pytest.fixture(scope="module")
def tuned(supporter_source, supporter_shop) -> AdaptedModel:
    """With terms σ(θ·x), and an adapter that holds arrays."""
    return method_named("fine-tune").adapt(supporter_source, supporter_shop[1], run=RunContext())


def everyone(model: AdaptedModel) -> CustomerSide:
    return model.placed.scorer.customers(model.source.weights_)


def size(model: AdaptedModel) -> int:
    return sum(array.nbytes for array in model.side.arrays().values())


def sparse_matrix(rng: np.random.Generator, shape: tuple[int, int], density: float) -> sp.csr_matrix:
    filled = rng.random(shape) < density
    return sp.csr_matrix(np.where(filled, rng.normal(size=shape), 0).astype(np.float32))


@pytest.mark.parametrize(("width", "density"), [(9, 0.5), (3000, 0.001), (3000, 0.0), (600, 0.4)])
def test_steps_lead_back_to_the_same_columns(width: int, density: float) -> None:
    """Also where the next entry is more than 255 columns away, and in rows without any."""
    rng = np.random.default_rng(0)
    matrix = sparse_matrix(rng, (70, width), density)
    far = sp.csr_matrix((np.ones(3, dtype=np.float32), ([0, 1, 1], [width - 1, 0, width - 1])), matrix.shape)
    matrix = sp.vstack([far[:2], matrix[2:]], format="csr")
    rows = packed(matrix, int8=False)
    np.testing.assert_array_equal(rows.floats(), matrix.toarray())
    np.testing.assert_array_equal(rows_of(rows.arrays()).floats(), matrix.toarray())
    for chosen in (np.array([1]), np.array([5, 0, 0, 69]), np.array([], dtype=int)):
        np.testing.assert_array_equal(rows.take(chosen).floats(), matrix.toarray()[chosen])
    np.testing.assert_array_equal(rows.between(1, 40).floats(), matrix.toarray()[1:40])
    for customers in (1, 200):
        who = sparse_matrix(rng, (customers, width), 0.05)
        expected = who.toarray() @ matrix.toarray().T
        np.testing.assert_allclose(rows.times(who), expected, atol=1e-4)
        np.testing.assert_allclose(rows.times(who.toarray()), expected, atol=1e-4)


def test_every_rounded_score_is_within_what_the_scale_allows(prototype: AdaptedModel) -> None:
    customers, side = everyone(prototype), prototype.side
    small = CompressedSide.of(side, int8=True)
    allowed = np.zeros((len(customers.dense), len(side.dense)))
    for x, rows in ((np.abs(customers.dense), small.dense), (abs(customers.sparse), small.sparse)):
        allowed += np.asarray(x.sum(axis=1)).reshape(-1, 1) * rows.scale / 2
    off = np.abs(small.scores(customers) - side.scores(customers))
    assert (off <= allowed + 1e-4).all()
    assert off.max() > 0
    largest = np.abs(side.dense).max(axis=1)
    np.testing.assert_allclose(small.dense.scale, largest / 127, rtol=1e-5)


@every_variant
def test_it_is_smaller_in_memory_and_on_disk(by: str, prototype: AdaptedModel, tmp_path: Path) -> None:
    small = compress(prototype, recipe_named(by))
    at_most = {"int8": 0.3, "prune": 0.2, "prune+int8": 0.1, "distil": 0.2, "distil+int8": 0.07}[by]
    assert size(small) < at_most * size(prototype)
    files = []
    for name, model in (("before", prototype), ("after", small)):
        model.save(tmp_path / name)
        files.append((tmp_path / name / "arrays.safetensors").stat().st_size)
    # A file of these few products is half made of names and shapes.
    assert files[1] - 2000 < at_most * files[0]


def test_dense_numbers_take_exactly_a_quarter(prototype: AdaptedModel) -> None:
    small = CompressedSide.of(prototype.side, int8=True)
    assert small.dense.values.nbytes * 4 == prototype.side.dense.nbytes


@every_variant
@pytest.mark.parametrize("made_by", ["prototype", "tuned"])
def test_saved_and_loaded_it_says_the_same(by: str, made_by: str, request, tmp_path: Path) -> None:
    model = request.getfixturevalue(made_by)
    small = compress(model, recipe_named(by))
    small.save(tmp_path / "small")
    loaded = AdaptedModel.load(tmp_path / "small", model.source)
    pd.testing.assert_frame_equal(loaded.recommend(), small.recommend())
    pd.testing.assert_frame_equal(loaded.audience(top=30), small.audience(top=30))
    assert (in_use(loaded), loaded.method) == (by, model.method)
    back = as_it_was(loaded)
    assert in_use(back) == "none"
    pd.testing.assert_frame_equal(back.recommend(), model.recommend())


@every_variant
def test_a_product_alone_scores_as_among_all(by: str, tuned: AdaptedModel) -> None:
    small, customers = compress(tuned, recipe_named(by)), everyone(tuned)
    scores, some = small.side.scores(customers), np.array([11, 3])
    np.testing.assert_allclose(small.side.take(some).scores(customers), scores[:, some], atol=1e-5)
    one = small.adapter.side(tuned.placed.scorer, tuned.placed.new.take(some))
    # What lies between two of the 255 steps can fall to either: the last digits differ between one product and many.
    step = np.abs(scores).max() / 127 if "int8" in by else 1e-4
    np.testing.assert_allclose(one.scores(customers), scores[:, some], atol=step)


@every_variant
def test_reasons_are_those_of_the_smaller_model(by: str, prototype: AdaptedModel) -> None:
    small = compress(prototype, recipe_named(by))
    best = small.recommend(["c004"], top=1).iloc[0]
    reasons = small.explain("c004", best["product_id"])
    assert {"history", "supporter"} <= set(reasons["kind"])
    named = reasons[reasons["kind"] == "history"].iloc[0]
    source, placed = prototype.source, prototype.placed
    histories = source.weights_[[source.customer_ids_.get_loc("c004")]].tolil()
    histories[0, source.product_ids_.get_loc(named["id"])] = 0
    at = small.launch.product_ids.get_loc(best["product_id"])
    less = small.side.scores(placed.scorer.customers(histories.tocsr()))[0, at]
    assert best["score"] - less == pytest.approx(named["effect"], abs=1e-4)


def test_pruning_everything_away_but_nothing(prototype: AdaptedModel) -> None:
    customers = everyone(prototype)
    whole = compressed(prototype.side, prototype.placed.scorer, Recipe(by="prune", keep=1))
    np.testing.assert_allclose(whole.scores(customers), prototype.side.scores(customers), atol=1e-4)


@pytest.mark.parametrize("keep", [0.5, 0.05])
def test_pruning_keeps_the_share_and_each_products_mean(keep: float, prototype: AdaptedModel) -> None:
    customers, before = everyone(prototype), prototype.side
    after = pruned(before, keep, customers)
    entries = (before.dense != 0).sum(axis=1) + np.diff(before.sparse.indptr)
    left = (after.dense[:, :-1] != 0).sum(axis=1) + np.diff(after.sparse.indptr)
    assert (left <= np.ceil(keep * entries)).all()
    assert (left >= np.ceil(keep * entries) - 1).all()
    means = [side.scores(customers).mean(axis=0) for side in (before, after)]
    np.testing.assert_allclose(means[1], means[0], atol=1e-3)


def test_pruning_takes_first_what_moves_the_scores_least() -> None:
    """The largest number of all stands in a column in which every customer is the same."""
    rng = np.random.default_rng(0)
    dense = np.column_stack([rng.normal(size=50), np.full(50, 3.0), 0.1 * rng.normal(size=50), np.ones(50)])
    customers = CustomerSide(dense.astype(np.float32), sp.csr_matrix((50, 2), dtype=np.float32))
    side = ProductSide(np.array([[1, 9, 1, 0]], dtype=np.float32), sp.csr_matrix((1, 2), dtype=np.float32))
    after = pruned(side, 0.3, customers)
    assert after.dense[0, :3].tolist() == [1, 0, 0]
    assert after.dense[0, 3] == pytest.approx(27 + dense[:, 2].mean(), abs=1e-4)


@pytest.mark.parametrize("by", ["distil", "distil+int8"])
def test_a_student_ranks_as_its_teacher(by: str, prototype: AdaptedModel) -> None:
    """Only first sales tell who will buy in this shop: a student that hasn't learned ranks at random."""
    student = compress(prototype, recipe_named(by))
    customers = everyone(prototype)
    ranks = [pd.DataFrame(model.side.scores(customers)).rank(axis=1) for model in (prototype, student)]
    assert ranks[0].corrwith(ranks[1], axis=1).mean() > 0.9
    assert not student.side.sparse.values.size


def test_a_student_learns_nothing_from_the_customers_it_is_not_shown(prototype: AdaptedModel) -> None:
    few = compressed(prototype.side, prototype.placed.scorer, Recipe(by="distil", customers=5))
    shown = customer_sample(prototype.placed.scorer, 5, 0)
    close, far = (np.abs(few.scores(who) - prototype.side.scores(who)).mean() for who in (shown, everyone(prototype)))
    assert close < far / 2


def test_a_model_that_is_no_sum_can_only_be_distilled(prototype: AdaptedModel) -> None:
    class Squared:
        def scores(self, customers: CustomerSide) -> np.ndarray:
            return prototype.side.scores(customers) ** 2

    scorer = prototype.placed.scorer
    for by in ("prune", "int8", "prune+int8"):
        with pytest.raises(CannotRun, match="distil"):
            compressed(Squared(), scorer, recipe_named(by))
    assert compressed(Squared(), scorer, recipe_named("distil")).scores(everyone(prototype)).std() > 0


def test_the_table_is_of_what_was_measured(prototype: AdaptedModel) -> None:
    table = compare(prototype, run=RunContext())
    launch = {row["variant"]: row for row in table.rows if row["part"] == "launch"}
    assert list(launch) == ["none", *VARIANTS]
    source, shots = prototype.source, typical_shots(prototype)
    assert (shots, table.shots) == (5, 5)
    judged = tasks(source, source.judging(), (1, shots))
    assert judged is not None
    assert table.replayed == len(judged.new[shots])
    side = prototype.adapter.side(judged.scorer, judged.new[shots])
    assert launch["none"]["ndcg"] == pytest.approx(judged.ndcg(side, shots).mean())
    assert (launch["none"]["memory_bytes"], launch["none"]["overlap"]) == (size(prototype), 1)
    for by in VARIANTS:
        small = compress(prototype, recipe_named(by))
        assert launch[by]["memory_bytes"] == size(small)
        assert launch[by]["file_bytes"] < launch["none"]["file_bytes"]
        assert 0 < launch[by]["score_ms"] < launch[by]["list_ms"]
        assert 0.5 < launch[by]["overlap"] <= 1
    towers = {row["variant"]: row for row in table.rows if row["part"] == "source model"}
    assert towers["int8"]["memory_bytes"] < 0.5 * towers["none"]["memory_bytes"]
    assert towers["none"]["ndcg"] == pytest.approx(launch["none"]["ndcg"])


def test_the_table_has_the_same_figures_from_a_smaller_model(prototype: AdaptedModel) -> None:
    figures = [
        [
            (row["variant"], row["memory_bytes"], row["ndcg"], row["overlap"])
            for row in compare(model, run=RunContext()).rows
        ]
        for model in (prototype, compress(prototype, recipe_named("distil+int8")))
    ]
    assert figures[0] == figures[1]


def test_a_comparison_stops_when_told_to(prototype: AdaptedModel) -> None:
    with pytest.raises(Cancelled):
        compare(prototype, run=RunContext(stop_asked=lambda: True))


def test_a_launch_without_first_sales_is_compared_by_content(supporter_source, supporter_shop) -> None:
    launch = Launch("empty", supporter_shop[1].products)
    model = method_named("zero-shot").adapt(supporter_source, launch, run=RunContext())
    table = compare(model, run=RunContext(), by=("int8",), towers=False)
    assert (table.shots, [row["variant"] for row in table.rows]) == (0, ["none", "int8"])
    assert table.rows[1]["ndcg"] is not None


def test_smaller_towers_stay_close(supporter_source) -> None:
    head = supporter_source.head_
    rounded, size_of_rounded = with_smaller_towers(head, Recipe(by="int8"))
    assert np.abs(rounded.product_tower - head.product_tower).max() <= np.abs(head.product_tower).max() / 254 + 1e-6
    assert size_of_rounded < 0.5 * tower_bytes(head)
    cut, _ = with_smaller_towers(head, Recipe(by="prune", keep=0.2))
    assert ((cut.product_tower != 0).sum(axis=1) <= np.ceil(0.2 * len(head.product_tower))).all()
    assert rounded.mixture == head.mixture


def test_unknown_recipes_are_refused() -> None:
    assert recipe_named("none") is None
    with pytest.raises(InvalidSetting, match="prune"):
        recipe_named("magic")
    for keep in (0.0, 1.5):
        with pytest.raises(InvalidSetting, match="keep"):
            recipe_named("prune", keep)
