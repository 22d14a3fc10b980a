import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

from recsys_core.artefacts import publish_folder
from recsys_core.errors import AlreadyThere, InvalidSetting, NotThere
from recsys_core.workspace import AdaptedRecord, Workspace
from recsys_core.workspace.leftovers import ORPHAN_AGE

PRODUCTS = pd.DataFrame({"product_id": ["n1", "n2"], "title": ["New lamp", "New bowl"]})


def sales(*rows: tuple[str, str, str | None]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "product_id", "timestamp"])
    return frame.assign(timestamp=pd.to_datetime(frame["timestamp"], utc=True))


FIRST = sales(("a", "n1", "2011-08-01 10:00"), ("b", "n1", "2011-08-02 11:00"))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def save(folder: Path) -> None:
    def write(temporary: Path) -> None:
        (temporary / "settings.json").write_text("{}")

    publish_folder(folder, write)


def adapt(workspace: Workspace, launch: str, support_version: int | None = None) -> AdaptedRecord:
    catalog = workspace.catalog_version() or workspace.publish_catalog(PRODUCTS, None, None, files=[], report={})
    model = workspace.model() or workspace.publish_model(save, catalog_version=catalog.id, settings={}, summary={})
    return workspace.publish_adapted(
        launch, save, model=model.id, method="zero-shot", settings={}, summary={}, support_version=support_version
    )


def test_a_launch_is_found_by_id_and_by_name(workspace: Workspace) -> None:
    record = workspace.create_launch("Autumn", PRODUCTS, FIRST)
    assert workspace.launch_record(record.id) == workspace.launch_record("Autumn") == record
    assert (record.products, record.support, record.support_version, record.adapted) == (2, 2, 1, None)
    launch = workspace.load_launch("Autumn")
    assert launch.name == "Autumn"
    pd.testing.assert_frame_equal(launch.products, PRODUCTS)
    pd.testing.assert_frame_equal(launch.interactions, FIRST)


def test_a_launch_without_sales(workspace: Workspace) -> None:
    workspace.create_launch("Cold", PRODUCTS)
    assert workspace.load_launch("Cold").interactions.empty
    assert workspace.add_support("Cold", FIRST).support == 2
    pd.testing.assert_frame_equal(workspace.load_launch("Cold").interactions, FIRST)


@pytest.mark.parametrize("name", ["../x", "\\\\host\\x", "CON", "a" * 300, "\u202egnp.exe", "<img src=x>", "秋\udc80"])
def test_any_text_is_a_name_and_never_a_path(workspace: Workspace, name: str) -> None:
    record = workspace.create_launch(name, PRODUCTS)
    assert workspace.launch_record(name).id == record.id
    assert {path.name for path in (workspace.folder / "launches").iterdir()} == {record.id}


@pytest.mark.parametrize("name", ["", "  ", "\x00"])
def test_an_empty_name_is_refused(workspace: Workspace, name: str) -> None:
    with pytest.raises(InvalidSetting):
        workspace.create_launch(name, PRODUCTS)


def test_a_name_is_given_once(workspace: Workspace) -> None:
    first = workspace.create_launch("Caf\u00e9", PRODUCTS)
    with pytest.raises(AlreadyThere, match="Café"):
        workspace.create_launch(" Cafe\u0301 ", PRODUCTS)
    workspace.create_launch("Tea", PRODUCTS)
    with pytest.raises(AlreadyThere):
        workspace.rename_launch(first.id, "Tea")
    assert workspace.rename_launch(first.id, "Coffee").id == first.id
    assert {record.name for record in workspace.launches()} == {"Coffee", "Tea"}


def test_one_of_many_at_once_gets_the_name(workspace: Workspace) -> None:
    def create(_: int) -> bool:
        try:
            workspace.create_launch("Sale", PRODUCTS)
        except AlreadyThere:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(create, range(8))) == 1
    assert len(list((workspace.folder / "launches").iterdir())) == len(workspace.launches()) == 1


def test_support_that_is_there_already_is_left_out(workspace: Workspace) -> None:
    workspace.create_launch("Autumn", PRODUCTS, FIRST)
    assert workspace.add_support("Autumn", FIRST).support_version == 1
    more = sales(("a", "n1", "2011-08-01 10:00"), ("a", "n1", "2011-08-03 09:00"), ("c", "n2", None))
    record = workspace.add_support("Autumn", more)
    assert (record.support, record.support_version) == (4, 2)
    assert workspace.add_support("Autumn", more.drop(columns="timestamp").tail(1)).support_version == 2
    assert list(workspace.load_launch("Autumn").interactions["customer_id"]) == ["a", "b", "a", "c"]


