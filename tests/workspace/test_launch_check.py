"""Files of a launch beside the catalog: what isn't new, what isn't ours, and who isn't known."""

from __future__ import annotations

import pandas as pd
import pytest

from recsys_core.dataset import Dataset
from recsys_core.errors import InvalidTable
from recsys_core.workspace.imports import Upload
from recsys_core.workspace.launch_check import check_first_sales, check_new_products

CATALOG = Dataset(
    pd.DataFrame({"product_id": ["old"], "title": ["Old one"]}),
    pd.DataFrame({"customer_id": ["c1"], "product_id": ["old"]}),
)
NEW = Upload(b"product_id,title,price\nn1,New,2\nold,Old one,3\nn2,Newer,-1\n", "new.csv")


def sales(*rows: str) -> Upload:
    return Upload("\n".join(["customer_id,product_id", *rows, ""]).encode(), "sales.csv")


def test_products_of_the_catalog_are_named_and_can_be_left_out() -> None:
    checked = check_new_products(NEW, CATALOG)
    assert checked.in_catalog == ("old",)
    assert checked.frame()["product_id"].tolist() == ["n1"]
    assert checked.frame(leave_out_known=False)["product_id"].tolist() == ["n1", "old"]
    assert len(checked.table.rejected) == 1
    assert checked.sentences()[0].startswith("1 product is in the catalog already: “old”.")


def test_without_a_catalog_every_product_is_new() -> None:
    assert check_new_products(NEW, None).sentences() == []


def test_sales_of_other_products_and_by_strangers_are_counted_and_kept() -> None:
    given = sales("c1,n1", "x,n1", "x,n2", "y,n2", "c1,old", "c1,old", "c1,else")
    checked = check_first_sales(given, pd.Index(["n1", "n2", "n3"]), CATALOG)
    assert (checked.other_rows, checked.other_products) == (3, ("old", "else"))
    assert (checked.unknown_rows, checked.unknown_customers) == (3, 2)
    assert checked.products_sold == 2
    assert len(checked.table.frame) == 7
    first, second = checked.sentences()
    assert first.startswith("3 sales are of products that aren't in the launch: “old”, “else”.")
    assert second.startswith("3 sales are by 2 customers whom the catalog doesn't know")


def test_files_without_a_good_row_are_refused() -> None:
    with pytest.raises(InvalidTable, match="no usable product"):
        check_new_products(Upload(b"product_id,title,price\nn1,New,-2\n", "new.csv"), CATALOG)
    with pytest.raises(InvalidTable, match="no usable sale"):
        check_first_sales(Upload(b"customer_id,product_id,quantity\nc1,n1,many\n", "s.csv"), pd.Index(["n1"]), CATALOG)
