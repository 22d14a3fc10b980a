"""The whole job on the sample shop, in the browser alone: from an empty workspace to the files on disk."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import expect
from running_app import RunningApp, running_app
from visitor import PAGES, RUN_PATIENCE, Visitor

from recsys_core.adaptation.registry import METHODS
from recsys_core.ui.sample_shop import LAUNCH_NAME

IMPORT_WATCH = Path(__file__).parent / "import_watch"
IDS = {"customer_id": str, "product_id": str}
FOR_A_CUSTOMER, FOR_A_PRODUCT = "For a customer", "For a new product"


@pytest.fixture(scope="module")
def imports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where each process of the app writes down what it imports, in a file named after its id."""
    return tmp_path_factory.mktemp("imports")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, imports: Path) -> Iterator[RunningApp]:
    watched = {"PYTHONPATH": str(IMPORT_WATCH), "IMPORTS_FOLDER": str(imports)}
    with running_app(tmp_path_factory.mktemp("job") / "shop", watched) as app:
        yield app


@pytest.fixture(scope="module")
def visitor(app: RunningApp, visit_for_all) -> Visitor:
    return visit_for_all(app)


@pytest.fixture(scope="module")
def at_the_lists(app: RunningApp, visitor: Visitor) -> Visitor:
    """The job done, the way the buttons lead: load, train, launch, recommend."""
    visitor.open("/", "Overview")
    visitor.press("Load the sample shop")
    expect(visitor.page.get_by_text("3,332 products in the catalog.")).to_be_visible()
    visitor.press("Train the source model")
    visitor.is_on("Train")
    visitor.press("Train")
    expect(visitor.badge("Running")).to_be_visible()
    visitor.go_to("Overview")
    expect(visitor.badge("Running")).to_be_visible()
    visitor.press("Watch the training")
    visitor.is_on("Train")
    expect(visitor.button("Train")).to_be_disabled()
    expect(visitor.badge("Done")).to_be_visible(timeout=RUN_PATIENCE)
    visitor.press("Go on to the launch")
    visitor.is_on("Launch")
    visitor.press("Recommend")
    expect(visitor.page.get_by_role("radio", name=FOR_A_CUSTOMER)).to_be_visible(timeout=RUN_PATIENCE)
    visitor.settled()
    return visitor


def test_the_runs_ended_well_and_once(at_the_lists: Visitor, app: RunningApp) -> None:
    assert [(run.kind, run.state, run.error) for run in app.client.runs()] == [
        ("launch", "done", None),
        ("train", "done", None),
    ]
    launch = app.workspace.launch_record(LAUNCH_NAME)
    assert launch.adapted.settings["method"] == "auto"
    assert launch.adapted.method in METHODS
    expect(at_the_lists.page.get_by_test_id("stMetricValue").first).to_have_text(launch.adapted.method.capitalize())


def test_a_customers_list_shows_what_was_computed(at_the_lists: Visitor, app: RunningApp) -> None:
    launch = app.workspace.launch_record(LAUNCH_NAME)
    customer = app.workspace.catalog().customer_ids[100]
    expected = app.workspace.load_adapted(launch.id).recommend([customer], top=20)
    titles = app.workspace.load_launch(launch.id).products.set_index("product_id")["title"]
    at_the_lists.open(f"/launch?customer={customer}", "Launch")
    country = app.workspace.catalog().customers.set_index("customer_id")["country"][customer]
    expect(at_the_lists.box("Customer")).to_have_value(f"{customer} ({country})")
    shown = at_the_lists.cells(titles[expected["product_id"].iloc[0]])
    in_order = [text for text in shown if text in set(titles[expected["product_id"]])]
    assert in_order == titles[expected["product_id"]].tolist()[: len(in_order)]
    assert len(in_order) >= 8
    expect(
        at_the_lists.page.get_by_text(f"Why {titles[expected['product_id'].iloc[0]]} for {customer}")
    ).to_be_visible()


