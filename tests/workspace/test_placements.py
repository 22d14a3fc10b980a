"""Where a launch's products were placed is kept beside them, survives, and can be taken back."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from recsys_core.errors import NotThere
from recsys_core.workspace import Workspace
from recsys_core.workspace.placed_catalog import publish_placed_catalog
from recsys_core.workspace.placements import keep_suggestions, remembered, save_placements, suggestions

NEW = pd.DataFrame(
    {"product_id": ["n1", "n2", "n3"], "title": ["Mug", "Doll", "Spade"], "category": ["Tassen", None, "Garden"]}
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path)
    workspace.create_launch("May", NEW)
    return workspace


def placed(*rows: tuple[str, str | None, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["product_id", "given", "category", "by"])


def test_placements_lie_over_the_products_as_they_came(workspace: Workspace) -> None:
    assert workspace.placements("May") is None
    assert "placed_by" not in workspace.load_launch("May").products
    first = save_placements(
        workspace, "May", placed(("n1", "Tassen", "Home > Mugs", "person"), ("n2", None, "Toys", "model"))
    )
    products = workspace.load_launch("May").products
    assert products["category"].tolist() == ["Home > Mugs", "Toys", "Garden"]
    assert products["placed_by"].tolist()[:2] == ["person", "model"]
    assert products["placed_by"].isna().tolist() == [False, False, True]
    assert workspace.launch_products("May")["category"].isna().tolist() == [False, True, False]
    assert workspace.launch_record("May").placements == workspace.launches()[0].placements == first
    workspace.sweep()
    assert len(workspace.load_launch("May").products) == 3
    save_placements(workspace, "May", placed())
    assert workspace.launch_record("May").placements is None
    assert workspace.placements("May") is None
    assert workspace.load_launch("May").products["category"].isna().tolist() == [False, True, False]


def test_a_persons_word_on_a_foreign_category_goes_on_counting(workspace: Workspace) -> None:
    workspace.create_launch("June", NEW)
    assert remembered(workspace) == {}
    save_placements(workspace, "May", placed(("n1", "Tassen", "Home > Cups", "person"), ("n2", None, "Toys", "person")))
    save_placements(
        workspace, "June", placed(("n1", "Tassen", "Home > Mugs", "person"), ("n3", "Garden", "X", "model"))
    )
    assert remembered(workspace) == {"Tassen": "Home > Mugs"}
    # The word counts that was said last, not that of the newest launch; two words on one category are none.
    save_placements(workspace, "May", placed(("n1", "Tassen", "Home > Cups", "person")))
    assert remembered(workspace) == {"Tassen": "Home > Cups"}
    save_placements(workspace, "June", placed(("n1", "Tassen", "A", "person"), ("n2", "Tassen", "B", "person")))
    assert remembered(workspace) == {"Tassen": "Home > Cups"}
    workspace.delete_launch("June")
    assert remembered(workspace) == {"Tassen": "Home > Cups"}
    with pytest.raises(NotThere):
        save_placements(workspace, "June", placed())


def test_suggestions_are_replaced(workspace: Workspace) -> None:
    assert suggestions(workspace, "May", "v1") is None
    keep_suggestions(workspace, "May", "v1", NEW)
    keep_suggestions(workspace, "May", "v1", NEW.head(1))
    workspace.sweep()
    found = suggestions(workspace, "May", "v1")
    assert found is not None
    assert found["product_id"].tolist() == ["n1"]
    # They name places in the tree of one version.
    assert suggestions(workspace, "May", "v2") is None
    assert suggestions(workspace, None, "v1") is None
    keep_suggestions(workspace, None, "v1", NEW)
    assert suggestions(workspace, None, "v1") is not None


def test_a_placed_catalog_is_a_new_version(workspace: Workspace) -> None:
    sales = pd.DataFrame({"customer_id": ["a"], "product_id": ["n1"]})
    files = [{"name": "products.csv", "sha256": "ab", "rows": 3}]
    version = workspace.publish_catalog(NEW, sales, None, files=files, report={})
    later = publish_placed_catalog(workspace, version, placed(("n2", None, "Toys", "person")))
    # What has a category keeps it: suggestions may be older than the version.
    again = publish_placed_catalog(workspace, later, placed(("n1", "Tassen", "Home > Mugs", "person")))
    assert len({version.id, later.id, again.id}) == 3
    assert workspace.catalog(later.id).products["category"].tolist()[1:] == ["Toys", "Garden"]
    assert workspace.catalog().products["category"].tolist() == ["Tassen", "Toys", "Garden"]
    assert workspace.catalog(version.id).products["category"].isna().sum() == 1
    assert len(workspace.catalog().sales) == 1
