from __future__ import annotations

import numpy as np
import pytest

from recsys_core.adaptation.fine_tune import FineTune, Settings
from recsys_core.adaptation.method import NoSettings
from recsys_core.adaptation.prototype import Prototype
from recsys_core.adaptation.registry import METHODS
from recsys_core.dataset import Launch
from recsys_core.errors import InvalidSetting
from recsys_core.run_context import RunContext
from recsys_core.selection import auto
from recsys_core.selection.auto import adapt, choose_method
from recsys_core.selection.tuning import tuned

ENOUGH = 3600.0
"""Seconds for all methods on any machine, however busy."""


def test_it_goes_by_words_where_words_tell(word_source, word_shop) -> None:
    launch = word_shop[1]
    choice = choose_method(word_source, launch, run=RunContext(), budget=ENOUGH)[1]
    assert [row["method"] for row in choice.table] == list(METHODS)
    figures = {row["method"]: row["ndcg"] for row in choice.table}
    assert figures[choice.method] > 0.98 * max(figures.values())


def test_of_equals_the_simplest_is_taken(supporter_source, supporter_shop, monkeypatch) -> None:
    """Figures of 400 customers: the third method is no better but for chance, the fourth is."""
    chance = np.random.default_rng(0).normal(scale=0.1, size=400)
    figures = {"prototype": 0.5 + 0 * chance, "ridge": 0.501 + chance - chance.mean(), "maml": 0.55 + 0.1 * chance}
    for best, expected in (("ridge", "prototype"), ("maml", "maml")):
        known = {name: values for name, values in figures.items() if name != "maml" or best == "maml"}
        monkeypatch.setattr(auto, "_figures", lambda method, *_, known=known: known.get(method.name, np.full(400, 0.1)))
        choice = choose_method(supporter_source, supporter_shop[1], run=RunContext(), budget=ENOUGH)[1]
        assert max(choice.table, key=lambda row: row["ndcg"])["method"] == best
        assert choice.method == expected


@pytest.mark.parametrize(("by_content", "expected"), [(0.503, "prototype"), (0.58, "zero-shot")])
def test_first_sales_are_used_unless_that_is_worse_beyond_chance(
    supporter_source, supporter_shop, monkeypatch, by_content: float, expected: str
) -> None:
    chance = np.random.default_rng(0).normal(scale=0.1, size=400)
    figures = {"zero-shot": by_content + chance - chance.mean(), "prototype": 0.5 + 0 * chance}
    monkeypatch.setattr(auto, "_figures", lambda method, *_: figures.get(method.name, np.full(400, 0.1)))
    assert choose_method(supporter_source, supporter_shop[1], run=RunContext(), budget=ENOUGH)[1].method == expected


def test_it_goes_by_first_sales_where_only_they_tell(supporter_source, supporter_shop) -> None:
    launch = supporter_shop[1]
    choice = choose_method(supporter_source, launch, run=RunContext(), budget=ENOUGH)[1]
    assert choice.shots == 5
    figures = {row["method"]: row["ndcg"] for row in choice.table}
    assert figures["prototype"] > 1.3 * figures["zero-shot"]
    assert figures[choice.method] > 0.98 * max(figures.values())
    assert all(row["low"] <= row["ndcg"] <= row["high"] for row in choice.table)
    adapted, made = adapt(supporter_source, launch, "auto", run=RunContext(), budget=ENOUGH)
    assert adapted.method == choice.method
    assert made is not None
    assert made.reason == choice.reason


def test_without_first_sales_there_is_nothing_to_choose(supporter_source, supporter_shop) -> None:
    launch = supporter_shop[1]
    choice = choose_method(supporter_source, Launch("none", launch.products), run=RunContext())[1]
    assert (choice.method, choice.table) == ("zero-shot", [])
    assert "no first sales" in choice.reason


def test_it_never_looks_at_the_launch(supporter_source, supporter_shop) -> None:
    """Other first sales of the same number lead to the same table."""
    launch = supporter_shop[1]
    others = launch.interactions.assign(customer_id=launch.interactions["customer_id"].to_numpy()[::-1])
    run = RunContext()
    one = choose_method(supporter_source, launch, run=run, budget=ENOUGH)[1]
    other = choose_method(supporter_source, Launch("other", launch.products, others), run=run, budget=ENOUGH)[1]
    assert [row["ndcg"] for row in one.table] == [row["ndcg"] for row in other.table]


def test_a_named_method_is_taken_as_named(supporter_source, supporter_shop) -> None:
    adapted, choice = adapt(supporter_source, supporter_shop[1], "zero-shot", run=RunContext())
    assert (adapted.method, choice) == ("zero-shot", None)


def test_no_time_means_only_the_first_two_are_tried(supporter_source, supporter_shop) -> None:
    method, choice = choose_method(supporter_source, supporter_shop[1], run=RunContext(), budget=1e-6)
    tried = [row["method"] for row in choice.table if "ndcg" in row]
    assert tried == list(METHODS)[:2]
    assert all("no time left" in row["note"] for row in choice.table[2:])
    assert method.name == choice.method == "prototype"


def test_settings_are_tuned_where_it_pays(supporter_source) -> None:
    """With so heavy a penalty a fine-tuned model learns little here; the search finds that out."""
    lame = FineTune(Settings(penalty=0.2))
    run = RunContext()
    better = tuned(lame, supporter_source, seconds=1.0, time_left=6.0, run=run)
    assert better.settings.penalty < 0.2
    assert tuned(lame, supporter_source, seconds=10.0, time_left=6.0, run=run) is lame
    assert tuned(Prototype(), supporter_source, seconds=0.01, time_left=6.0, run=run).settings == NoSettings()


def test_settings_are_for_a_named_method(supporter_source, supporter_shop) -> None:
    with pytest.raises(InvalidSetting, match="Name a method"):
        adapt(supporter_source, supporter_shop[1], "auto", settings={"depth": 0}, run=RunContext())
    with pytest.raises(InvalidSetting, match=r"depht.*Its settings: depth"):
        adapt(supporter_source, supporter_shop[1], "fine-tune", settings={"depht": 0}, run=RunContext())
