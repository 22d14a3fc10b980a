import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys_core.artefacts import publish_folder
from recsys_core.errors import DamagedArtefact, InvalidSetting, LaunchdeskError, NotThere
from recsys_core.workspace import CatalogVersion, Workspace

PRODUCTS = pd.DataFrame(
    {"product_id": ["007", "1E5", "NA"], "title": ["Red mug", "Blue mug", "Null"], "price": [1.5, np.nan, 3]}
)
SALES = pd.DataFrame(
    {
        "customer_id": ["a", "b", "b"],
        "product_id": ["007", "007", "1E5"],
        "timestamp": pd.to_datetime(["2011-01-01", "2011-01-02", ""], utc=True),
    }
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "shop")


def publish(workspace: Workspace, digest: str = "1", products: pd.DataFrame = PRODUCTS) -> CatalogVersion:
    files = [{"name": "products.csv", "sha256": digest, "rows": np.int64(len(products))}]
    return workspace.publish_catalog(
        products, SALES, None, files=files, report={"rejected": np.int64(0), "share": np.nan}
    )


def save_model(folder: Path) -> None:
    def write(temporary: Path) -> None:
        (temporary / "settings.json").write_text("{}")

    publish_folder(folder, write)


def test_nothing_there_says_what_to_do(workspace: Workspace) -> None:
    assert workspace.catalog_version() is None
    assert workspace.model() is None
    assert workspace.launches() == []
    with pytest.raises(NotThere, match="Import"):
        workspace.catalog()
    with pytest.raises(NotThere, match="Train"):
        workspace.load_model()


def test_a_catalog_comes_back_as_it_was(workspace: Workspace) -> None:
    before = datetime.now(UTC)
    version = publish(workspace)
    catalog = workspace.catalog()
    pd.testing.assert_frame_equal(catalog.products, PRODUCTS)
    pd.testing.assert_frame_equal(catalog.interactions, SALES)
    assert catalog.customers is None
    assert (version.products, version.interactions, version.customers) == (3, 3, 2)
    assert version.report == {"rejected": 0, "share": None}
    assert workspace.catalog_version() == version
    assert before <= version.created <= datetime.now(UTC)
    assert version.created.tzinfo == UTC


def test_the_same_files_make_one_version_and_others_a_newer_one(workspace: Workspace) -> None:
    first = publish(workspace)
    assert publish(workspace).id == first.id
    second = publish(workspace, "2", PRODUCTS.head(1))
    assert workspace.catalog_version() == second != first
    assert len(workspace.catalog(first.id).products) == 3
    assert len(workspace.catalog().products) == 1


def test_customers_count_those_who_bought_and_those_who_are_listed(workspace: Workspace) -> None:
    customers = pd.DataFrame({"customer_id": ["b", "c"], "city": ["Ulm", "Bern"]})
    version = workspace.publish_catalog(PRODUCTS, None, customers, files=[], report={})
    assert version.customers == 2
    assert version.interactions == 0
    kept = workspace.catalog().customers
    assert kept is not None
    pd.testing.assert_frame_equal(kept, customers)


def test_another_process_sees_changes_at_once_and_the_folder_can_move(workspace: Workspace, tmp_path: Path) -> None:
    assert workspace.catalog_version() is None
    other = (
        "import sys, pandas as pd\nfrom recsys_core.workspace import Workspace\n"
        "frame = pd.DataFrame({'product_id': ['x'], 'title': ['X'], 'customer_id': ['c']})\n"
        "print(Workspace(sys.argv[1]).publish_catalog(frame, frame, None, files=[], report={}).id)"
    )
    done = subprocess.run(
        [sys.executable, "-c", other, str(workspace.folder)], capture_output=True, text=True, check=True
    )
    version = workspace.catalog_version()
    assert version is not None
    assert version.id == done.stdout.strip()
    workspace.close()
    moved = Workspace(workspace.folder.rename(tmp_path / "elsewhere"))
    assert list(moved.catalog().products["product_id"]) == ["x"]


def test_many_processes_can_open_a_new_workspace_together(tmp_path: Path) -> None:
    code = "import sys\nfrom recsys_core.workspace import Workspace\nprint(Workspace(sys.argv[1]).launches())"
    command = [sys.executable, "-c", code, str(tmp_path / "new")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [(process.communicate()[0], process.returncode) for process in processes] == [("[]\n", 0)] * 4


@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_damaged_tables_are_refused_and_older_ones_go_on(workspace: Workspace, damage: str) -> None:
    first, second = publish(workspace), publish(workspace, "2", PRODUCTS.assign(title="Mug"))
    assert second.tables is not None
    file = workspace.folder / "pieces" / f"{second.tables['products'][0]['file']}.parquet"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    if damage == "flip":
        file.write_bytes(content)
    elif damage == "cut":
        file.write_bytes(content[:-8])
    else:
        file.unlink()
    with pytest.raises(DamagedArtefact, match="missing" if damage == "remove" else "changed or cut off"):
        workspace.catalog()
    assert len(workspace.catalog(first.id).products) == 3


def test_models_newest_first_with_their_records(workspace: Workspace) -> None:
    version = publish(workspace)
    first = workspace.publish_model(save_model, catalog_version=version.id, settings={"seed": 0}, summary={"ndcg": 0.5})
    second = workspace.publish_model(save_model, catalog_version=version.id, settings={"seed": 1}, summary={})
    assert workspace.model() == second
    assert workspace.model(first.id) == first
    assert first.summary == {"ndcg": 0.5}


def test_a_save_that_breaks_off_leaves_the_old_model(workspace: Workspace) -> None:
    version = publish(workspace)
    old = workspace.publish_model(save_model, catalog_version=version.id, settings={}, summary={})

    def broken(folder: Path) -> None:
        def write(temporary: Path) -> None:
            (temporary / "arrays.safetensors").write_bytes(b"half")
            raise RuntimeError("power is gone")

        publish_folder(folder, write)

    with pytest.raises(RuntimeError):
        workspace.publish_model(broken, catalog_version=version.id, settings={}, summary={})
    assert workspace.model() == old
    assert [folder.name for folder in (workspace.folder / "models").iterdir()] == [old.id]


def test_an_artefact_without_manifest_is_not_published(workspace: Workspace) -> None:
    version = publish(workspace)
    with pytest.raises(DamagedArtefact):
        workspace.publish_model(lambda folder: folder.mkdir(), catalog_version=version.id, settings={}, summary={})
    assert workspace.model() is None


def test_records_are_in_wal_so_readers_do_not_wait_for_a_writer(workspace: Workspace) -> None:
    version = publish(workspace)
    writer = sqlite3.connect(workspace.folder / "launchdesk.db")
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE catalog_versions SET products = 99")
    seen = workspace.catalog_version()
    writer.rollback()
    writer.close()
    assert seen == version


def test_a_place_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidSetting, match="can't be created"):
        Workspace(tmp_path / "file" / "shop").launches()


def test_an_address_that_is_none_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="postgresql://"):
        Workspace(tmp_path, "postgres at home").launches()
    with pytest.raises(LaunchdeskError, match="can't be reached"):
        Workspace(tmp_path, "postgresql://nobody@127.0.0.1:1/none").launches()
