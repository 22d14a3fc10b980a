"""Versions of the catalog: each is what an import made of the one before, and can be compared, restored and deleted."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from recsys_core.artefacts import publish_folder
from recsys_core.errors import AlreadyThere, DamagedArtefact, LaunchdeskError, NotThere
from recsys_core.tables.columns import Kind
from recsys_core.tables.difference import Combined, combine
from recsys_core.workspace import CatalogVersion, Workspace
from recsys_core.workspace.atlases import publish_atlas
from recsys_core.workspace.backtests import publish_backtest
from recsys_core.workspace.catalog_versions import (
    Uses,
    compare,
    delete_version,
    pieces_of,
    publish_combined,
    restore,
    uses,
    versions,
)
from recsys_core.workspace.leftovers import ORPHAN_AGE
from recsys_core.workspace.pieces import write_table
from recsys_core.workspace.records import ModelRecord

PRODUCTS = pd.DataFrame({"product_id": ["a", "b", "c"], "title": ["Mug", "Doll", "Vase"], "price": [1.0, 2.0, 3.0]})
SALES = pd.DataFrame(
    {
        "customer_id": ["x", "y", "x"],
        "product_id": ["a", "a", "b"],
        "timestamp": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"]).astype("datetime64[us]"),
    }
)
FILES = [{"name": "products.csv", "sha256": "1", "rows": 3}]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "shop")


def combined(workspace: Workspace, new: dict[Kind, pd.DataFrame]) -> dict[Kind, Combined]:
    there = None if workspace.catalog_version() is None else workspace.catalog()
    before = {} if there is None else vars(there)
    return {kind: combine(before.get(kind), frame, kind, "merge") for kind, frame in new.items()}


def bring(workspace: Workspace, who: str | None = None, **new: pd.DataFrame) -> CatalogVersion:
    """Imports tables as the pages do."""
    before = workspace.catalog_version()
    tables = combined(workspace, new)  # type: ignore[arg-type]
    return publish_combined(workspace, tables, before=before, files=FILES, report={}, who=who)


def pieces(workspace: Workspace) -> set[str]:
    return {file.name for file in (workspace.folder / "pieces").iterdir()}


def make_old(folder: Path) -> None:
    for path in folder.rglob("*"):
        os.utime(path, (time.time() - ORPHAN_AGE - 1,) * 2)


def save(folder: Path) -> None:
    publish_folder(folder, lambda temporary: (temporary / "settings.json").write_text("{}") and None)


def model_of(workspace: Workspace, version: CatalogVersion) -> ModelRecord:
    return workspace.publish_model(save, catalog_version=version.id, settings={}, summary={})


def test_an_import_is_a_version_with_what_it_changed_and_who_did_it(workspace: Workspace) -> None:
    first = bring(workspace, products=PRODUCTS, interactions=SALES)
    assert (first.products, first.interactions, first.customers, first.who) == (3, 3, 2, None)
    new = pd.DataFrame({"product_id": ["b", "d"], "title": ["Doll", "Lamp"], "price": [2.5, 4.0]})
    second = bring(workspace, "Ann", products=new)
    assert (second.products, second.interactions, second.customers, second.who) == (4, 3, 2, "Ann")
    assert second.difference is not None
    assert second.difference["products"]["added"] == second.difference["products"]["changed"] == 1
    assert workspace.catalog_version() == second
    assert [version.id for version in versions(workspace)] == [second.id, first.id]
    catalog = workspace.catalog()
    assert catalog.products["product_id"].tolist() == ["a", "c", "b", "d"]
    assert catalog.products["price"].tolist() == [1.0, 3.0, 2.5, 4.0]
    pd.testing.assert_frame_equal(catalog.interactions, SALES)
    pd.testing.assert_frame_equal(workspace.catalog(first.id).products, PRODUCTS)
    assert first.tables is not None
    assert second.tables is not None
    assert second.tables["interactions"] == first.tables["interactions"]
    sale = SALES.head(1).assign(customer_id="z")
    assert bring(workspace, interactions=sale).customers == 3
    assert bring(workspace, customers=pd.DataFrame({"customer_id": ["x", "new"]})).customers == 4


def test_products_alone_make_a_catalog(workspace: Workspace) -> None:
    assert bring(workspace, products=PRODUCTS).interactions == 0
    assert workspace.catalog().interactions.empty


def test_what_changes_nothing_makes_no_version(workspace: Workspace) -> None:
    first = bring(workspace, products=PRODUCTS, interactions=SALES)
    assert bring(workspace, products=PRODUCTS.iloc[[1, 0]], interactions=SALES) == first
    assert len(versions(workspace)) == 1


def test_whole_tables_that_are_the_same_are_stored_once(workspace: Workspace) -> None:
    first = workspace.publish_catalog(PRODUCTS, SALES, None, files=[], report={})
    count = len(pieces(workspace))
    second = workspace.publish_catalog(PRODUCTS.head(2), SALES, None, files=[], report={})
    assert first.id != second.id
    assert len(pieces(workspace)) == count + 1


def test_who_comes_second_is_told_and_nothing_is_lost(workspace: Workspace) -> None:
    first = bring(workspace, products=PRODUCTS, interactions=SALES)
    late = combined(workspace, {"products": PRODUCTS.assign(title="Late")})
    nothing = combined(workspace, {"products": PRODUCTS})
    second = bring(workspace, products=PRODUCTS.assign(title="Quick"))
    for tables in (late, nothing):
        with pytest.raises(AlreadyThere, match="Nothing was imported"):
            publish_combined(workspace, tables, before=first, files=[], report={})
    fresh: dict[Kind, Combined] = {"products": combine(None, PRODUCTS, "products", "keep")}
    with pytest.raises(AlreadyThere):
        publish_combined(workspace, fresh, before=None, files=[], report={})
    with pytest.raises(ValueError, match="another version"):
        publish_combined(workspace, fresh, before=second, files=[], report={})
    assert workspace.catalog_version() == second
    assert set(workspace.catalog().products["title"]) == {"Quick"}


def test_of_many_imports_at_once_one_counts(workspace: Workspace) -> None:
    bring(workspace, products=PRODUCTS)
    code = (
        "import sys, pandas as pd\nfrom recsys_core.errors import AlreadyThere\n"
        "from recsys_core.tables.difference import combine\nfrom recsys_core.workspace import Workspace\n"
        "from recsys_core.workspace.catalog_versions import publish_combined\n"
        "shop = Workspace(sys.argv[1])\nbefore = shop.catalog_version()\n"
        "new = pd.DataFrame({'product_id': [sys.argv[2]], 'title': ['New']})\n"
        "tables = {'products': combine(shop.catalog().products, new, 'products', 'keep')}\n"
        "print('ready', flush=True)\nsys.stdin.readline()\n"
        "try:\n    publish_combined(shop, tables, before=before, files=[], report={})\n    print('kept')\n"
        "except AlreadyThere:\n    print('refused')\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(workspace.folder), f"new {number}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert sorted(process.communicate()[0] for process in processes) == ["kept\n", "refused\n", "refused\n"]
    assert len(versions(workspace)) == 2
    assert len(workspace.catalog().products) == 4


def test_killed_before_the_row_nothing_is_seen_and_the_rest_is_swept(workspace: Workspace) -> None:
    first = bring(workspace, products=PRODUCTS, interactions=SALES)
    before = pieces(workspace)
    code = (
        "import os, signal, sys, pandas as pd\nfrom recsys_core.workspace import Workspace\n"
        "shop = Workspace(sys.argv[1])\n"
        "frame = pd.DataFrame({'product_id': ['k'], 'customer_id': ['k'], 'title': ['Killed']})\n"
        "def die(*args, **more):\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        "shop.publish_tables = die\nshop.publish_catalog(frame, frame, None, files=[], report={})\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(workspace.folder)], check=False)
    assert done.returncode == -signal.SIGKILL
    left = pieces(workspace) - before
    assert left
    assert versions(workspace) == [first]
    workspace.sweep()
    assert pieces(workspace) == before | left
    make_old(workspace.folder)
    workspace.sweep()
    assert pieces(workspace) == before
    pd.testing.assert_frame_equal(workspace.catalog().products, PRODUCTS)


def test_pieces_that_went_before_the_row_came_make_no_version(workspace: Workspace) -> None:
    first = bring(workspace, products=PRODUCTS)
    products = write_table(workspace.pieces_folder, PRODUCTS.head(1))
    (workspace.pieces_folder / f"{products[0].file}.parquet").unlink()
    tables = pieces_of(workspace, first) | {"products": products}
    with pytest.raises(DamagedArtefact, match="Nothing was changed"):
        workspace.publish_tables(tables, customers=0, files=[], report={})
    assert versions(workspace) == [first]


def test_restoring_makes_the_same_tables_the_newest_and_copies_nothing(workspace: Workspace) -> None:
    first = bring(workspace, products=PRODUCTS, interactions=SALES)
    bring(workspace, products=PRODUCTS.assign(price=9.0), interactions=SALES.assign(customer_id="q"))
    there = pieces(workspace)
    restored = restore(workspace, first.id, "Bea")
    assert (restored.restored_from, restored.who, restored.customers) == (first.id, "Bea", 2)
    assert restored.id != first.id
    assert pieces(workspace) == there
    assert workspace.catalog_version() == restored
    pd.testing.assert_frame_equal(workspace.catalog().products, PRODUCTS)
    pd.testing.assert_frame_equal(workspace.catalog().interactions, SALES)
    assert restore(workspace, restored.id) == restored
    assert restore(workspace, first.id) == restored
    assert len(versions(workspace)) == 3
    with pytest.raises(NotThere):
        restore(workspace, "none")


def test_versions_are_compared_table_by_table(workspace: Workspace) -> None:
    first = bring(workspace, products=PRODUCTS, interactions=SALES)
    more = pd.DataFrame({"product_id": ["b", "d"], "title": ["Doll", "Lamp"], "price": [2.5, 4.0]})
    bring(workspace, products=more)
    third = bring(workspace, customers=pd.DataFrame({"customer_id": ["x"], "city": ["Ulm"]}))
    told = compare(workspace, first.id, third.id)
    assert {kind: one.sentence() for kind, one in told.items()} == {
        "products": "1 product added, 1 changed, 2 unchanged.",
        "interactions": "0 interactions added, 3 unchanged.",
        "customers": "1 customer added.",
    }
    assert told["products"].changes.values.tolist() == [["b", "price", "2", "2.5"]]
    assert told["products"].added_rows["product_id"].tolist() == ["d"]
    back = compare(workspace, third.id, first.id)
    assert back["products"].sentence() == "0 products added, 1 changed, 2 unchanged, 1 removed."
    assert back["customers"].missing == 1


def test_what_was_made_of_a_version_goes_only_with_it(workspace: Workspace) -> None:
    first = bring(workspace, products=PRODUCTS, interactions=SALES)
    second = bring(workspace, products=PRODUCTS.assign(price=9.0))
    launch = workspace.create_launch("May", pd.DataFrame({"product_id": ["n"], "title": ["New"]}))
    workspace.create_launch("June", pd.DataFrame({"product_id": ["n"], "title": ["New"]}))
    old_model, model = model_of(workspace, first), model_of(workspace, second)
    workspace.publish_adapted(launch.id, save, model=model.id, method="m", settings={}, summary={})
    atlas = publish_atlas(workspace, save, catalog_version=second.id, settings={}, summary={})
    backtest = publish_backtest(workspace, save, catalog_version=second.id, settings={}, summary={})
    assert uses(workspace, first.id) == Uses((old_model.id,), (), (), ())
    assert uses(workspace, second.id) == Uses((model.id,), ("May",), (atlas.id,), (backtest.id,))
    with pytest.raises(LaunchdeskError, match=r"1 source model.*“May”.*1 backtest"):
        delete_version(workspace, second.id)
    assert len(versions(workspace)) == 2
    delete_version(workspace, second.id, with_uses=True)
    # The one before is the newest now, with what was made of it.
    assert workspace.catalog_version() == first
    pd.testing.assert_frame_equal(workspace.catalog().products, PRODUCTS)
    assert workspace.model() == old_model
    assert [(record.name, record.adapted, record.catalog_version) for record in workspace.launches()] == [
        ("June", None, None),
        ("May", None, None),
    ]
    assert [folder.name for folder in (workspace.folder / "models").iterdir()] == [old_model.id]
    assert not list((workspace.folder / "atlases").iterdir()) + list((workspace.folder / "backtests").iterdir())
    assert not list((workspace.folder / "launches" / launch.id).glob("adapted-*"))
    with pytest.raises(NotThere):
        delete_version(workspace, second.id)
    with pytest.raises(NotThere):
        workspace.catalog(second.id)


def test_a_version_without_uses_is_deleted_and_its_own_pieces_go(workspace: Workspace) -> None:
    first = bring(workspace, products=PRODUCTS, interactions=SALES)
    second = bring(workspace, products=PRODUCTS.assign(price=9.0))
    make_old(workspace.folder)
    count = len(pieces(workspace))
    assert not uses(workspace, first.id)
    delete_version(workspace, first.id)
    assert len(pieces(workspace)) == count - 1
    assert workspace.catalog().products["price"].tolist() == [9.0] * 3
    assert versions(workspace) == [second]
    delete_version(workspace, second.id)
    assert pieces(workspace) == set()
    assert workspace.catalog_version() is None


def test_what_was_trained_on_a_version_that_was_deleted_meanwhile_is_not_kept(workspace: Workspace) -> None:
    first = bring(workspace, products=PRODUCTS)
    model = model_of(workspace, first)
    launch = workspace.create_launch("May", pd.DataFrame({"product_id": ["n"], "title": ["New"]}))
    delete_version(workspace, first.id, with_uses=True)
    with pytest.raises(NotThere, match="version of the catalog"):
        model_of(workspace, first)
    with pytest.raises(NotThere, match="source model was deleted"):
        workspace.publish_adapted(launch.id, save, model=model.id, method="m", settings={}, summary={})
    assert not list((workspace.folder / "models").iterdir())


OLD_TABLE = """
CREATE TABLE catalog_versions (
    number INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, id VARCHAR(32) NOT NULL UNIQUE, created DATETIME NOT NULL,
    products INTEGER NOT NULL, interactions INTEGER NOT NULL, customers INTEGER NOT NULL,
    files JSON NOT NULL, report JSON NOT NULL
)
"""


@pytest.fixture
def older(workspace: Workspace) -> Workspace:
    """A workspace as the first release wrote it."""
    folder = workspace.folder / "catalogs" / "0ld"

    def write(temporary: Path) -> None:
        PRODUCTS.to_parquet(temporary / "products.parquet", index=False)
        SALES.to_parquet(temporary / "interactions.parquet", index=False)

    publish_folder(folder, write)
    with sqlite3.connect(workspace.folder / "launchdesk.db") as connection:
        connection.execute(OLD_TABLE)
        connection.execute(
            "INSERT INTO catalog_versions (id, created, products, interactions, customers, files, report) "
            "VALUES ('0ld', '2024-05-01 10:00:00.000000', 3, 3, 2, ?, '{}')",
            [json.dumps(FILES)],
        )
    connection.close()
    return workspace


def test_an_older_workspace_opens(older: Workspace) -> None:
    version = older.catalog_version()
    assert version is not None
    assert (version.id, version.tables, version.who, version.restored_from) == ("0ld", None, None, None)
    pd.testing.assert_frame_equal(older.catalog().products, PRODUCTS)
    make_old(older.folder)
    older.sweep()
    pd.testing.assert_frame_equal(older.catalog().interactions, SALES)
    with older.begin() as connection:
        columns = {column["name"] for column in sa.inspect(connection).get_columns("catalog_versions")}
    assert {"tables", "who", "difference", "restored_from"} <= columns


def test_an_older_version_is_built_upon_compared_restored_and_deleted(older: Workspace) -> None:
    second = bring(older, products=PRODUCTS.assign(price=[1.0, 2.0, 9.0]))
    assert older.catalog().products["price"].tolist() == [1.0, 2.0, 9.0]
    assert compare(older, "0ld", second.id)["products"].changed == 1
    restored = restore(older, "0ld")
    pd.testing.assert_frame_equal(older.catalog().products, PRODUCTS)
    delete_version(older, "0ld")
    assert not (older.folder / "catalogs" / "0ld").exists()
    assert [version.id for version in versions(older)] == [restored.id, second.id]
    pd.testing.assert_frame_equal(older.catalog().interactions, SALES)


def test_uses_are_said_in_words() -> None:
    told = Uses(("m", "n"), ("May", "June", "July"), ("a",), ("b",))
    assert told.sentence() == (
        "2 source models, the recommendations of “May”, “June” and “July”, the figures of its categories, 1 backtest"
    )
    assert not Uses((), (), (), ())


def test_a_first_table_after_the_others(workspace: Workspace) -> None:
    """Products alone leave a table of interactions without rows, to which the first ones come."""
    products = pd.DataFrame({"product_id": ["a"], "title": ["A"]})
    published = publish_combined(
        workspace, {"products": combine(None, products, "products", "keep")}, before=None, files=[], report={}
    )
    sales = pd.DataFrame({"customer_id": ["c"], "product_id": ["a"], "quantity": [2.0]})
    there = workspace.catalog().interactions
    one = combine(there, sales, "interactions", "keep")
    assert one.difference.sentence() == "1 interaction added."
    publish_combined(workspace, {"interactions": one}, before=published, files=[], report={})
    pd.testing.assert_frame_equal(workspace.catalog().interactions, sales, check_dtype=False)
