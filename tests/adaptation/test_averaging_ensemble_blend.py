"""Methods made of others: who is believed, on shops whose right answer is known."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from planted import planted_shop

from recsys_core.adaptation import AdaptedModel, registry
from recsys_core.adaptation.averaging import folds, groups
from recsys_core.adaptation.blend import Blend, logistic_weights, sample, trees_judge
from recsys_core.adaptation.blend import Settings as BlendSettings
from recsys_core.adaptation.ensemble import best_power, loss, weights
from recsys_core.adaptation.members import HeldOutScores
from recsys_core.adaptation.method import Method
from recsys_core.adaptation.placed_launch import PlacedLaunch
from recsys_core.adaptation.registry import method_named
from recsys_core.adaptation.weighted import by_shots
from recsys_core.dataset import Dataset, Launch
from recsys_core.errors import CannotRun, InvalidSetting
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext

TWO = {"members": ["zero-shot", "prototype"]}
RUN = RunContext()
LEARNERS = ("logistic", "random forest", "adaboost")


def hits(adapted: AdaptedModel, words_tell: bool) -> float:
    """Share of recommended products that are of the customer's theme; 0.2 by chance."""
    _, _, love, theme = planted_shop(words_tell)
    lists = adapted.recommend(top=4)
    return float((theme[lists["product_id"]].to_numpy() == love[lists["customer_id"]].to_numpy()).mean())


def heard(scores: np.ndarray, relevant: np.ndarray, activity: np.ndarray | None = None) -> HeldOutScores:
    nothing = np.zeros_like(relevant)
    activity = np.zeros(len(relevant)) if activity is None else activity
    return HeldOutScores(scores.astype(np.float32), relevant, nothing, activity.astype(np.float32))


# Averaging


def test_outputs_are_averaged_at_equal_loudness(supporter_source, supporter_shop) -> None:
    settings = {"over": "groups", "averages": "outputs"}
    adapted = method_named("averaging", settings).adapt(supporter_source, supporter_shop[1], run=RUN)
    scorer, new = adapted.placed.scorer, adapted.placed.new
    customers = scorer.customers(supporter_source.weights_)
    each = [member.side(scorer, new).scores(customers) for member in adapted.adapter.members]
    assert len(each) == 3
    assert np.abs(each[0] - each[1]).max() > 0.01
    # All products of the launch are looked at for the spread, and 200 of the 250 customers.
    mean = sum(scores / scores.std() for scores in each) / 3
    assert np.corrcoef(adapted.side.scores(customers).ravel(), mean.ravel())[0, 1] > 0.9999
    assert adapted.side.scores(customers).std() == pytest.approx(mean.std(), rel=0.1)


def test_weights_are_averaged_array_by_array(supporter_source, supporter_shop) -> None:
    def towers(averages: str) -> Any:
        settings = {"over": "groups", "averages": averages}
        return method_named("averaging", settings).adapt(supporter_source, supporter_shop[1], run=RUN).adapter

    one, several = towers("weights"), towers("outputs").members
    np.testing.assert_allclose(one.product_tower, np.mean([m.product_tower for m in several], axis=0), atol=1e-6)
    assert np.abs(one.product_tower - several[0].product_tower).max() > 1e-6
    assert one.terms.scale == pytest.approx(np.prod([m.terms.scale for m in several]) ** (1 / 3))


def test_each_sale_is_missing_in_one_fold(supporter_source, supporter_shop) -> None:
    new = PlacedLaunch.of(supporter_source, supporter_shop[1]).new
    parts = [part.support.toarray() > 0 for part in folds(new, 4, seed=1)]
    whole = new.support.toarray() > 0
    np.testing.assert_array_equal(sum(part.astype(int) for part in parts), 3 * whole)
    for part in parts:
        missing = (whole & ~part).any(axis=0)
        assert missing.any()
        assert not (part[:, missing]).any(), "a supporter is left out with all sales to him"
    assert len(folds(new.without_support(), 4, seed=1)) == 1


