"""The Metrics page: what it shows of a replayed shop, and what its address keeps."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st

from recsys_core.run_context import RunContext
from recsys_core.runs.backtest_job import BacktestSettings, replay_launches
from recsys_core.selection.backtests.result import load_figures
from recsys_core.selection.backtests.words import best_method, figure
from recsys_core.workspace import Workspace
from recsys_core.workspace.backtests import backtest_folder, backtests

SETTINGS = BacktestSettings(methods=["zero-shot", "prototype"], shots=[0, 1, 2], by="product", model={"epochs": 1})
TABS = {
    "First sales": "Click a point to see its launches",
    "Old and new": "Known products are ranked by the source model",
    "Groups": "A star marks groups",
    "Trade-offs": "The share of the new products that stand in anybody's list",
    "One launch": "Missed:",
    "Audience": "Whom a letter makes a buyer",
    "Chances": "Each point is a tenth of the pairs",
    "Runs": "There is one backtest so far",
}
"""What only that tab says."""


@pytest.fixture(scope="session")
def replayed_folder(tmp_path_factory: pytest.TempPathFactory, catalog_folder: Path) -> Path:
    folder = tmp_path_factory.mktemp("replayed") / "shop"
    shutil.copytree(catalog_folder, folder)
    workspace = Workspace(folder)
    replay_launches(workspace, SETTINGS, RunContext())
    workspace.close()
    return folder


@pytest.fixture
def shop(tmp_path: Path, replayed_folder: Path) -> Iterator[Workspace]:
    shutil.copytree(replayed_folder, tmp_path / "shop")
    workspace = Workspace(tmp_path / "shop")
    yield workspace
    workspace.close()


def said_by(app) -> str:
    return " ".join(element.value for kind in ("caption", "markdown", "warning") for element in app.get(kind))


def test_before_there_is_a_past(empty: Workspace, open_app) -> None:
    assert "There is no past to replay yet" in [title.value for title in open_app(empty, "metrics.py").subheader]


def test_replaying_starts_one_run(with_catalog: Workspace, open_app) -> None:
    app = open_app(with_catalog, "metrics.py")
    assert "Replay launches from your own past" in [title.value for title in app.subheader]
    app.button(key="backtest-button").click().run()
    assert not app.exception
    assert app.button(key="backtest-button").disabled


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_is_drawn(shop: Workspace, open_app, tab: str) -> None:
    app = open_app(shop)
    app.query_params["tab"] = tab
    app.switch_page("metrics.py").run()
    assert not app.exception
    assert not app.error
    said = said_by(app)
    assert [name for name, words in TABS.items() if words in said] == [tab]


def test_it_begins_with_figures_in_words_that_are_those_of_the_table(shop: Workspace, open_app) -> None:
    metrics, _ = load_figures(backtest_folder(shop, backtests(shop)[0].id))
    best = best_method(metrics, 2)
    app = open_app(shop, "metrics.py")
    assert app.selectbox(key="choice-method").value == best
    assert app.selectbox(key="choice-shots").value == "2"
    told = [element.value for element in app.markdown if element.value.startswith("## ")]
    assert len(told) == 3
    assert told[0] == f"## {figure(metrics, 'recall', best, 2)['value']:.0%}"


@pytest.mark.parametrize("metric", ["recall", "capture", "novelty", "gini", "ece"])
def test_the_address_decides(shop: Workspace, open_app, metric: str) -> None:
    app = open_app(shop)
    for name, value in {"figure": metric, "method": "random", "shots": "1"}.items():
        app.query_params[name] = value
    app.switch_page("metrics.py").run()
    assert not app.exception
    assert app.selectbox(key="choice-figure").value == metric
    assert app.selectbox(key="choice-method").value == "random"
    assert app.selectbox(key="choice-shots").value == "1"
    # Baselines give no chances, and it says so.
    assert ("n/a: it gives scores, not chances" in said_by(app)) == (metric == "ece")


@pytest.mark.parametrize("tab", ["<nonsense>", "Groups", "Trade-offs", "One launch", "Audience", "Runs"])
def test_nonsense_in_the_address_is_passed_over(shop: Workspace, open_app, tab: str) -> None:
    app = open_app(shop)
    app.query_params["tab"] = tab
    for name in (
        "figure",
        "method",
        "shots",
        "cut",
        "backtest",
        "beside",
        "letters",
        "margin",
        "contact-cost",
        "compared",
    ):
        app.query_params[name] = "<nonsense>"
    for name in (
        "launch-cut",
        "replayed",
        "asked",
        "side",
        "groups",
        "across",
        "upward",
        "run",
        "stage",
        "methods-only",
    ):
        app.query_params[name] = "<nonsense>"
    app.switch_page("metrics.py").run()
    assert not app.exception
    assert not app.error


def test_a_backtest_that_is_deleted_elsewhere_is_told_of(shop: Workspace, open_app) -> None:
    app = open_app(shop, "metrics.py")
    shutil.rmtree(shop.folder / "backtests" / backtests(shop)[0].id)
    app.query_params["tab"] = "One launch"
    st.cache_resource.clear()
    app.run()
    assert not app.exception
    assert "deleted meanwhile" in app.error[0].value


def test_a_customer_is_looked_at(shop: Workspace, open_app) -> None:
    app = open_app(shop)
    app.query_params["tab"], app.query_params["side"] = "One launch", "customer"
    app.switch_page("metrics.py").run()
    assert not app.exception
    assert "of the new products later" in said_by(app)


def test_backtests_of_one_catalog_are_compared_and_of_two_are_refused(shop: Workspace, open_app) -> None:
    replay_launches(shop, SETTINGS.model_copy(update={"model": {"epochs": 2}}), RunContext())
    ids = [record.id for record in backtests(shop)]
    app = open_app(shop)
    app.query_params["tab"], app.query_params["compared"] = "Runs", ",".join(ids)
    app.switch_page("metrics.py").run()
    assert not app.exception
    differing = next(table.value for table in app.dataframe if table.value.index.name == "Setting")
    assert set(differing.index) == {"model.epochs"}
    assert "The same launches and customers. Where intervals lie apart" in said_by(app)
    # Another seed draws other products.
    replay_launches(shop, SETTINGS.model_copy(update={"seed": 1}), RunContext(seed=1))
    app.multiselect(key="compared").set_value([backtests(shop)[0].id, ids[-1]]).run()
    assert app.query_params["compared"] == f"{backtests(shop)[0].id},{ids[-1]}"
    assert "These replayed other launches" in said_by(app)
    assert "The same launches and customers" not in said_by(app)
    catalog = shop.catalog()
    shop.publish_catalog(catalog.products.iloc[:-1], catalog.interactions, None, files=[], report={})
    replay_launches(shop, SETTINGS, RunContext())
    app.multiselect(key="compared").set_value([backtests(shop)[0].id, *ids]).run()
    assert not app.exception
    assert "different versions of the catalog" in said_by(app)
    assert not [table for table in app.dataframe if table.value.index.name == "Setting"]


def test_money_is_told_when_it_is_given(shop: Workspace, open_app) -> None:
    app = open_app(shop)
    for name, value in {"tab": "Audience", "letters": "20", "margin": "2.0", "contact-cost": "0.01"}.items():
        app.query_params[name] = value
    app.switch_page("metrics.py").run()
    assert not app.exception
    said = said_by(app)
    assert "Write to 20 customers" in said
    assert "At 2.00 a sale and 0.01 a contact" in said


def test_a_deleted_backtest_is_gone(shop: Workspace, open_app) -> None:
    record = backtests(shop)[0]
    app = open_app(shop, "metrics.py")
    app.checkbox(key=f"sure-{record.id}").check().run()
    app.button(key=f"delete-{record.id}").click().run()
    assert not app.exception
    assert backtests(shop) == []
    assert not (shop.folder / "backtests" / record.id).exists()
    assert "Replay launches from your own past" in [title.value for title in app.subheader]


def test_the_report_holds_what_is_chosen(shop: Workspace, open_app, monkeypatch) -> None:
    from recsys_core.ui import metrics_report

    made: list[bytes] = []
    downloads = metrics_report.downloads

    def take(chosen) -> None:
        made.append(metrics_report.html_report(chosen))
        downloads(chosen)

    monkeypatch.setattr(metrics_report, "downloads", take)
    app = open_app(shop)
    app.query_params["method"] = "prototype"
    app.switch_page("metrics.py").run()
    assert not app.exception
    text = made[-1].decode()
    metrics, facts = load_figures(backtest_folder(shop, backtests(shop)[0].id))
    assert "prototype with 2 first sales" in text
    assert f"{figure(metrics, 'recall', 'prototype', 2)['value']:.1%}" in text
    assert all(cut["name"] in text for cut in facts["cuts"])
    assert text.count("Plotly.newPlot(") == 5 + text.count("<h2>Chances") == 7


def test_the_table_is_kept_as_it_was_counted(shop: Workspace) -> None:
    record = backtests(shop)[0]
    metrics, facts = load_figures(backtest_folder(shop, record.id))
    assert isinstance(metrics, pd.DataFrame)
    assert record.summary["code"].startswith("0.1.0+")
    assert record.settings["by"] == "product"
    assert facts["cuts"] == record.summary["cuts"]
