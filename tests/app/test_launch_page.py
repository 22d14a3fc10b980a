"""The Launch page: what it says when something is missing, and what it does with a launch that is there."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from recsys_core.run_context import RunContext
from recsys_core.runs.client import RunClient
from recsys_core.runs.jobs import LaunchSettings, adapt_launch
from recsys_core.tables.checking import read_table
from recsys_core.ui.launch_downloads import recommendation_files
from recsys_core.ui.launch_loaded import describe
from recsys_core.workspace import Workspace
from recsys_core.workspace.location import FOLDER_VARIABLE

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "sample_data"
HOSTILE = "<img src=x onerror=alert(1)> **bold** $x$ :red[hi] [a](javascript:alert(1))"
NAME = "Autumn **new** <b>"
PAGE = "launch.py"
CSV = "text/csv"


def new_products() -> pd.DataFrame:
    products = read_table(SAMPLE / "new_products.csv", "products", name="new_products.csv").frame.head(12).copy()
    products.loc[0, "title"] = HOSTILE
    return products


def first_sales(products: pd.DataFrame) -> pd.DataFrame:
    sales = read_table(SAMPLE / "first_sales.csv", "interactions", name="first_sales.csv").frame
    return sales[sales["product_id"].isin(products["product_id"])].reset_index(drop=True)


@pytest.fixture(scope="session")
def adapted_folder(tmp_path_factory: pytest.TempPathFactory, trained_folder: Path) -> Path:
    """A workspace with a launch that was adapted; not to be changed."""
    folder = tmp_path_factory.mktemp("adapted") / "shop"
    shutil.copytree(trained_folder, folder)
    workspace = Workspace(folder)
    products = new_products()
    launch = workspace.create_launch(NAME, products, first_sales(products).iloc[:-5])
    adapt_launch(workspace, LaunchSettings(launch=launch.id), RunContext("cpu", 0))
    workspace.close()
    return folder


@pytest.fixture
def with_launch(tmp_path: Path, adapted_folder: Path) -> Iterator[Workspace]:
    shutil.copytree(adapted_folder, tmp_path / "shop")
    workspace = Workspace(tmp_path / "shop")
    yield workspace
    workspace.close()


def button(app: AppTest, label: str):
    return next(found for found in app.button if found.label == label)


def labels(app: AppTest) -> list[str]:
    return [found.label for found in app.button]


def said(app: AppTest) -> str:
    """All that the page says in Markdown."""
    return "\n".join(element.value for kind in (app.markdown, app.caption, app.warning, app.error) for element in kind)


def upload(app: AppTest, label: str, text: str) -> AppTest:
    uploader = next(found for found in app.file_uploader if found.label == label)
    app = uploader.set_value(("file.csv", text.encode(), CSV)).run()
    assert not app.exception
    return app


def test_without_a_catalog_it_leads_to_the_catalog(empty: Workspace, open_app) -> None:
    app = open_app(empty, PAGE)
    assert "Go to the catalog" in labels(app)
    assert not app.file_uploader


def test_a_launch_can_be_created_before_training(with_catalog: Workspace, open_app) -> None:
    app = open_app(with_catalog, PAGE)
    assert "Go to training" in labels(app)
    assert button(app, "Create the launch").disabled
    known = with_catalog.catalog().product_ids[0]
    buyer = with_catalog.catalog().customer_ids[0]
    app.text_input(key="launch-name").set_value("First one").run()
    upload(app, "New products", f"product_id,title,price\nn1,Mug,2\nn2,Jar,-3\n{known},Old,1\n")
    assert "1 product is in the catalog already" in said(app).replace("\\", "")
    upload(
        app, "First sales (if there are any yet)", f"customer_id,product_id\n{buyer},n1\nnobody,n1\n{buyer},{known}\n"
    )
    text = said(app).replace("\\", "")
    assert "1 sale is of products that aren't in the launch" in text
    assert "1 sale is by 1 customer whom the catalog doesn't know" in text
    button(app, "Create the launch").click().run()
    assert not app.exception
    (launch,) = with_catalog.launches()
    assert (launch.name, launch.products, launch.support) == ("First one", 1, 3)
    assert "Go to training" in labels(app)
    assert app.query_params["launch"] == launch.id


def test_a_file_of_no_use_is_refused_and_nothing_is_created(with_catalog: Workspace, open_app) -> None:
    app = open_app(with_catalog, PAGE)
    upload(app, "New products", "product_id,title\nn1,Mug\n")
    upload(app, "First sales (if there are any yet)", "who,what\na,b\n")
    assert len(app.error) == 1
    assert button(app, "Create the launch").disabled


def test_a_name_that_is_taken_is_said_plainly(with_launch: Workspace, open_app) -> None:
    app = open_app(with_launch, PAGE)
    button(app, "New launch").click().run()
    app.text_input(key="launch-name").set_value(NAME).run()
    upload(app, "New products", "product_id,title\nn1,Mug\n")
    button(app, "Create the launch").click().run()
    assert "There is a launch" in app.error[0].value
    assert len(with_launch.launches()) == 1
    button(app, "Close").click().run()
    assert app.metric


def test_a_launch_without_recommendations_offers_the_methods(with_model: Workspace, open_app) -> None:
    with_model.create_launch("Fresh", new_products(), None)
    app = open_app(with_model, PAGE)
    method = next(box for box in app.selectbox if box.label == "Method")
    assert method.options[0] == "Automatic"
    assert {"Zero-shot", "Prototype", "Fine-tune"} <= set(method.options)
    assert not app.dataframe
    button(app, "Recommend").click().run()
    assert not app.exception
    # There is no worker in this test: the run waits, and a second one can't be asked for.
    assert button(app, "Recommend").disabled
    assert "Stop" in labels(app)


def test_settings_of_a_method_and_the_time_to_choose_reach_the_run(with_model: Workspace, open_app) -> None:
    record = with_model.create_launch(NAME, new_products())
    app = open_app(with_model, PAGE)
    app.number_input(key=f"budget-{record.id}").set_value(3.0)
    app.button(key="recommend").click().run()
    client = RunClient(with_model)
    (run,) = client.runs()
    assert run.settings["budget"] == 180
    client.cancel(run.id)
    app.run()
    app.selectbox(key=f"method-{record.id}").set_value("fine-tune").run()
    app.text_input(key=f"settings-fine-tune-{record.id}-scales").set_value("1, 0.5").run()
    app.button(key="recommend").click().run()
    assert client.runs()[0].settings["settings"] == {"scales": [1, 0.5]}
    client.close()


def test_a_customers_list_is_what_the_model_recommends(with_launch: Workspace, open_app) -> None:
    app = open_app(with_launch, PAGE)
    (record,) = with_launch.launches()
    customer = app.query_params["customer"]
    expected = with_launch.load_adapted(record.id).recommend([customer], top=20)
    titles = with_launch.load_launch(record.id).products.set_index("product_id")["title"]
    shown = app.dataframe[-1].value
    assert shown["title"].tolist() == titles[expected["product_id"]].tolist()
    assert shown["score"].tolist() == expected["score"].tolist()
    assert any("Why" in element.value for element in app.markdown)
    np.testing.assert_allclose(shown["probability"], 100 * expected["probability"])
    assert expected["probability"].between(0, 1).all()


def test_how_sure_it_is_stands_beside_the_recommendations(with_launch: Workspace, open_app) -> None:
    app = open_app(with_launch, PAGE)
    (record,) = with_launch.launches()
    known = record.adapted.summary["uncertainty"]
    (part,) = (expander for expander in app.expander if expander.label == "How sure are we?")
    said = " ".join(element.value for element in part.markdown)
    calibration = known["calibration"]
    assert f"{calibration['base_rate']:.1%} of what stood in top-{calibration['top']} lists was bought" in said
    assert f"off by {100 * calibration['ece']:.2f} percentage points" in said
    app.segmented_control(key="view").set_value("For a new product").run()
    shots = with_launch.load_adapted(record.id).shots
    (row,) = (
        row
        for row in known["certainty"]["by_first_sales"]
        if row["shots"] == shots[new_products()["product_id"].tolist().index(app.query_params["product"])]
    )
    assert any(row["sentence"] in element.value for element in app.markdown)


def test_where_nothing_is_known_of_chances_the_page_says_so(with_launch: Workspace, open_app) -> None:
    """As with recommendations in a catalog that is too small, and those from before there were chances."""
    (record,) = with_launch.launches()
    adapted = dataclasses.replace(with_launch.load_adapted(record.id), probability=None)
    note = {"note": "The catalog is too small."}
    before = {what: value for what, value in record.adapted.summary.items() if what != "uncertainty"}
    for summary in ({"uncertainty": {"calibration": note, "certainty": note}}, {}):
        with_launch.publish_adapted(
            record.id,
            adapted.save,
            model=record.adapted.model,
            method=adapted.method,
            settings={},
            summary=before | summary,
            support_version=with_launch.load_launch_version(record.id)[1],
        )
        app = open_app(with_launch, PAGE)
        assert "probability" not in app.dataframe[-1].value
        app.segmented_control(key="view").set_value("For a new product").run()
        assert not app.exception
        assert "score" in next(frame.value for frame in app.dataframe if "customer_id" in frame.value)
        sure = [part for part in app.expander if part.label == "How sure are we?"]
        assert [part.info[0].value for part in sure] == (["The catalog is too small\\."] if summary else [])


def test_a_products_audience_is_what_the_model_says(with_launch: Workspace, open_app) -> None:
    app = open_app(with_launch, PAGE)
    app.segmented_control(key="view").set_value("For a new product").run()
    assert not app.exception
    (record,) = with_launch.launches()
    product = app.query_params["product"]
    expected = with_launch.load_adapted(record.id).audience([product], top=100)
    shown = next(frame.value for frame in app.dataframe if "customer_id" in frame.value)
    assert shown["customer_id"].tolist() == expected["customer_id"].tolist()
    assert {"country", "orders", "products_bought", "last_order"} <= set(shown)
    app.toggle(key="audience-categories").set_value(True).run()
    app.selectbox(key="audience-by").set_value("Share").run()
    assert not app.exception
    everyone = len(with_launch.catalog().customer_ids)
    shown = next(frame.value for frame in app.dataframe if "customer_id" in frame.value)
    assert len(shown) == int(everyone * 0.05)


def test_a_link_leads_to_the_same_launch_and_customer(with_launch: Workspace, open_app) -> None:
    (record,) = with_launch.launches()
    with_launch.create_launch("Newer", new_products(), None)
    customer = with_launch.catalog().customer_ids[7]
    app = open_app(with_launch)
    app.query_params["launch"] = record.id
    app.query_params["customer"] = customer
    app.switch_page(PAGE).run()
    assert app.selectbox(key="choice-launch").value == record.id
    assert app.selectbox(key="choice-customer").value == customer


def test_search_finds_customers_by_attribute_and_says_when_there_is_none(with_launch: Workspace, open_app) -> None:
    app = open_app(with_launch, PAGE)
    app.text_input(key="customer-search").set_value("germ").run()
    customers = with_launch.catalog().customers.set_index("customer_id")["country"]
    assert customers[app.selectbox(key="choice-customer").value] == "Germany"
    app.text_input(key="customer-search").set_value("<b>nobody</b>").run()
    assert not app.exception
    assert "No customer of the catalog matches" in app.info[0].value


def test_a_hostile_title_is_shown_as_typed(with_launch: Workspace, open_app) -> None:
    app = open_app(with_launch, PAGE)
    app.segmented_control(key="view").set_value("For a new product").run()
    product = new_products()["product_id"].iloc[0]
    app.selectbox(key="choice-product").set_value(product).run()
    assert not app.exception
    why = next(element.value for element in app.markdown if "Why" in element.value)
    for live in ("<img", "**bold**", "$x$", ":red[", "](javascript"):
        assert live not in why


def test_more_first_sales_make_the_recommendations_stale(with_launch: Workspace, open_app) -> None:
    app = open_app(with_launch, PAGE)
    assert not app.warning
    late = first_sales(new_products())
    upload(app, "More first sales", late.to_csv(index=False))
    button(app, "Add these sales").click().run()
    assert not app.exception
    assert "5 more first sales came since." in app.warning[0].value
    (record,) = with_launch.launches()
    assert record.support == len(late)
    assert app.dataframe, "the recommendations that are there are still shown"


def test_rename_and_delete(with_launch: Workspace, open_app) -> None:
    app = open_app(with_launch, PAGE)
    next(box for box in app.text_input if box.label == "New name").set_value("Winter")
    button(app, "Rename").click().run()
    assert with_launch.launches()[0].name == "Winter"
    assert button(app, "Delete this launch").disabled
    next(box for box in app.checkbox if box.label.startswith("Yes, delete")).check().run()
    button(app, "Delete this launch").click().run()
    assert not app.exception
    assert with_launch.launches() == []


def test_a_damaged_model_is_said_plainly_and_can_be_made_anew(with_launch: Workspace, open_app) -> None:
    (record,) = with_launch.launches()
    for file in with_launch.folder.glob(f"launches/{record.id}/adapted-*/arrays.safetensors"):
        content = bytearray(file.read_bytes())
        content[-1] ^= 1
        file.write_bytes(bytes(content))
    app = open_app(with_launch, PAGE)
    assert "changed or cut off" in app.error[0].value.replace("\\", "")
    assert not button(app, "Recommend again").disabled


def test_the_plain_download_is_the_models_own_list(with_launch: Workspace) -> None:
    (record,) = with_launch.launches()
    adapted = with_launch.load_adapted(record.id)
    to_read, plain = (
        file.csv(file.make()) for file in recommendation_files(describe("x", adapted, with_launch.catalog()))
    )
    ids = {"customer_id": str, "product_id": str}
    expected = adapted.recommend(top=20)
    pd.testing.assert_frame_equal(pd.read_csv(BytesIO(plain), dtype=ids), expected, check_dtype=False)
    wide = pd.read_csv(BytesIO(to_read), dtype=ids)
    pd.testing.assert_frame_equal(wide[list(expected)], expected, check_dtype=False)
    assert {"title", "category", "country"} <= set(wide)


def test_the_page_shows_lists_and_reasons_without_torch(with_launch: Workspace) -> None:
    # In a process of its own: the fixtures of this one have trained.
    code = (
        "import sys; from streamlit.testing.v1 import AppTest; "
        "app = AppTest.from_file('pages/main.py', default_timeout=60); app.run(); app.switch_page('launch.py').run(); "
        "assert not app.exception and app.dataframe; print('torch' in sys.modules)"
    )
    environment = {**os.environ, FOLDER_VARIABLE: str(with_launch.folder)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.split() == ["False"], done.stderr
