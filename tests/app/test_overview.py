from recsys_core.runs.client import RunClient
from recsys_core.ui.sample_shop import LAUNCH_NAME, load_sample_shop
from recsys_core.workspace import Workspace


def texts(app):
    return [element.value for element in [*app.markdown, *app.caption, *app.subheader]]


def test_an_empty_workspace_leads_on(empty, open_app):
    app = open_app(empty)
    assert app.title[0].value == "Overview"
    assert {button.label for button in app.button} >= {"Load the sample shop", "Upload my own files"}
    assert any("CC BY 4.0" in text and "derived from the titles" in text for text in texts(app))
    assert not app.metric


def test_the_sample_shop_is_loaded_once_however_often_it_is_asked_for(empty, open_app):
    app = open_app(empty)
    app.button(key="load-sample-shop").click().run()
    assert not app.exception
    version = empty.catalog_version()
    assert version.products == 3332
    load_sample_shop(empty)
    assert empty.catalog_version().id == version.id
    assert [(launch.name, launch.products, launch.support) for launch in empty.launches()] == [(LAUNCH_NAME, 247, 2362)]
    assert {metric.label: metric.value for metric in app.metric}["Products"] == "3,332"
    assert "load-sample-shop" not in {button.key for button in app.button}


def test_the_next_step_has_the_button(with_catalog, open_app):
    app = open_app(with_catalog)
    assert [button.label for button in app.button] == ["Train the source model"]
    assert any(text == "250 products in the catalog." for text in texts(app))


def test_after_the_training_the_launch_comes_next(with_model, open_app):
    app = open_app(with_model)
    assert [button.label for button in app.button] == ["Create a launch"]
    with_model.create_launch("**Autumn**", with_model.catalog().products.head(2))
    app.run()
    assert [button.label for button in app.button] == ["Open the launch"]
    assert any("\\*\\*Autumn\\*\\*" in text for text in texts(app))


def test_a_newer_catalog_makes_the_training_the_next_step_again(with_model: Workspace, open_app):
    catalog = with_model.catalog()
    with_model.publish_catalog(catalog.products.head(20), catalog.interactions, None, files=[], report={})
    assert [button.label for button in open_app(with_model).button] == ["Train the source model"]


def test_runs_are_listed_by_the_name_of_their_launch(with_catalog, open_app):
    launch = with_catalog.create_launch("![](http://evil.example/x.png)", with_catalog.catalog().products.head(2))
    client = RunClient(with_catalog)
    client.start("launch", {"launch": launch.id}, launch.id)
    client.start("train", {}, "source model")
    client.close()
    app = open_app(with_catalog)
    lines = texts(app)
    assert "Training of the source model" in lines
    assert any(line.startswith("Adaptation of “\\!\\[") for line in lines)
    assert not any(launch.id in line for line in lines)


def test_every_kind_of_run_has_its_name(with_catalog, open_app):
    client = RunClient(with_catalog)
    client.start("backtest", {}, "backtest")
    client.start("categories", {}, "categories")
    client.start("place", {}, "catalog")
    client.close()
    lines = texts(open_app(with_catalog))
    assert {"Replay of past launches", "Comparison of the categories", "Placing of products"} <= set(lines)
    assert not any("deleted" in line for line in lines)
