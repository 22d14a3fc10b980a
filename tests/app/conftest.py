import shutil
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from recsys_core.run_context import RunContext
from recsys_core.runs.jobs import TrainSettings, train_source_model
from recsys_core.tables.columns import Kind
from recsys_core.workspace import Workspace
from recsys_core.workspace.imports import Upload, check_files
from recsys_core.workspace.location import DATABASE_VARIABLE, FOLDER_VARIABLE

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "sample_data"
PRODUCTS = 250

OpenApp = Callable[..., AppTest]


def sample_files() -> dict[Kind, bytes]:
    """The sample shop cut down to some of its products: files as a merchandiser would have them."""

    def csv(frame: pd.DataFrame) -> bytes:
        text = StringIO()
        frame.to_csv(text, index=False)
        return text.getvalue().encode()

    products = pd.read_csv(SAMPLE / "products.csv", dtype=str, keep_default_na=False)
    interactions = pd.read_csv(SAMPLE / "interactions.csv.gz", dtype=str, keep_default_na=False)
    customers = pd.read_csv(SAMPLE / "customers.csv", dtype=str, keep_default_na=False)
    products = products[:: len(products) // PRODUCTS][:PRODUCTS]
    interactions = interactions[interactions["product_id"].isin(products["product_id"])]
    customers = customers[customers["customer_id"].isin(interactions["customer_id"])]
    return {"products": csv(products), "interactions": csv(interactions), "customers": csv(customers)}


def publish(workspace: Workspace, files: dict[Kind, bytes]) -> None:
    check_files({kind: Upload(text, f"{kind}.csv") for kind, text in files.items()}).publish(workspace)


@pytest.fixture(scope="session")
def shop_files() -> dict[Kind, bytes]:
    return sample_files()


@pytest.fixture(scope="session")
def catalog_folder(tmp_path_factory: pytest.TempPathFactory, shop_files: dict[Kind, bytes]) -> Path:
    """A workspace with a catalog; not to be changed."""
    workspace = Workspace(tmp_path_factory.mktemp("catalog") / "shop")
    publish(workspace, shop_files)
    workspace.close()
    return workspace.folder


@pytest.fixture(scope="session")
def trained_folder(tmp_path_factory: pytest.TempPathFactory, catalog_folder: Path) -> Path:
    """The same with a source model; not to be changed."""
    folder = tmp_path_factory.mktemp("trained") / "shop"
    shutil.copytree(catalog_folder, folder)
    workspace = Workspace(folder)
    train_source_model(workspace, TrainSettings(), RunContext("cpu", 0))
    workspace.close()
    return folder


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Workspace]:
    yield from _opened(tmp_path / "shop")


@pytest.fixture
def with_catalog(tmp_path: Path, catalog_folder: Path) -> Iterator[Workspace]:
    """A workspace with a catalog, which a test may change."""
    shutil.copytree(catalog_folder, tmp_path / "shop")
    yield from _opened(tmp_path / "shop")


@pytest.fixture
def with_model(tmp_path: Path, trained_folder: Path) -> Iterator[Workspace]:
    """A workspace with a catalog and a source model, which a test may change."""
    shutil.copytree(trained_folder, tmp_path / "shop")
    yield from _opened(tmp_path / "shop")


def _opened(folder: Path) -> Iterator[Workspace]:
    workspace = Workspace(folder)
    yield workspace
    workspace.close()


@pytest.fixture
def open_app(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenApp]:
    """Opens the app on a workspace, at a page such as "catalog.py", and fails if the page did."""

    def open_(workspace: Workspace, page: str | None = None) -> AppTest:
        monkeypatch.setenv(FOLDER_VARIABLE, str(workspace.folder))
        monkeypatch.delenv(DATABASE_VARIABLE, raising=False)
        app = AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=60)
        app.run()
        if page is not None:
            app.switch_page(page).run()
        assert not app.exception
        return app

    yield open_
    st.cache_resource.clear()
    st.cache_data.clear()
