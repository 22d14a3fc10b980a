from __future__ import annotations

from recsys_core.dataset import Launch
from recsys_core.run_context import RunContext
from recsys_core.selection.auto import adapt, choose_method


def test_it_goes_by_words_where_words_tell(word_source, word_shop) -> None:
    catalog, launch = word_shop
    choice = choose_method(word_source, catalog, launch, run=RunContext())
    assert choice.method == "zero-shot"
    assert [row["method"] for row in choice.table] == ["zero-shot", "prototype", "fine-tune"]


def test_it_goes_by_first_sales_where_only_they_tell(supporter_source, supporter_shop) -> None:
    catalog, launch = supporter_shop
    choice = choose_method(supporter_source, catalog, launch, run=RunContext())
    assert choice.method == "prototype"
    assert choice.shots == 5
    figures = {row["method"]: row["ndcg"] for row in choice.table}
    assert figures["prototype"] > 1.3 * figures["zero-shot"]
    assert all(row["low"] <= row["ndcg"] <= row["high"] for row in choice.table)
    adapted, made = adapt(supporter_source, catalog, launch, "auto", run=RunContext())
    assert adapted.method == "prototype"
    assert made is not None
    assert made.reason == choice.reason


def test_without_first_sales_there_is_nothing_to_choose(supporter_source, supporter_shop) -> None:
    catalog, launch = supporter_shop
    choice = choose_method(supporter_source, catalog, Launch("none", launch.products), run=RunContext())
    assert (choice.method, choice.table) == ("zero-shot", [])
    assert "no first sales" in choice.reason


def test_it_never_looks_at_the_launch(supporter_source, supporter_shop) -> None:
    """Other first sales of the same number lead to the same table."""
    catalog, launch = supporter_shop
    others = launch.interactions.assign(customer_id=launch.interactions["customer_id"].to_numpy()[::-1])
    run = RunContext()
    one = choose_method(supporter_source, catalog, launch, run=run)
    other = choose_method(supporter_source, catalog, Launch("other", launch.products, others), run=run)
    assert [row["ndcg"] for row in one.table] == [row["ndcg"] for row in other.table]


def test_a_named_method_is_taken_as_named(supporter_source, supporter_shop) -> None:
    adapted, choice = adapt(supporter_source, *supporter_shop, "zero-shot", run=RunContext())
    assert (adapted.method, choice) == ("zero-shot", None)
