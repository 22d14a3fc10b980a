"""The Categories page: what it shows of a real shop, and what accepting a place does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from recsys_core.run_context import RunContext
from recsys_core.runs.category_jobs import PlaceSettings, StudySettings, place_products, study_categories
from recsys_core.runs.jobs import LaunchSettings, adapt_launch
from recsys_core.selection.router import Routing
from recsys_core.tables.checking import read_table
from recsys_core.ui.category_pair import shared_words
from recsys_core.ui.category_place import accepted, digest, first_choices
from recsys_core.ui.launch_loaded import describe
from recsys_core.workspace import Workspace
from recsys_core.workspace.atlases import atlas_record, load_atlas, publish_atlas
from recsys_core.workspace.placements import save_placements, suggestions

SAMPLE = Path(__file__).parents[2] / "sample_data"
TABS = {
    "All pairs": "Click a cell to see",
    "One category": "Select a row to go there.",
    "Tree": "Like categories join further left",
    "Map": "Large points are categories",
    "Links": "Click a category to go on",
    "Place products": "No suggestions for this version",
}
"""What only that view says."""
WORDS = StudySettings(text="words")


@pytest.fixture(scope="session")
def studied_folder(tmp_path_factory: pytest.TempPathFactory, trained_folder: Path) -> Path:
    folder = tmp_path_factory.mktemp("studied") / "shop"
    shutil.copytree(trained_folder, folder)
    workspace = Workspace(folder)
    study_categories(workspace, WORDS, RunContext())
    products = read_table(SAMPLE / "new_products.csv", "products", name="new.csv").frame.iloc[:40]
    workspace.create_launch("August", products.assign(category=["Sonstiges", None] * 20))
    workspace.close()
    return folder


def suggested(shop: Workspace) -> pd.DataFrame | None:
    version = shop.catalog_version()
    assert version is not None
    return suggestions(shop, "August", version.id)


@pytest.fixture
def shop(tmp_path: Path, studied_folder: Path) -> Iterator[Workspace]:
    shutil.copytree(studied_folder, tmp_path / "shop")
    workspace = Workspace(tmp_path / "shop")
    yield workspace
    workspace.close()


def test_before_there_is_anything_to_compare(empty: Workspace, open_app) -> None:
    assert "First, the catalog" in [title.value for title in open_app(empty, "categories.py").subheader]


def test_a_catalog_without_categories_says_so(empty: Workspace, open_app) -> None:
    empty.publish_catalog(pd.DataFrame({"product_id": ["a"], "title": ["Mug"]}), None, None, files=[], report={})
    assert "The catalog has no categories" in [title.value for title in open_app(empty, "categories.py").subheader]


def test_compare_starts_one_run(with_catalog: Workspace, open_app) -> None:
    app = open_app(with_catalog, "categories.py")
    app.button(key="study-button").click().run()
    assert not app.exception
    assert app.button(key="study-button").disabled


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("level", ["1", "2"])
def test_every_view_is_drawn(shop: Workspace, open_app, tab: str, level: str) -> None:
    app = open_app(shop)
    app.query_params["look"], app.query_params["level"] = tab, level
    app.switch_page("categories.py").run()
    assert not app.exception
    assert not app.error
    assert app.selectbox(key="choice-level").value == level
    said = " ".join(caption.value for caption in app.caption)
    assert [name for name, words in TABS.items() if words in said] == [tab]


def test_the_address_leads_to_a_category(shop: Workspace, open_app) -> None:
    version = shop.catalog_version()
    assert version is not None
    record = atlas_record(shop, version.id)
    assert record is not None
    name = load_atlas(shop, record.id).levels[2].names[3]
    app = open_app(shop)
    for key, value in {"look": "One category", "level": "2", "by": "customers", "category": name}.items():
        app.query_params[key] = value
    app.switch_page("categories.py").run()
    assert app.selectbox(key="choice-category").value == name
    assert app.selectbox(key="choice-by").value == "customers"
    products = shop.catalog().products
    count = next(metric.value for metric in app.metric if metric.label == "Products")
    assert count == str(int((products["category"] == name).sum()))


def test_a_new_catalog_wants_a_new_comparison(shop: Workspace, open_app) -> None:
    catalog = shop.catalog()
    shop.publish_catalog(catalog.products.iloc[1:], catalog.interactions, None, files=[], report={})
    app = open_app(shop, "categories.py")
    assert "Compare the categories" in [title.value for title in app.subheader]


def test_places_are_suggested_accepted_and_used(shop: Workspace, open_app) -> None:
    result = place_products(shop, PlaceSettings(launch="August", text="words"), RunContext())
    assert result["products"] == 40
    told = suggested(shop)
    assert told is not None
    assert set(told["category"]) <= set(shop.catalog().products["category"])
    assert (told[told["rank"] == 1]["words"] != "").mean() > 0.5
    app = open_app(shop)
    app.query_params["look"] = "Place products"
    app.switch_page("categories.py").run()
    before = shop.launch_products("August")["category"]
    assert shop.launch_record("August").placements is None
    button = app.button(key="accept-places")
    if button.disabled:
        pytest.fail("Nothing was sure enough to be accepted.")
    button.click().run()
    assert not app.exception
    placed = shop.placements("August")
    assert placed is not None
    assert set(placed["by"]) == {"model"}
    assert set(placed["category"]) <= set(shop.catalog().products["category"])
    pd.testing.assert_series_equal(shop.launch_products("August")["category"], before)
    app.button(key="undo-places").click().run()
    assert shop.placements("August") is None


def test_a_persons_place_goes_into_the_recommendations(shop: Workspace, open_app) -> None:
    adapt_launch(shop, LaunchSettings(launch="August", method="zero-shot"), RunContext())
    plain = shop.load_adapted("August")
    assert set(plain.ways) == {"own words"}
    path = str(shop.catalog().products["category"].iloc[0])
    product = shop.launch_products("August")["product_id"].iloc[0]
    placements = pd.DataFrame({"product_id": [product], "given": ["Sonstiges"], "category": [path], "by": ["person"]})
    save_placements(shop, "August", placements)
    app = open_app(shop, "launch.py")
    assert any("placed in other categories since" in warning.value for warning in app.warning)
    adapt_launch(shop, LaunchSettings(launch="August", method="zero-shot"), RunContext())
    through = shop.load_adapted("August")
    assert through.ways[product] == "placed category"
    assert (through.ways == "own words").sum() == 39
    both = [adapted.audience([product], top=50)["customer_id"].tolist() for adapted in (plain, through)]
    assert both[0] != both[1]
    app = open_app(shop, "launch.py")
    assert not app.warning
    # The next launch with that foreign category is offered the same place.
    place_products(shop, PlaceSettings(launch="August", text="words"), RunContext())
    told = suggested(shop)
    assert told is not None
    table = first_choices(told, None)
    mine = table[table["given"] == "Sonstiges"]
    assert set(mine["category"]) == {path}
    assert set(mine["why"]) == {"you placed it so"}


def test_where_placing_does_not_help_the_models_places_are_shown_but_not_gone_by(shop: Workspace) -> None:
    version = shop.catalog_version()
    assert version is not None
    record = atlas_record(shop, version.id)
    assert record is not None
    hurts = Routing(0.2, 0.1, -0.11, -0.09, 100, 9)
    save = load_atlas(shop, record.id).save
    publish_atlas(shop, save, catalog_version=version.id, settings={}, summary={"routing": hurts.as_dict()})
    path = str(shop.catalog().products["category"].iloc[0])
    products = shop.launch_products("August")["product_id"].iloc[:2].tolist()
    placed = {"product_id": products, "given": ["Sonstiges", None], "category": [path] * 2, "by": ["model", "person"]}
    save_placements(shop, "August", pd.DataFrame(placed))
    adapt_launch(shop, LaunchSettings(launch="August", method="zero-shot"), RunContext())
    adapted = shop.load_adapted("August")
    assert adapted.ways[products].tolist() == ["own words", "placed category"]
    assert describe("x", adapted, shop.catalog()).new_products["category"].iloc[:2].tolist() == [path] * 2


def test_what_a_person_changed_is_their_word_and_edits_stay_with_their_rows() -> None:
    table = pd.DataFrame(
        {
            "product_id": ["a", "b", "c", "d"],
            "given": ["x", None, None, "y"],
            "category": ["A", "B", "C", "D"],
            "accept": [True, False, True, True],
            "why": ["", "unlike anything here", "", "you placed it so"],
        }
    )
    edited = table.assign(accept=[True, True, False, True])
    placed = accepted(edited, table)
    assert dict(zip(placed["product_id"], placed["by"], strict=True)) == {"a": "model", "b": "person", "d": "person"}
    corrected = accepted(table.assign(category=["A", "Z", "C", "D"]), table)
    assert corrected.set_index("product_id").loc["b", ["category", "by"]].tolist() == ["Z", "person"]
    assert digest(table) != digest(table.iloc[[1, 0, 2, 3]])
    assert digest(table) != digest(edited)


def test_words_of_both_are_the_heavier_ones_of_the_lighter() -> None:
    words = pd.DataFrame(
        {"category": [0, 0, 0, 1, 1], "word": ["mug", "red", "tea", "red", "mug"], "weight": [0.9, 0.3, 0.2, 0.8, 0.5]}
    )
    assert shared_words(words, 0, 1) == ["mug", "red"]
    assert shared_words(words, 0, 2) == []
