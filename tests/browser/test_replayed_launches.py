"""The Metrics page in a browser: launches replayed by the real worker, clicked through, taken away; and hostile names."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import expect
from running_app import ROOT, RunningApp
from visitor import RUN_PATIENCE, Visitor

from recsys_core.run_context import RunContext
from recsys_core.runs.backtest_job import BacktestSettings, replay_launches
from recsys_core.tables.checking import read_table
from recsys_core.workspace.backtests import backtests

HOSTILE = ["<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "$x$", ":red[x]", "**b**", "=1+1"]
TABS = ["First sales", "Old and new", "Groups", "Trade-offs", "One launch", "Audience", "Chances", "Runs"]
SAMPLE = ROOT / "sample_data"


def shop(products: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The sample shop cut down to its best sellers, of all that was first sold in March or later, and of the others."""
    goods = read_table(SAMPLE / "products.csv", "products", name="products.csv").frame
    sales = read_table(SAMPLE / "interactions.csv.gz", "interactions", name="interactions.csv.gz").frame
    first, size = (sales.groupby("product_id")["timestamp"].agg(how) for how in ("min", "size"))
    new = first.index[first >= "2011-03-15"]
    kept = [*size[new].nlargest(products // 4).index, *size.drop(new).nlargest(products).index]
    return goods[goods["product_id"].isin(kept)], sales[sales["product_id"].isin(kept)]


def test_from_a_catalog_to_a_report(tmp_path: Path, app_on, visit) -> None:
    app: RunningApp = app_on(tmp_path / "shop")
    app.workspace.publish_catalog(*shop(300), None, files=[], report={})
    visitor: Visitor = visit(app)
    page = visitor.page
    visitor.open("/metrics", "Metrics")
    # Two methods will do.
    page.get_by_text("Advanced", exact=True).click()
    page.get_by_test_id("stMultiSelect").filter(has_text="Methods").get_by_label("Clear all").click()
    for method in ("Zero-shot", "Prototype"):
        visitor.choose("Methods", method)
    page.keyboard.press("Escape")
    # Stopped, it leaves nothing; then it is let run.
    visitor.press("Replay launches")
    expect(visitor.badge("Running")).to_be_visible()
    visitor.stop().click()
    expect(visitor.badge("Cancelled")).to_be_visible(timeout=RUN_PATIENCE)
    assert backtests(app.workspace) == []
    visitor.press("Replay launches")
    expect(page.get_by_role("tab", name="First sales")).to_be_visible(timeout=RUN_PATIENCE)
    visitor.settled()
    (record,) = backtests(app.workspace)
    assert len(record.summary["cuts"]) == 2
    assert all({"zero-shot", "prototype"} < set(cut["ways"]) for cut in record.summary["cuts"])
    assert "of what customers bought later" in visitor.text()
    # A click on a point of the curve chooses its method and first sales.
    page.locator(".js-plotly-plot .scatterlayer .trace .points path").first.click(force=True)
    # The first line is a baseline's, and another baseline's may lie on it.
    expect(page).to_have_url(re.compile("shots=0"))
    expect(page).to_have_url(re.compile("method=(random|popularity)"))
    visitor.settled()
    visitor.choose("First sales", "2")
    expect(page).to_have_url(re.compile("shots=2"))
    visitor.settled()
    assert re.search("(random|popularity) with 2 first sales", visitor.text())
    for tab in TABS:
        page.get_by_role("tab", name=tab).click()
        visitor.settled()
        expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
    page.get_by_role("tab", name="Audience").click()
    expect(page.get_by_text("Write to", exact=False).first).to_be_visible()
    visitor.settled()
    assert "tab=Audience" in page.url
    address, before = page.url, visitor.text()
    visitor.press("Take away")
    table = visitor.download("All figures (CSV)", tmp_path / "figures.csv")
    assert table.startswith(b"method,k,cut,group,metric,value,low,high,n")
    visitor.download("Report (HTML)", tmp_path / "report.html")
    visitor.open(address.removeprefix(app.url), "Metrics")
    expect(page.get_by_text("In people and money")).to_be_visible()
    visitor.settled()
    same = [line for line in before.splitlines() if line.startswith("Write to")]
    assert [line for line in visitor.text().splitlines() if line.startswith("Write to")] == same
    # The report stands alone.
    page.context.set_offline(True)
    page.goto((tmp_path / "report.html").as_uri())
    expect(page.get_by_role("heading", name="All figures", exact=False)).to_be_visible()
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    expect(page.locator(".js-plotly-plot .main-svg:first-child")).to_have_count(5)
    assert visitor.problems == []
    assert "Traceback" not in app.log


@pytest.fixture
def hostile(tmp_path: Path, app_on) -> RunningApp:
    """A replayed shop whose categories and titles want to be code."""
    app: RunningApp = app_on(tmp_path / "hostile")
    goods, sales = shop(200)
    names = [HOSTILE[at % len(HOSTILE)] for at in range(len(goods))]
    goods = goods.assign(title=[f"{name} {at}" for at, name in enumerate(names)], category=names)
    app.workspace.publish_catalog(goods, sales, None, files=[], report={})
    replay_launches(
        app.workspace, BacktestSettings(methods=["zero-shot"], shots=[0, 1], model={"epochs": 1}), RunContext()
    )
    return app


def test_names_are_shown_as_typed(tmp_path: Path, hostile: RunningApp, visit) -> None:
    visitor: Visitor = visit(hostile)
    # Long names are cut on the axes.
    named = visitor.page.locator("text").filter(has_text=f"category: {HOSTILE[0][:15]}").first
    for tab in TABS:
        visitor.open(f"/metrics?tab={tab.replace(' ', '+')}&figure=ndcg", "Metrics")
        expect(visitor.page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
        if tab == "Groups":
            expect(named).to_be_attached()
    visitor.press("Take away")
    visitor.download("Report (HTML)", tmp_path / "report.html")
    visitor.page.goto((tmp_path / "report.html").as_uri())
    expect(named).to_be_attached()
    assert visitor.problems == []