def test_groups_are_of_products_alike(word_source, word_shop) -> None:
    launch = word_shop[1]
    new = PlacedLaunch.of(word_source, launch).new
    _, _, _, theme = planted_shop(words_tell=True)
    parts = groups(new, 5, RUN)
    assert sum(len(part) for part in parts) == len(launch.product_ids)
    whole = {row.tobytes(): theme[product] for row, product in zip(new.content.dense, launch.product_ids, strict=True)}
    pure = [len({whole[row.tobytes()] for row in part.content.dense}) for part in parts]
    assert pure == [1] * 5


def test_averaging_over_seeds_is_as_good_as_its_trainings_are_on_average(word_source, word_shop) -> None:
    def found(method: str, seed: int, settings: dict) -> float:
        adapted = method_named(method, settings).adapt(word_source, word_shop[1], run=RunContext(seed=seed))
        return hits(adapted, words_tell=True)

    for seed in (0, 10):
        each = [found("fine-tune", seed + i, {}) for i in range(3)]
        assert found("averaging", seed, {"over": "seeds"}) >= np.mean(each), each


def test_what_does_not_train_cannot_be_averaged(supporter_source, supporter_shop) -> None:
    for settings in ({"member": "prototype"}, {"member": "zero-shot", "over": "groups"}):
        with pytest.raises(CannotRun, match="the same for all"):
            method_named("averaging", settings).adapt(supporter_source, supporter_shop[1], run=RUN)
    with pytest.raises(InvalidSetting, match="fine-tune"):
        method_named("averaging", {"member": "ensemble"})


def test_models_do_not_take_up_each_others_checkpoints(supporter_source, supporter_shop, tmp_path: Path) -> None:
    method = method_named("averaging", {"over": "groups"})
    kept = method.adapt(supporter_source, supporter_shop[1], run=RunContext(checkpoints=tmp_path))
    fresh = method.adapt(supporter_source, supporter_shop[1], run=RUN)
    for one, other in zip(kept.adapter.members, fresh.adapter.members, strict=True):
        np.testing.assert_array_equal(one.product_tower, other.product_tower)


# Weights by first sales


def test_weights_between_two_numbers_of_first_sales_go_by_their_logarithm() -> None:
    known, values = np.array([0, 3, 15]), np.array([[1.0, 3.0, 5.0]])
    np.testing.assert_allclose(by_shots(known, values, np.array([0, 1, 3, 7, 15, 99])), [[1, 2, 3, 4, 5, 5]])


# Ensemble


def test_weights_are_inverse_to_losses() -> None:
    np.testing.assert_allclose(weights(np.array([[1.0], [2.0], [4.0]]), 1.0)[:, 0], np.array([4, 2, 1]) / 7)
    np.testing.assert_allclose(weights(np.array([[1.0], [2.0], [4.0]]), 2.0)[:, 0], np.array([16, 4, 1]) / 21)
    assert np.isfinite(weights(np.zeros((2, 1)), 256.0)).all()


def test_the_loss_knows_right_from_wrong_and_no_loudness() -> None:
    rng = np.random.default_rng(0)
    relevant = np.zeros((50, 8), dtype=bool)
    relevant[np.arange(50), rng.integers(8, size=50)] = True
    noise = rng.normal(size=(50, 8)).astype(np.float32)
    know_nothing = heard(np.zeros((1, 50, 8)), relevant)
    assert loss(know_nothing.scores[0], know_nothing, RUN) == pytest.approx(np.log(8))
    assert loss(5 * relevant.astype(np.float32), know_nothing, RUN) < 0.01
    guess = relevant + noise
    assert 0.01 < loss(guess, know_nothing, RUN) < np.log(8)
    assert loss(3 * guess, know_nothing, RUN) == pytest.approx(loss(guess, know_nothing, RUN), rel=1e-3)
    assert loss(noise, know_nothing, RUN) == pytest.approx(np.log(8), abs=0.1)


