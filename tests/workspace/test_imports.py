"""What an import would change, before it is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from recsys_core.errors import InvalidTable
from recsys_core.workspace import Workspace
from recsys_core.workspace.imports import Upload, check_files

PRODUCTS = b"product_id,title,price\n1,a,1\n2,b,2\n3,c,3\n"
SALES = b"customer_id,product_id,timestamp\nc,1,2024-01-01\nc,2,2024-01-02\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    opened = Workspace(tmp_path / "shop")
    check_files({"products": Upload(PRODUCTS, "p.csv"), "interactions": Upload(SALES, "s.csv")}).publish(opened)
    return opened


def test_a_product_with_a_slip_is_not_removed(workspace: Workspace) -> None:
    checked = check_files({"products": Upload(PRODUCTS.replace(b"2,b,2", b"2,b,oops"), "p.csv")}, "replace")
    plan = checked.plan(workspace, "replace", "remove")
    assert plan.sentences() == ["0 products added, 2 unchanged."]
    assert plan.changes_nothing


def test_sales_are_not_removed_while_some_are_rejected(workspace: Workspace) -> None:
    checked = check_files({"interactions": Upload(SALES.replace(b"2024-01-02", b"soon"), "s.csv")})
    with pytest.raises(InvalidTable, match="Mend them first"):
        checked.plan(workspace, "keep", "remove")
    assert checked.plan(workspace, "keep", "keep").changes_nothing


def test_sales_without_times_are_told_apart_by_a_note(workspace: Workspace) -> None:
    plan = check_files({"interactions": Upload(b"customer_id,product_id\nc,1\n", "s.csv")}).plan(workspace)
    assert "they will count twice" in plan.sentences()[-1]
    assert plan.combined["interactions"].difference.added == 1


def test_the_same_files_again_change_nothing(workspace: Workspace) -> None:
    before = workspace.catalog_version()
    for how in ("keep", "replace", "merge"):
        again = check_files({"products": Upload(PRODUCTS, "p.csv"), "interactions": Upload(SALES, "s.csv")})
        assert again.plan(workspace, how, "remove").publish(workspace) == before  # type: ignore[arg-type]


def test_a_price_list_without_titles_fills_in(workspace: Workspace, tmp_path: Path) -> None:
    prices = {"products": Upload(b"product_id;price\n1;9,50\n", "prices.csv")}
    with pytest.raises(InvalidTable, match="fill in from it"):
        check_files(prices)  # type: ignore[arg-type]
    plan = check_files(prices, "merge").plan(workspace, "merge")  # type: ignore[arg-type]
    assert plan.sentences() == ["0 products added, 1 changed, 2 in the catalog but not in the file (kept)."]
    plan.publish(workspace)
    assert workspace.catalog().products.set_index("product_id").loc["1"].tolist() == ["a", 9.5]
    with pytest.raises(InvalidTable, match="No product would have a title"):
        check_files(prices, "merge").plan(Workspace(tmp_path / "empty"), "merge")  # type: ignore[arg-type]
