"""Titles that want to be Markdown, HTML, LaTeX or a formula are read as they were typed, on every page."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from planted import planted_shop
from playwright.sync_api import FilePayload, expect
from running_app import RunningApp
from visitor import RUN_PATIENCE, WORD_JOINER, Visitor, typed

from recsys_core.run_context import RunContext
from recsys_core.runs.jobs import TrainSettings, train_source_model

TITLES = ["<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "$x$", ":red[x]", "**b**", "=1+1"]
PICTURE = TITLES[0]
CATEGORY = "$x$ :red[x] > **b**"


@pytest.fixture(scope="module")
def files() -> dict[str, pd.DataFrame]:
    """A small shop whose first products, all categories and a customer's attribute are hostile; one row is bad."""
    catalog, launch, *_ = planted_shop(words_tell=True, customers=120, products_per_theme=20)
    products = catalog.products.assign(category=CATEGORY, price="2.50")
    products.loc[: len(TITLES) - 1, "title"] = TITLES
    bad = pd.DataFrame({"product_id": ["bad"], "title": [PICTURE], "category": [CATEGORY], "price": [PICTURE]})
    new = launch.products.assign(category=CATEGORY)
    new.loc[: len(TITLES) - 1, "title"] = [f"{title} new" for title in TITLES]
    # One customer has bought all of them, and nothing else.
    fan = pd.DataFrame({"customer_id": "fan", "product_id": products["product_id"].head(len(TITLES))})
    return {
        "products": pd.concat([products, bad]),
        "interactions": pd.concat([catalog.interactions, fan]),
        "customers": pd.DataFrame({"customer_id": [*catalog.customer_ids, "fan"], "segment": TITLES[1]}),
        "new_products": new,
        "first_sales": launch.interactions,
    }


def payload(name: str, frame: pd.DataFrame) -> FilePayload:
    return FilePayload(name=f"{PICTURE} {name}.csv", mimeType="text/csv", buffer=frame.to_csv(index=False).encode())


def harmless(visitor: Visitor) -> None:
    visitor.settled()
    assert visitor.problems == []
    expect(visitor.page.locator('img[src="x"], a[href^="javascript"], .katex')).to_have_count(0)
    assert not [url for url in visitor.requested if url.endswith("/x")]


def test_hostile_titles_are_shown_as_typed(tmp_path: Path, files: dict[str, pd.DataFrame], app_on, visit) -> None:
    app: RunningApp = app_on(tmp_path / "shop")
    visitor: Visitor = visit(app)
    page = visitor.page

    visitor.open("/catalog", "Catalog")
    for kind in ("products", "interactions", "customers"):
        visitor.give(kind.capitalize(), payload(kind, files[kind]))
        harmless(visitor)
    expect(page.get_by_text(typed(f"{PICTURE} products.csv"))).to_be_visible()
    visitor.cells(PICTURE)
    harmless(visitor)
    visitor.press("Import the good rows")
    expect(page.get_by_role("tab", name="Products")).to_be_visible()
    expect(page.locator(".ytick text").get_by_text("$x$ :red[x]")).to_be_visible()
    harmless(visitor)
    page.get_by_role("tab", name="Products").click()
    page.get_by_role("textbox", name="Search products").fill("(1)")
    page.get_by_role("textbox", name="Search products").press("Enter")
    expect(page.get_by_text("1 to 2 of 2 products.")).to_be_visible()
    visitor.cells(*TITLES[:2], CATEGORY)
    page.get_by_role("textbox", name="Search products").fill("")
    page.get_by_role("textbox", name="Search products").press("Enter")
    expect(page.get_by_text("1 to 100 of 100 products.")).to_be_visible()
    visitor.choose("Order", "Title")
    visitor.cells(*TITLES)
    harmless(visitor)

    train_source_model(app.workspace, TrainSettings(device="cpu"), RunContext("cpu", 0))
    visitor.go_to("Launch")
    page.get_by_role("textbox", name="Name").fill(PICTURE)
    visitor.give("New products", payload("new", files["new_products"]))
    visitor.give("First sales", payload("sales", files["first_sales"]))
    harmless(visitor)
    visitor.press("Create the launch")
    expect(visitor.button("Recommend")).to_be_visible()
    expect(visitor.box("Launch")).to_have_value(re.compile(re.escape(PICTURE)))
    harmless(visitor)

    (launch,) = app.workspace.launches()
    assert launch.name == PICTURE
    visitor.press("Recommend")
    expect(page.get_by_role("radio", name="For a customer")).to_be_visible(timeout=RUN_PATIENCE)
    harmless(visitor)
    visitor.open("/launch?customer=fan", "Launch")
    expect(visitor.box("Customer")).to_have_value(f"fan ({TITLES[1]})")
    history = page.get_by_text("different products so far").inner_text().replace(WORD_JOINER, "")
    assert sum(title in history for title in TITLES) == 3
    visitor.cells(*(f"{title} new" for title in TITLES[:3]))
    harmless(visitor)
    page.get_by_role("radio", name="For a new product").click(force=True)
    for title in TITLES:
        visitor.choose("New product", f"{title} new")
        expect(page.get_by_text(typed(f"Why {title} new for "))).to_be_visible()
        harmless(visitor)
    visitor.go_to("Overview")
    assert f"Adaptation of “{PICTURE}”" in visitor.text()
    harmless(visitor)

    visitor.go_to("Launch")
    visitor.press("Download")
    file = visitor.download("Recommendations to read (CSV)", tmp_path / "read.csv").decode("utf-8-sig")
    assert "'=1+1 new" in file
    assert not re.search(r"(^|,)\"?=", file, re.MULTILINE), "a spreadsheet program would run it"
    harmless(visitor)
    assert "Traceback" not in app.log