def test_the_support_is_no_false_answer() -> None:
    relevant = np.array([[True, False, False]])
    hidden = np.array([[False, True, False]])
    scores = np.array([[1.0, 9.0, 0.0]], dtype=np.float32)
    one = HeldOutScores(scores[None], relevant, hidden, np.zeros(1, dtype=np.float32))
    assert loss(scores, one, RUN) < 0.01


def test_the_power_grows_where_one_member_alone_is_right() -> None:
    rng = np.random.default_rng(1)
    relevant = rng.random((400, 30)) < 0.1
    relevant[:, 0] |= ~relevant.any(axis=1)
    right = relevant + 0.3 * rng.normal(size=relevant.shape)
    powers, losses = (1.0, 4.0, 16.0), np.array([[1.0], [1.3], [1.3]])
    wrong = [heard(np.stack([right, *rng.normal(size=(2, 400, 30))]), relevant)]
    assert best_power(powers, losses, wrong) > 1
    equal = [heard(np.stack([right + rng.normal(size=relevant.shape) for _ in range(3)]), relevant)]
    assert best_power(powers, losses, equal) == 1


@pytest.mark.parametrize("words_tell", [True, False])
def test_the_right_member_weighs_more(words_tell: bool, request: pytest.FixtureRequest) -> None:
    source, launch = _shop(words_tell, request)
    adapted = method_named("ensemble", TWO).adapt(source, launch, run=RUN)
    found, listed = adapted.summary["losses"], adapted.summary["weights"]
    for k in ("1", "2", "5"):
        assert listed["zero-shot"][k] + listed["prototype"][k] == pytest.approx(1, abs=1e-3)
        assert (found["zero-shot"][k] < found["prototype"][k]) == (listed["zero-shot"][k] > listed["prototype"][k])
    right, wrong = ("zero-shot", "prototype") if words_tell else ("prototype", "zero-shot")
    assert listed[right]["2"] > listed[wrong]["2"]
    figures = [hits(method_named(name).adapt(source, launch, run=RUN), words_tell) for name in TWO["members"]]
    assert hits(adapted, words_tell) >= min(figures)
    assert hits(adapted, words_tell) > 0.85


def test_products_are_weighed_by_their_own_first_sales(supporter_source, supporter_shop) -> None:
    """One product loses its sales: content speaks for it then, and the others stay as they were."""
    adapted = method_named("ensemble", TWO).adapt(supporter_source, supporter_shop[1], run=RUN)
    scorer, new = adapted.placed.scorer, adapted.placed.new
    customers = scorer.customers(supporter_source.weights_)
    support = new.support.tolil()
    support[0] = 0
    less = adapted.adapter.side(scorer, new.with_supporters(support.tocsr())).scores(customers)
    np.testing.assert_allclose(less[:, 1:], adapted.side.scores(customers)[:, 1:], atol=1e-5)
    bare = adapted.adapter.side(scorer, new.without_support()).scores(customers)
    np.testing.assert_allclose(less[:, 0], bare[:, 0], atol=1e-5)
    assert np.abs(less[:, 0] - adapted.side.scores(customers)[:, 0]).max() > 0.1


class Helpless(Method):
    name: ClassVar[str] = "helpless"

    def fit(self, source: SourceModel, *, run: RunContext) -> Helpless:
        raise CannotRun("It needs a thousand products.")

    def place(self, scorer: Any, new: Any, *, run: RunContext) -> Any:
        raise AssertionError


class Lost(Helpless):
    """Learns, but can't be placed."""

    name: ClassVar[str] = "lost"

    def fit(self, source: SourceModel, *, run: RunContext) -> Lost:
        return self

    def place(self, scorer: Any, new: Any, *, run: RunContext) -> Any:
        raise CannotRun("It needs a map.")


