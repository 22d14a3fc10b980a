from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recsys_core.dataset import Dataset
from recsys_core.tables.columns import CUSTOMER, PRODUCT
from recsys_core.tables.health import Advice, health


def good_products() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "product_id": ["A", "B", "C", "D"],
            "title": ["Red mug", "Blue mug", "Desk lamp", "Floor lamp"],
            "description": ["Stoneware, holds 300 ml", "Stoneware, holds 200 ml", "Of brass", "Of oak"],
            "category": ["Kitchen > Mugs", "Kitchen > Mugs", "Lamps", "Lamps"],
            "price": [4.5, 5.0, 30.0, 80.0],
        }
    )


def good_interactions() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": ["1", "1", "2", "2"],
            "product_id": ["A", "B", "C", "D"],
            "timestamp": pd.to_datetime(["2025-01-01", "2025-01-02", "2025-01-03", "2025-01-04"]),
        }
    )


CUSTOMERS = pd.DataFrame({"customer_id": ["1", "2", "3"]})


def advice(
    products: pd.DataFrame, interactions: pd.DataFrame, customers: pd.DataFrame | None = CUSTOMERS
) -> list[Advice]:
    found = health(products, interactions, customers)
    assert 0 <= found.score <= 100
    gains = [one.gain for one in found.advice]
    assert gains == sorted(gains, reverse=True)
    assert found.score == int(100 - sum(gains) + 1e-9) or not found.advice
    return list(found.advice)


def only(products: pd.DataFrame, interactions: pd.DataFrame, subject: str) -> Advice:
    return next(one for one in advice(products, interactions) if one.subject == subject)


def test_nothing_is_left_to_mend_in_a_good_shop() -> None:
    found = health(good_products(), good_interactions(), CUSTOMERS)
    assert (found.score, found.advice) == (100, ())
    assert health(good_products(), good_interactions()).score == 100


@pytest.mark.parametrize(
    ("column", "values", "subject", "what", "examples"),
    [
        ("title", [None, "Blue mug", " - ", "Floor lamp"], "title", "2 of 4 products have no title.", ("A", "C")),
        ("title", ["Mug", "Blue mug", "Lamp", None], "one-word-title", "2 of 3 titles are a single word.", ("A", "C")),
        ("description", ["", "Big", "Big", "Big"], "description", "1 of 4 products has no description.", ("A",)),
        ("description", [None] * 4, "description", "None of the 4 products has a description.", ("A", "B", "C", "D")),
        (
            "description",
            ["Red", "", "Brass", "Oak"],
            "few-words",
            "1 of 4 products has fewer than 3 words in title, brand, description and tags together.",
            ("B",),
        ),
        ("category", [None, "Mugs", "Lamps", "Lamps"], "category", "1 of 4 products has no category.", ("A",)),
        (
            "category",
            ["Cups", "Mugs", "L", "L"],
            "small-category",
            "2 of 3 categories have one product only.",
            ("A", "B"),
        ),
        ("price", [np.nan, np.nan, 3, 4], "price", "2 of 4 products have no price.", ("A", "B")),
        ("price", [np.nan, 0, 3, 4], "price-of-zero", "1 of 3 prices is 0.", ("B",)),
        (
            "title",
            ["Red mug", "Blue  MUG", "blue mug ", "Oak lamp"],
            "same-title",
            "1 of 4 products has the title of another one.",
            ("B", "C"),
        ),
    ],
)
def test_what_is_missing_in_products_is_counted(
    column: str, values: list[object], subject: str, what: str, examples: tuple[str, ...]
) -> None:
    found = only(good_products().assign(**{column: values}), good_interactions(), subject)
    assert (found.what, found.examples) == (what, examples)
    assert found.affected[PRODUCT].tolist() == list(examples)


