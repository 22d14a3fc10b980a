from recsys_core.runs.client import RunClient
from recsys_core.workspace.imports import Upload, check_files


def runs(workspace):
    client = RunClient(workspace)
    try:
        return client.runs()
    finally:
        client.close()


def button(app, key):
    return next((button for button in app.button if button.key == key), None)


def test_without_a_catalog_the_page_leads_to_it(empty, open_app):
    app = open_app(empty, "train.py")
    assert [button.label for button in app.button] == ["Open the catalog"]


def test_a_catalog_without_interactions_is_told(empty, open_app, shop_files):
    check_files({"products": Upload(shop_files["products"], "products.csv")}).publish(empty)
    app = open_app(empty, "train.py")
    assert app.subheader[0].value == "The catalog has no interactions"


def test_train_pressed_twice_gives_one_run(with_catalog, open_app):
    app, other = open_app(with_catalog, "train.py"), open_app(with_catalog, "train.py")
    app.button(key="train-button").click().run()
    # The other tab was drawn before: its button is still there to be pressed.
    other.button(key="train-button").click().run()
    assert not app.exception
    assert not other.exception
    started = runs(with_catalog)
    assert [(run.kind, run.state) for run in started] == [("train", "queued")]
    assert button(app, "train-button").disabled
    assert button(app, f"stop-{started[0].id}")


def test_settings_reach_the_run(with_catalog, open_app):
    app = open_app(with_catalog, "train.py")
    app.number_input[0].set_value(7)
    app.text_input(key="train-settings-word_dropout").set_value("0.2")
    app.button(key="train-button").click().run()
    assert runs(with_catalog)[0].settings["seed"] == 7
    assert runs(with_catalog)[0].settings["model"] == {"word_dropout": 0.2}


def test_a_setting_that_cannot_be_is_told_and_nothing_is_begun(with_catalog, open_app):
    app = open_app(with_catalog, "train.py")
    app.text_input(key="train-settings-epochs").set_value("many")
    app.button(key="train-button").click().run()
    assert "epochs" in app.error[0].value
    assert "many" in app.error[0].value
    assert runs(with_catalog) == []


def test_a_run_that_waits_can_be_stopped_and_started_again(with_catalog, open_app):
    app = open_app(with_catalog, "train.py")
    app.button(key="train-button").click().run()
    app.button(key=f"stop-{runs(with_catalog)[0].id}").click().run()
    app.run()
    assert runs(with_catalog)[0].state == "cancelled"
    assert any("Nothing was changed" in element.value for element in app.markdown)
    assert not button(app, "train-button").disabled


def test_the_model_is_told_in_plain_words(with_model, open_app):
    app = open_app(with_model, "train.py")
    figures = {metric.label: metric.value for metric in app.metric}
    summary = with_model.model().summary
    assert figures["Products"] == f"{summary['products']:,}"
    assert figures["Who bought what"] == f"{summary['pairs']:,}"
    assert figures["Quality"] == f"{summary['ndcg']:.3f}"
    assert any("kept aside and treated as new" in element.value for element in app.markdown)
    assert not app.warning
    assert not any(with_model.model().id in element.value for element in app.markdown)


def test_a_newer_catalog_is_told(with_model, open_app):
    catalog = with_model.catalog()
    with_model.publish_catalog(catalog.products.head(50), catalog.interactions, None, files=[], report={})
    app = open_app(with_model, "train.py")
    assert "newer than this source model" in app.warning[0].value