def test_the_downloaded_recommendations_are_those_of_the_shell(
    at_the_lists: Visitor, app: RunningApp, tmp_path: Path
) -> None:
    at_the_lists.press("Download")
    downloaded = at_the_lists.download("Recommendations for other systems (CSV)", tmp_path / "browser.csv")
    app.shell("recommend", "--launch", LAUNCH_NAME, "--top", "20", "--out", str(tmp_path / "shell.csv"))
    assert downloaded == (tmp_path / "shell.csv").read_bytes()
    rows = pd.read_csv(BytesIO(downloaded), dtype=IDS)
    assert rows["customer_id"].nunique() == len(app.workspace.catalog().customer_ids)
    assert set(rows.groupby("customer_id").size()) == {20}
    to_read = pd.read_csv(
        BytesIO(at_the_lists.download("Recommendations to read (CSV)", tmp_path / "read.csv")), dtype=IDS
    )
    pd.testing.assert_frame_equal(to_read[list(rows)], rows)
    assert {"title", "category", "price", "country"} <= set(to_read)
    at_the_lists.page.keyboard.press("Escape")


def test_an_audience_is_downloaded_with_the_customers_columns(
    at_the_lists: Visitor, app: RunningApp, tmp_path: Path
) -> None:
    product = app.workspace.load_launch(LAUNCH_NAME).products.iloc[3]
    at_the_lists.open("/launch", "Launch")
    at_the_lists.page.get_by_role("radio", name=FOR_A_PRODUCT).click(force=True)
    at_the_lists.choose("New product", product["title"])
    expect(at_the_lists.page.get_by_text(f"Why {product['title']} for")).to_be_visible()
    # Until then the button may still be that of the product before.
    at_the_lists.settled()
    rows = pd.read_csv(
        BytesIO(at_the_lists.download("Download this audience (CSV)", tmp_path / "audience.csv")), dtype=IDS
    )
    expected = app.workspace.load_adapted(LAUNCH_NAME).audience([product["product_id"]], top=100)
    assert rows["customer_id"].tolist() == expected["customer_id"].tolist()
    countries = app.workspace.catalog().customers.set_index("customer_id")["country"]
    assert rows["country"].tolist() == countries[rows["customer_id"]].tolist()
    assert {"orders", "last_order"} <= set(rows)
    shown = at_the_lists.cells(rows["customer_id"].iloc[0])
    assert [text for text in shown if text in set(rows["customer_id"])][:5] == rows["customer_id"].tolist()[:5]


def test_the_server_has_neither_torch_nor_a_gpu_after_every_page(
    at_the_lists: Visitor, app: RunningApp, imports: Path
) -> None:
    for page in PAGES:
        at_the_lists.go_to(page)
    at_the_lists.go_to("Catalog")
    for tab in ("Products", "Import a new version", "What it looks like"):
        at_the_lists.page.get_by_role("tab", name=tab).click()
        at_the_lists.settled()
    at_the_lists.go_to("Launch")
    for view in (FOR_A_PRODUCT, FOR_A_CUSTOMER):
        at_the_lists.page.get_by_role("radio", name=view).click(force=True)
        at_the_lists.settled()

    server, worker = app.process.pid, app.worker()
    # The worker has trained: what isn't found in it would be found nowhere.
    assert {"torch", "streamlit"} & imported(imports, worker) == {"torch"}
    assert mapped(worker, "libtorch")
    assert {"torch", "streamlit"} & imported(imports, server) == {"streamlit"}
    assert not {"sentence_transformers", "transformers", "tokenizers"} & imported(imports, server)
    assert not mapped(server, "libtorch", "libcuda", "libcudart", "libnvidia", "libtokenizers")
    assert not [device for device in opened(server) if device.startswith("/dev/nvidia")]


def test_nothing_went_wrong_unseen(at_the_lists: Visitor, app: RunningApp) -> None:
    assert at_the_lists.problems == []
    assert "Traceback" not in app.log
    assert [url for url in at_the_lists.requested if not url.startswith((app.url, "data:", "blob:"))] == []


def imported(folder: Path, process: int) -> set[str]:
    return set((folder / str(process)).read_text().split())


def mapped(process: int, *names: str) -> list[str]:
    """The files with one of these names in the memory of a process."""
    lines = Path(f"/proc/{process}/maps").read_text().splitlines()
    return sorted({line.split()[-1] for line in lines if any(name in line for name in names)})


def opened(process: int) -> list[str]:
    return [str(link.readlink()) for link in Path(f"/proc/{process}/fd").iterdir() if link.is_symlink()]
