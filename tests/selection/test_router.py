"""Whether placing helps is found out on categories that are known, and decides what a launch is adapted with."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recsys_core.dataset import Dataset
from recsys_core.errors import CannotRun
from recsys_core.run_context import RunContext
from recsys_core.selection.router import Routing, judge_placement, routed

DEPARTMENTS = ("home", "garden", "toys", "music")


def shop(department_counts: bool, customers: int = 200, leaves: int = 4, products: int = 12) -> Dataset:
    """Every customer buys in one department, or the makes of one maker. Titles name the maker, and the department by one of
    six words: only the tree tells that these mean the same."""
    rng = np.random.default_rng(0)
    rows = []
    for department in range(len(DEPARTMENTS)):
        for leaf in range(leaves):
            for number in range(products):
                maker = int(rng.integers(5))
                title = f"word{department}{rng.integers(6)} maker{maker} thing{rng.integers(99)}"
                path = f"{DEPARTMENTS[department]} > leaf{leaf}"
                rows.append((f"{department}-{leaf}-{number}", title, path, department, maker))
    frame = pd.DataFrame(rows, columns=["product_id", "title", "category", "department", "maker"])
    sales = []
    for customer in range(customers):
        love = customer % (len(DEPARTMENTS) if department_counts else 5)
        mine = frame[frame["department" if department_counts else "maker"] == love]["product_id"]
        sales += [
            (f"c{customer}", product) for product in rng.choice(mine.to_numpy(), min(12, len(mine)), replace=False)
        ]
    return Dataset(
        frame[["product_id", "title", "category"]], pd.DataFrame(sales, columns=["customer_id", "product_id"])
    )


def test_placing_helps_where_departments_count_and_not_where_makers_do() -> None:
    helps = judge_placement(shop(department_counts=True), run=RunContext())
    assert helps.placed > helps.content
    assert helps.by_placement
    assert "go that way" in helps.sentence()
    assert helps.unplaced is not None
    assert f"Without the places it was {helps.unplaced / helps.content - 1:.0%}" in helps.sentence()
    hurts = judge_placement(shop(department_counts=False), run=RunContext())
    assert hurts.placed < hurts.content
    assert not hurts.by_placement
    assert "worse than their words alone" in hurts.sentence()
    assert helps.categories == 16


def test_a_small_shop_is_not_judged() -> None:
    with pytest.raises(CannotRun, match="too small"):
        judge_placement(shop(True, customers=8, leaves=1, products=3), run=RunContext())


def test_where_placing_does_not_help_only_a_persons_word_counts() -> None:
    products = pd.DataFrame(
        {
            "product_id": ["a", "b", "c"],
            "category": ["Home > Mugs", "Toys > Cars", "Garden"],
            "placed_by": ["model", "person", None],
        }
    )
    given = pd.Series([None, "Spielzeug", "Garden"], dtype="str")
    helps, hurts = Routing(0.1, 0.2, 0.05, 0.15, 100, 9), Routing(0.1, 0.1, -0.05, 0.05, 100, 9)
    for routing in (helps, None):
        through = routed(products, given, routing)
        assert through["category"].isna().tolist() == [True, False, False]
        assert through["place"].tolist() == ["Home > Mugs", "Toys > Cars", "Garden"]
        assert through["placed_by"].tolist()[:2] == ["model", "person"]
    back = routed(products, given, hurts)
    assert back["category"].isna().tolist() == [True, False, False]
    assert back["category"].tolist()[1:] == ["Toys > Cars", "Garden"]
    assert back["place"].tolist() == ["Home > Mugs", "Toys > Cars", "Garden"]
    assert back["placed_by"].notna().tolist() == [False, True, False]


def test_a_way_that_loses_by_the_place_is_not_taken() -> None:
    assert Routing(0.1, 0.2, 0.05, 0.15, 100, 9, unplaced=0.21, place_low=-0.02, place_high=0.01).by_placement
    worse = Routing(0.1, 0.2, 0.05, 0.15, 100, 9, unplaced=0.21, place_low=-0.02, place_high=-0.01)
    assert not worse.by_placement
    assert "worse than similar products alone" in worse.sentence()
    assert Routing.of_record(worse.as_dict()) == worse
    of_before = {name: value for name, value in worse.as_dict().items() if name in list(worse.as_dict())[:6]}
    told = Routing.of_record(of_before)
    assert told is not None
    assert told.by_placement
