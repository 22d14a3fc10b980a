"""The catalog's health and profile, drawn by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from recsys_core.workspace import Workspace
from recsys_core.workspace.imports import Upload, check_files
from recsys_core.workspace.location import DATABASE_VARIABLE, FOLDER_VARIABLE

Draw = Callable[[Workspace], AppTest]

PRODUCTS = b"""product_id,title,category,price,<b>zq</b>
A1,Mug <img src=x onerror=alert(1)>,Kitchen > Mugs,4.50,*Acme*
[x](http://y),Red mug,Kitchen > Mugs,4.50,*Acme*
A3,Desk lamp,Lamps,30,
"""
INTERACTIONS = b"""customer_id,product_id,timestamp
C1,A1,2025-01-02
C2,A3,2025-01-05
C2,A1,2025-02-03
"""


def script() -> None:
    from recsys_core.ui.catalog_profile import health_card, profile_view
    from recsys_core.ui.session import workspace

    version = workspace().catalog_version()
    assert version is not None
    health_card(version)
    profile_view(version)


@pytest.fixture
def draw(monkeypatch: pytest.MonkeyPatch) -> Iterator[Draw]:
    """Draws health and profile of the workspace's catalog, and fails if that did."""

    def draw_(workspace: Workspace) -> AppTest:
        monkeypatch.setenv(FOLDER_VARIABLE, str(workspace.folder))
        monkeypatch.delenv(DATABASE_VARIABLE, raising=False)
        return run(AppTest.from_function(script, default_timeout=60))

    yield draw_
    st.cache_resource.clear()


def run(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception
    return app


def small(workspace: Workspace) -> Workspace:
    uploads = {"products": Upload(PRODUCTS, "p.csv"), "interactions": Upload(INTERACTIONS, "i.csv")}
    check_files(uploads).publish(workspace)
    return workspace


def said(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption])


def test_the_score_comes_with_what_would_help_most(with_catalog: Workspace, draw: Draw) -> None:
    app = draw(with_catalog)
    metric = app.metric[0]
    assert metric.label == "Data health"
    assert metric.value.endswith(" of 100")
    assert 80 <= int(metric.value.split()[0]) < 90
    assert app.markdown[0].value.startswith("**None of the 250 products has a description.** ")
    assert app.markdown[0].value.endswith(":gray[(+14.0 points)]")
    assert app.expander[0].label.startswith("All that would help")
    assert "health-description" in [button.key.removeprefix("csv-") for button in app.get("download_button")]


def test_ids_show_as_typed(empty: Workspace, draw: Draw) -> None:
    text = said(draw(small(empty)))
    assert "1 of 3 products has no buyer." in text
    assert "](http" not in text
    assert "<img" not in text


def test_each_table_shows_its_columns(with_catalog: Workspace, draw: Draw) -> None:
    app = draw(with_catalog)
    shown = app.dataframe[0].value.set_index("column")
    assert shown.loc["title", "filled"] == 1
    assert shown.loc["category", "type"] == "category"
    app.segmented_control(key="profile-table").set_value("interactions")
    assert "quantity" in run(app).dataframe[0].value["column"].tolist()
    app.segmented_control(key="profile-table").set_value("customers")
    assert run(app).dataframe[0].value["column"].tolist() == ["customer_id", "country"]


def test_every_column_has_a_picture_or_says_why_not(with_catalog: Workspace, draw: Draw) -> None:
    app = draw(with_catalog)
    assert app.selectbox(key="profile-column-products").value == "title"
    for name, pictures in [("product_id", 1), ("title", 2), ("category", 2), ("price", 2), ("launched_at", 2)]:
        app.selectbox(key="profile-column-products").set_value(name)
        assert len(run(app).get("plotly_chart")) == pictures, name
        assert ("All values differ" in said(app)) == (name == "product_id")


def test_a_hostile_column_name_and_its_values_are_escaped(empty: Workspace, draw: Draw) -> None:
    app = draw(small(empty))
    app.selectbox(key="profile-column-products").set_value("<b>zq</b>")
    pictures = run(app).get("plotly_chart")
    assert len(pictures) == 2
    assert all("<b>" not in picture.proto.spec for picture in pictures)
    assert "*Acme*" in pictures[1].proto.spec


def test_without_customers_or_interactions_it_says_so(empty: Workspace, draw: Draw) -> None:
    check_files({"products": Upload(PRODUCTS, "p.csv")}).publish(empty)
    app = draw(empty)
    assert "There are no interactions." in said(app)
    app.segmented_control(key="profile-table").set_value("customers")
    assert "no table of customers" in said(run(app))
    app.segmented_control(key="profile-table").set_value("interactions")
    assert run(app).dataframe[0].value["missing"].tolist() == [0, 0]
    assert "Nothing is filled in this column." in said(app)