@pytest.mark.parametrize("method", ["ensemble", "blend"])
def test_it_goes_on_without_those_that_cannot_run(
    method: str, supporter_source, supporter_shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.METHODS, "helpless", Helpless)
    monkeypatch.setitem(registry.METHODS, "lost", Lost)
    four = {"members": "zero-shot, prototype, helpless, lost"}
    summary = method_named(method, four).adapt(supporter_source, supporter_shop[1], run=RUN).summary
    assert summary["left_out"] == {"helpless": "It needs a thousand products.", "lost": "It needs a map."}
    assert set(summary["weights"]) == {"zero-shot", "prototype"}
    with pytest.raises(CannotRun, match="helpless: It needs a thousand products"):
        method_named(method, {"members": ["prototype", "helpless"]}).fit(supporter_source, run=RUN)
    with pytest.raises(CannotRun, match="lost: It needs a map"):
        method_named(method, {"members": ["prototype", "lost"]}).fit(supporter_source, run=RUN)
    with pytest.raises(InvalidSetting, match="zero-shot"):
        method_named(method, {"members": "zero-shot, averaging"})


@pytest.mark.parametrize("method", ["ensemble", "blend"])
def test_a_catalog_too_small_to_weigh_them_is_refused(method: str) -> None:
    catalog, _, _, _ = planted_shop(words_tell=True, customers=40, products_per_theme=4, bought=3)
    source = SourceModel().fit(catalog, run=RUN)
    with pytest.raises(CannotRun, match="too few products"):
        method_named(method, TWO).fit(source, run=RUN)


# Blend


@pytest.mark.parametrize("learner", LEARNERS)
@pytest.mark.parametrize("words_tell", [True, False])
def test_a_blend_finds_what_the_right_member_finds(
    learner: str, words_tell: bool, request: pytest.FixtureRequest
) -> None:
    source, launch = _shop(words_tell, request)
    adapted = method_named("blend", TWO | {"learner": learner}).adapt(source, launch, run=RUN)
    assert hits(adapted, words_tell) > 0.85
    learned = adapted.summary["weights"]
    if not words_tell:
        for k in ("1", "2", "5", "10"):
            assert learned["prototype"][k] > learned["zero-shot"][k]


def test_logistic_weights_are_those_that_made_the_answers() -> None:
    """Buyers choose by the softmax of 2 · z_0 + 0.5 · z_1 at no first sale, and of 2 · z_0 + 2 · z_1 at three."""
    rng = np.random.default_rng(0)
    truth = {0: (2.0, 0.5), 3: (2.0, 2.0)}
    records, samples = [], []
    for known in truth.values():
        z = rng.normal(size=(2, 6000, 12))
        total = np.tensordot(known, z, axes=1) + rng.gumbel(size=(6000, 12))
        relevant = np.arange(12) == total.argmax(axis=1)[:, None]
        records.append(heard(z, relevant))
        # All others as negatives, where the pairwise likelihood is the softmax's up to a common factor.
        samples.append(sample(records[-1], 6000, 10, rng))
    learned = logistic_weights(records, samples, np.array([0, 3]), BlendSettings(learner="logistic"))
    np.testing.assert_allclose(learned[1] / learned[0], [0.25, 1.0], atol=0.05)
    assert (learned[0] > 1).all()


def test_samples_are_of_one_customer_and_not_bought() -> None:
    rng = np.random.default_rng(0)
    relevant, hidden = rng.random((30, 9)) < 0.3, rng.random((30, 9)) < 0.3
    one = HeldOutScores(np.zeros((1, 30, 9)), relevant, hidden & ~relevant, np.zeros(30))
    drawn = sample(one, 50, 10, rng)
    assert len(drawn.customer) > 100
    assert relevant[drawn.customer, drawn.bought].all()
    assert not (relevant | one.hidden)[drawn.customer, drawn.other].any()


