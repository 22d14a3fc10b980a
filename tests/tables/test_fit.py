from __future__ import annotations

import pandas as pd

from recsys_core.tables.fit import fit_together


def frame(**columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(columns, dtype="str")


PRODUCTS = frame(product_id=["p1", "p2", "p3"], title=["a", "b", "c"])
INTERACTIONS = frame(
    customer_id=["c1", "c1", "c2", "c9", "c9", "c1"],
    product_id=["p1", "p1", "p8", "p8", "p2", "p7"],
    event_type=["sale", "sale", "sale", "sale", "view", "sale"],
)
CUSTOMERS = frame(customer_id=["c1", "c2", "c3", "c4"])


def test_what_does_not_fit_is_counted() -> None:
    report = fit_together(PRODUCTS, INTERACTIONS, CUSTOMERS)
    assert (report.products, report.customers, report.interactions) == (3, 4, 6)
    assert (report.unknown_product, report.unknown_products) == (3, ("p8", "p7"))
    assert (report.unknown_customer, report.unknown_customers) == (2, ("c9",))
    assert report.products_without_interaction == 1
    assert report.customers_without_history == 2
    assert report.duplicates == 1
    assert report.sentences() == [
        '3 interactions of 6 name a product that isn\'t in the products file: "p8", "p7".',
        '2 interactions of 6 name a customer who isn\'t in the customers file: "c9".',
        "1 product has no interaction yet.",
        "2 customers have no history yet.",
        "1 interaction equals an earlier one in every column; all were kept.",
    ]


def test_without_customers_nobody_is_unknown() -> None:
    report = fit_together(PRODUCTS, INTERACTIONS, None)
    assert (report.customers, report.unknown_customer, report.customers_without_history) == (None, 0, 0)
    assert not any("customer" in sentence for sentence in report.sentences())


def test_what_fits_is_told_too() -> None:
    known = INTERACTIONS.iloc[[0]]
    assert fit_together(PRODUCTS.iloc[:1], known, CUSTOMERS.iloc[:1]).sentences() == [
        "Every interaction names a product and customer that is there."
    ]
    assert fit_together(PRODUCTS, INTERACTIONS.iloc[:0], None).sentences() == [
        "No interactions.",
        "3 products have no interaction yet.",
    ]


def test_equal_rows_with_missing_values_and_without_rows() -> None:
    twice = pd.DataFrame({"customer_id": ["a", "a"], "product_id": ["b", "b"], "rating": [None, None]})
    assert fit_together(PRODUCTS, twice.astype({"rating": "float64"}), None).duplicates == 1


def test_many_unknown_ids_are_cut_short() -> None:
    many = frame(customer_id=["c1"] * 5, product_id=["a", "b", "c", "d", "e"])
    assert fit_together(PRODUCTS, many, None).sentences()[0].endswith('file: "a", "b", "c" and 2 more.')
