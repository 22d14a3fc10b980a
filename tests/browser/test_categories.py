"""The Categories page in a browser: compared by the real worker, clicked through, and with names that want to be code."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import expect
from running_app import RunningApp
from visitor import RUN_PATIENCE, Visitor, typed

from recsys_core.run_context import RunContext
from recsys_core.runs.category_jobs import PlaceSettings, StudySettings, place_products, study_categories
from recsys_core.ui.sample_shop import load_sample_shop

HOSTILE = ["<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "$x$", ":red[x]", "**b**", "=1+1"]
TABS = ["All pairs", "One category", "Tree", "Map", "Links", "Place products"]


def test_from_nothing_to_a_pair_and_a_placed_launch(tmp_path: Path, app_on, visit) -> None:
    app: RunningApp = app_on(tmp_path / "shop")
    load_sample_shop(app.workspace)
    products = pd.DataFrame(
        {"product_id": ["n1", "n2"], "title": ["Red retrospot cake stand", "Vintage doily playing cards"]}
    )
    app.workspace.create_launch("Placed", products)
    visitor: Visitor = visit(app)
    visitor.open("/categories", "Categories")
    visitor.press("Compare")
    expect(visitor.badge("Running")).to_be_visible()
    expect(visitor.page.get_by_role("tab", name="All pairs")).to_be_visible(timeout=RUN_PATIENCE)
    page = visitor.page
    cells = page.locator(".js-plotly-plot .nsewdrag").first
    expect(cells).to_be_visible()
    box = cells.bounding_box()
    assert box is not None
    before = visitor.text()
    # Third row, first column, of 19.
    page.mouse.click(box["x"] + box["width"] * 0.5 / 19, box["y"] + box["height"] * 2.5 / 19)
    expect(page.get_by_text("Click a cell to see what the two share.")).to_have_count(0)
    visitor.settled()
    assert "customers bought in both" in visitor.text()
    assert visitor.text() != before
    visitor.download("Numbers (CSV)", tmp_path / "pairs.csv")
    csv = pd.read_csv(tmp_path / "pairs.csv")
    assert set(csv) == {"category", "other", "combined", "meaning", "customers", "shared_customers", "lift"}
    assert len(csv) == 19 * 18
    page.get_by_role("tab", name="Place products").click()
    visitor.choose("Products of", "Launch “Placed”")
    visitor.press("Suggest places")
    expect(visitor.button("Accept 2 products")).to_be_visible(timeout=RUN_PATIENCE)
    visitor.press("Accept 2 products")
    expect(page.get_by_text("2 products placed, 0 by you.")).to_be_visible()
    placed = app.workspace.load_launch("Placed").products
    assert placed["category"].str.contains(" > ").all()
    # The address alone leads back.
    address = page.url
    assert "look=Place" in address
    page.goto(address)
    expect(page.get_by_text("2 products placed, 0 by you.")).to_be_visible()
    assert visitor.problems == []


@pytest.fixture
def hostile(tmp_path: Path, app_on) -> RunningApp:
    """Six categories with hostile names and products, all bought together, and a launch to be placed."""
    app: RunningApp = app_on(tmp_path / "hostile")
    rows = [(f"p{c}-{n}", f"{name} {n}", f"{HOSTILE[1]} > {name}") for c, name in enumerate(HOSTILE) for n in range(20)]
    products = pd.DataFrame(rows, columns=["product_id", "title", "category"])
    sales = pd.DataFrame(
        [(f"c{at % 40}", product) for at, product in enumerate(products["product_id"].tolist() * 4)],
        columns=["customer_id", "product_id"],
    )
    app.workspace.publish_catalog(products, sales, None, files=[], report={})
    new = pd.DataFrame({"product_id": ["n1", "n2"], "title": HOSTILE[:2], "category": HOSTILE[2:4]})
    launch = app.workspace.create_launch(HOSTILE[0], new)
    study_categories(app.workspace, StudySettings(text="words"), RunContext())
    place_products(app.workspace, PlaceSettings(launch=launch.id, text="words"), RunContext())
    return app


def test_hostile_names_are_shown_as_typed(hostile: RunningApp, visit) -> None:
    visitor: Visitor = visit(hostile)
    for tab in TABS:
        visitor.open(f"/categories?look={tab.replace(' ', '+')}&level=2", "Categories")
        expect(visitor.page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
        visitor.page.wait_for_timeout(1500)
        expect(visitor.page.locator('img[src="x"], a[href^="javascript"], .katex')).to_have_count(0)
        assert not [url for url in visitor.requested if url.endswith("/x")]
        assert visitor.problems == [], tab
    visitor.open("/categories?look=All+pairs&level=2", "Categories")
    expect(visitor.page.locator("#root").get_by_text(typed(HOSTILE[1])).first).to_be_visible()