@pytest.mark.parametrize("learner", ["random forest", "adaboost"])
def test_trees_see_whom_to_trust_when(learner: str) -> None:
    """One member is right about busy customers and the other about the rest, which no sum of both can tell."""
    rng = np.random.default_rng(2)
    n_customers, n = 1200, 20
    relevant = np.zeros((n_customers, n), dtype=bool)
    relevant[np.arange(n_customers), rng.integers(n, size=n_customers)] = True
    activity = rng.choice([1.0, 4.0], size=n_customers)
    noise, right = rng.normal(size=(2, n_customers, n)), relevant * 3.0
    busy = (activity > 2)[:, None]
    scores = np.stack([np.where(busy, right, 0) + noise[0], np.where(busy, 0, right) + noise[1]]).astype(np.float32)
    one = heard(scores, relevant, activity)
    train = rng.random(n_customers) < 0.7
    part = HeldOutScores(scores[:, train], relevant[train], one.hidden[train], one.activity[train])
    settings = BlendSettings(learner=learner, depth=5)
    samples = [sample(part, 3000, 10, rng)]
    learned = logistic_weights([part], samples, np.array([0]), settings)
    judge = trees_judge([part], samples, np.array([0]), learned, settings, seed=0)
    each = np.repeat(learned, n, axis=1).astype(np.float32)
    linear = np.einsum("mn,mcn->cn", each, scores[:, ~train])
    blended = judge.log_odds(scores[:, ~train], each, np.zeros(n), one.activity[~train])

    def right_first(values: np.ndarray) -> float:
        return float(relevant[~train][np.arange(len(values)), values.argmax(axis=1)].mean())

    assert right_first(blended) > right_first(linear) + 0.05


@pytest.mark.parametrize("learner", LEARNERS)
def test_a_blend_is_stored_without_loss(learner: str, supporter_source, supporter_shop, tmp_path: Path) -> None:
    settings = TWO | {"learner": learner, "trees": 10}
    adapted = method_named("blend", settings).adapt(supporter_source, supporter_shop[1], run=RUN)
    adapted.save(tmp_path / "blend")
    loaded = AdaptedModel.load(tmp_path / "blend", supporter_source)
    pd.testing.assert_frame_equal(loaded.recommend(), adapted.recommend())
    customer, product = "c004", adapted.recommend(["c004"]).iloc[0]["product_id"]
    reasons = adapted.explain(customer, product)
    pd.testing.assert_frame_equal(loaded.explain(customer, product), reasons)
    assert len(reasons)
    customers = adapted.placed.scorer.customers(supporter_source.weights_)
    whole, some = adapted.side.scores(customers), np.array([7, 2])
    np.testing.assert_allclose(adapted.side.take(some).scores(customers), whole[:, some], rtol=1e-4, atol=1e-4)


def test_a_forest_is_loaded_and_scores_without_learning_libraries(
    supporter_source, supporter_shop, tmp_path: Path
) -> None:
    settings = TWO | {"learner": "random forest", "trees": 5}
    method_named("blend", settings).adapt(supporter_source, supporter_shop[1], run=RUN).save(tmp_path / "blend")
    supporter_source.save(tmp_path / "source")
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from recsys_core.adaptation import AdaptedModel\n"
        "from recsys_core.models.source_model import SourceModel\n"
        "folder = Path(sys.argv[1])\n"
        "adapted = AdaptedModel.load(folder / 'blend', SourceModel.load(folder / 'source'))\n"
        "adapted.recommend(['c004'])\n"
        "print(sorted({'torch', 'sklearn'} & set(sys.modules)))\n"
    )
    printed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "[]"


def _shop(words_tell: bool, request: pytest.FixtureRequest) -> tuple[SourceModel, Launch]:
    name = "word" if words_tell else "supporter"
    shop: tuple[Dataset, Launch] = request.getfixturevalue(f"{name}_shop")
    return request.getfixturevalue(f"{name}_source"), shop[1]


def test_the_default_is_every_method_that_is_not_made_of_others() -> None:
    singles = {name for name, method in registry.METHODS.items() if method.single}
    assert {"zero-shot", "prototype", "fine-tune"} <= singles
    assert not singles & {"averaging", "ensemble", "blend"}
    assert Blend().settings.members is None
