import numpy as np
import pandas as pd
import pytest

from recsys_core.charts.catalog_counts import NO_CATEGORY, count_catalog
from recsys_core.charts.catalog_figures import activity_figure, categories_figure, long_tail_figure, over_time_figure
from recsys_core.dataset import Dataset


def shop(**changes):
    products = pd.DataFrame(
        {
            "product_id": ["A", "B", "C", "D"],
            "title": ["Mug", "Cup", "Lamp", "Rug"],
            "category": ["Kitchen > Mugs", "Kitchen > Mugs", "Home > Lamps > Desk", None],
        }
    )
    interactions = pd.DataFrame(
        {
            "customer_id": ["1", "1", "2", "3", "3", "3"],
            "product_id": ["A", "B", "B", "B", "B", "C"],
            "event_type": ["purchase"] * 5 + ["return"],
            "timestamp": pd.to_datetime(
                ["2025-01-01", "2025-01-02", "2025-01-02", "2025-01-04", "2025-01-04", "2025-01-05"]
            ),
        }
    )
    return Dataset(products.assign(**changes), interactions)


def test_products_come_with_their_buyers_most_first():
    counts = count_catalog(shop())
    assert counts.products[["product_id", "buyers"]].to_numpy().tolist() == [["B", 3], ["A", 1], ["C", 0], ["D", 0]]
    assert (counts.pairs, counts.customers, counts.returns, counts.never_bought) == (4, 3, 1, 2)
    assert counts.head_share == pytest.approx(0.75)


def test_days_without_interactions_count_zero():
    counts = count_catalog(shop())
    assert counts.step == "day"
    assert counts.over_time["interactions"].tolist() == [1, 2, 0, 2]


@pytest.mark.parametrize(("days", "step"), [(30, "day"), (300, "week"), (2000, "month")])
def test_the_step_fits_the_span(days, step):
    times = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.linspace(0, days, 6), unit="D")
    catalog = shop()
    counts = count_catalog(
        Dataset(catalog.products, catalog.interactions.assign(timestamp=times, event_type="purchase"))
    )
    assert counts.step == step
    assert counts.over_time["interactions"].sum() == 6


def test_categories_by_their_first_two_levels():
    rows = count_catalog(shop()).categories
    assert {(row.top, row.leaf): (row.products, row.buyers) for row in rows.itertuples()} == {
        ("Kitchen", "Mugs"): (2, 4),
        ("Home", "Lamps"): (1, 0),
        (NO_CATEGORY, ""): (1, 0),
    }


def test_without_times_categories_or_interactions_nothing_breaks():
    products = shop().products[["product_id", "title"]]
    counts = count_catalog(Dataset(products, pd.DataFrame({"customer_id": [], "product_id": []}, dtype="str")))
    assert counts.over_time is None
    assert counts.categories.empty
    assert counts.head_share is None
    assert counts.activity["customers"].sum() == 0


def test_every_customer_is_in_one_class_of_activity():
    counts = count_catalog(shop())
    assert counts.activity.set_index("bought")["customers"].to_dict()["1"] == 2
    assert counts.activity["customers"].sum() == counts.customers


def test_figures_show_what_was_counted():
    counts = count_catalog(shop())
    assert list(over_time_figure(counts.over_time, counts.step).data[0].y) == [1, 2, 0, 2]
    assert list(long_tail_figure(counts.products["buyers"]).data[0].y) == [3, 1, 0, 0]
    assert sum(activity_figure(counts.activity).data[0].y) == 3


def test_a_hostile_category_is_no_markup_in_the_figure():
    rows = pd.DataFrame({"name": ["<img src=x onerror=alert(1)>", "$x$"], "products": [2, 1], "buyers": [4, 0]})
    figure = categories_figure(rows)
    texts = [*figure.layout.yaxis.ticktext, *(str(row[0]) for row in figure.data[0].customdata)]
    assert not any("<" in text or "$" in text for text in texts)


def test_a_long_tail_of_many_products_is_drawn_from_few_points():
    buyers = pd.Series(np.arange(100_000)[::-1])
    line = long_tail_figure(buyers).data[0]
    assert len(line.x) <= 400
    assert (line.x[0], line.x[-1], line.y[0], line.y[-1]) == (1, 100_000, 99_999, 0)


def test_categories_of_one_level() -> None:
    products = pd.DataFrame({"product_id": ["a", "b"], "title": ["A", "B"], "category": ["Kitchen", "Garden"]})
    sales = pd.DataFrame({"customer_id": ["c"], "product_id": ["a"]})
    told = count_catalog(Dataset(products, sales)).categories
    assert told[["top", "leaf", "products"]].values.tolist() == [["Kitchen", "", 1], ["Garden", "", 1]]