def test_no_support_is_lost_when_many_add_at_once(workspace: Workspace) -> None:
    workspace.create_launch("Autumn", PRODUCTS, FIRST)

    def add(customer: int) -> None:
        Workspace(workspace.folder).add_support("Autumn", sales((f"new {customer}", "n2", "2011-08-05")))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(add, range(6)))
    record = workspace.launch_record("Autumn")
    assert (record.support, record.support_version) == (8, 7)
    assert workspace.load_launch("Autumn").interactions["customer_id"].nunique() == 8


def test_an_adaptation_is_stale_once_support_came_after_it(workspace: Workspace) -> None:
    launch = workspace.create_launch("Autumn", PRODUCTS, FIRST)
    assert not adapt(workspace, launch.id).stale
    workspace.add_support("Autumn", sales(("z", "n2", "2011-09-01")))
    adapted = workspace.launch_record("Autumn").adapted
    assert adapted is not None
    assert adapted.stale
    assert not adapt(workspace, launch.id).stale


def test_support_that_came_during_an_adaptation_makes_it_stale(workspace: Workspace) -> None:
    workspace.create_launch("Autumn", PRODUCTS, FIRST)
    launch, version = workspace.load_launch_version("Autumn")
    workspace.add_support("Autumn", sales(("z", "n2", "2011-09-01")))
    assert len(launch.interactions) == 2
    assert adapt(workspace, "Autumn", version).stale


def test_the_newest_adaptation_counts(workspace: Workspace) -> None:
    workspace.create_launch("Autumn", PRODUCTS)
    adapt(workspace, "Autumn")
    second = adapt(workspace, "Autumn")
    assert workspace.launches()[0].adapted == second


def test_a_launch_not_adapted_says_so(workspace: Workspace) -> None:
    workspace.create_launch("Autumn", PRODUCTS)
    with pytest.raises(NotThere, match="no recommendations yet"):
        workspace.load_adapted("Autumn")


def test_deleting_removes_files_and_records(workspace: Workspace) -> None:
    launch = workspace.create_launch("Autumn", PRODUCTS, FIRST)
    adapt(workspace, launch.id)
    workspace.delete_launch("Autumn")
    assert workspace.launches() == []
    assert list((workspace.folder / "launches").iterdir()) == []
    for call in (workspace.load_launch, workspace.load_adapted, workspace.delete_launch):
        with pytest.raises(NotThere, match="Autumn"):
            call("Autumn")
    assert workspace.create_launch("Autumn", PRODUCTS).adapted is None


def test_an_adaptation_of_a_launch_deleted_meanwhile_leaves_nothing(workspace: Workspace) -> None:
    launch = workspace.create_launch("Autumn", PRODUCTS)
    adapt(workspace, launch.id)

    def save_late(folder: Path) -> None:
        workspace.delete_launch(launch.id)
        save(folder)

    model = workspace.model()
    assert model is not None
    with pytest.raises(NotThere):
        workspace.publish_adapted(launch.id, save_late, model=model.id, method="m", settings={}, summary={})
    assert not list((workspace.folder / "launches").rglob("adapted-*"))


def test_sweep_removes_old_leftovers_and_nothing_else(workspace: Workspace) -> None:
    launch = workspace.create_launch("Autumn", PRODUCTS, FIRST)
    adapt(workspace, launch.id)
    workspace.add_support("Autumn", sales(("z", "n2", "2011-09-01")))
    second = adapt(workspace, launch.id)
    folder = workspace.folder / "launches" / launch.id
    (workspace.folder / "models" / "killed").mkdir()
    (workspace.folder / "models" / ".killed.tmp").mkdir()
    young = workspace.folder / "catalogs" / "young"
    workspace.sweep()
    assert len(list(folder.iterdir())) == 5
    assert (workspace.folder / "models" / "killed").exists()
    old = time.time() - ORPHAN_AGE - 1
    for path in workspace.folder.rglob("*"):
        os.utime(path, (old, old))
    young.mkdir(parents=True)
    workspace.sweep()
    assert sorted(path.name.split("-")[0] for path in folder.iterdir()) == ["adapted", "products", "support"]
    assert (folder / f"adapted-{second.id}").exists()
    assert len(list((workspace.folder / "models").iterdir())) == 1
    assert young.exists()
    assert len(workspace.load_launch("Autumn").interactions) == 3
    assert len(workspace.catalog().products) == 2