@pytest.mark.parametrize(
    ("changes", "subject", "what", "affected"),
    [
        (
            {"product_id": ["A", "A", "C", "C"]},
            "buyer",
            "2 of 4 products have no buyer.",
            [["B", "Blue mug", "Kitchen > Mugs"], ["D", "Floor lamp", "Lamps"]],
        ),
        (
            {"timestamp": pd.to_datetime(["2025-01-01", None, None, None])},
            "time",
            "3 of 4 interactions have no time.",
            None,
        ),
        (
            {"product_id": ["A", "X", "X", "Y"]},
            "unknown-product",
            "3 of 4 interactions name a product that isn't among the products.",
            [["X", 2], ["Y", 1]],
        ),
        (
            {"customer_id": ["1", "2", "3", "3"], "product_id": ["A", "B", "C", "C"]},
            "one-product-customers",
            "All 3 customers bought one product only.",
            [["1", "A"], ["2", "B"], ["3", "C"]],
        ),
        (
            {"customer_id": "1", "product_id": ["A", "A", "A", "B"], "timestamp": pd.Timestamp("2025-01-01")},
            "repeated-rows",
            "2 of 4 interactions equal an earlier one in every column.",
            [["A", 2]],
        ),
        (
            {"customer_id": ["1", "1", "8", "8"]},
            "unknown-customer",
            "2 of 4 interactions name a customer who isn't among the customers.",
            [["8", 2]],
        ),
    ],
)
def test_what_is_missing_in_interactions_is_counted(
    changes: dict[str, object], subject: str, what: str, affected: list[list[object]] | None
) -> None:
    found = only(good_products(), good_interactions().assign(**changes), subject)
    assert found.what == what
    if affected is not None:
        assert found.affected.to_numpy().tolist() == affected


def test_returns_are_not_buyers_as_everywhere() -> None:
    interactions = good_interactions().assign(event_type=["sale", " Return", "sale", None], quantity=[1, 2, -1, np.nan])
    bought = set(Dataset(good_products(), interactions).sales[PRODUCT])
    found = only(good_products(), interactions, "buyer")
    assert bought == {"A", "D"}
    assert found.affected[PRODUCT].tolist() == ["B", "C"]


def test_the_most_helpful_comes_first_and_its_gain_is_what_the_score_gains() -> None:
    bare = good_products().assign(description=[None, None, None, "Oak"], price=[1, 2, 3, None])
    found = health(bare, good_interactions(), CUSTOMERS)
    assert [one.subject for one in found.advice] == ["description", "few-words", "price"]
    assert found.advice[2].gain == pytest.approx(6 / 4)
    mended = health(bare.assign(description="Of brass"), good_interactions(), CUSTOMERS)
    gained = found.advice[0].gain + found.advice[1].gain
    assert found.score == int(100 - gained - 1.5)
    assert mended.score == int(100 - 1.5)


def test_nearly_perfect_is_not_perfect() -> None:
    many = pd.concat([good_products()] * 1000, ignore_index=True)
    many["product_id"] = [f"P{at}" for at in range(4000)]
    many["title"] = [f"Mug number {at}" for at in range(4000)]
    sales = pd.DataFrame({CUSTOMER: "1", PRODUCT: many[PRODUCT], "timestamp": pd.Timestamp("2025-01-01")})
    assert health(many, sales).score == 100
    many.loc[7, "price"] = np.nan
    assert health(many, sales).score == 99


def test_without_interactions_it_says_so() -> None:
    found = health(good_products(), good_interactions().iloc[:0], None)
    assert [one.what for one in found.advice] == ["There are no interactions."]
    assert found.score < 65


def test_without_products_there_is_nothing_to_score() -> None:
    found = health(good_products().iloc[:0], good_interactions(), CUSTOMERS)
    assert (found.score, [one.what for one in found.advice]) == (0, ["There are no products."])
    assert found.advice[0].affected.empty


def test_a_bare_shop_scores_low() -> None:
    bare = pd.DataFrame({"product_id": ["A", "B"], "title": ["Mug", "Lamp"]})
    nothing = pd.DataFrame({"customer_id": [], "product_id": []}, dtype="str")
    assert health(bare, nothing, None).score < 25
    unknown = pd.DataFrame({"customer_id": ["1"], "product_id": ["Z"]})
    assert health(bare, unknown, None).score < 25


def test_only_one_product() -> None:
    found = advice(good_products().iloc[:1].assign(description=None), good_interactions().iloc[:1])
    assert "The only product has no description." in [one.what for one in found]
    assert "The only category has one product only." in [one.what for one in found]
    assert "The only customer bought one product only." in [one.what for one in found]


def test_all_missing_columns_and_hostile_texts() -> None:
    hostile = "<img src=x onerror=alert(1)>"
    products = pd.DataFrame({"product_id": [hostile, "=1+1"], "title": [hostile, hostile]}).assign(
        description=np.nan, category=np.nan, price=np.nan, tags=[[], None]
    )
    interactions = pd.DataFrame({"customer_id": [hostile], "product_id": ["$x$"], "event_type": [np.nan]})
    found = {one.subject: one for one in advice(products, interactions)}
    assert found["description"].examples == (hostile, "=1+1")
    assert found["unknown-product"].examples == ("$x$",)
    # What is said is ours alone: ids and titles stand in the examples, which the page escapes.
    assert not any(hostile in one.what + one.why for one in found.values())
