import pytest

from recsys_core.ui.catalog_view import PAGE

PRODUCTS = b"""product_id,title,category,price
A1,Mug <img src=x onerror=alert(1)>,Kitchen > Mugs,4.50
A2,=HYPERLINK("http://evil"),Kitchen > Mugs,-3
A3,[x](javascript:alert(1)),Home,7.10
"""
INTERACTIONS = b"""customer_id,product_id,timestamp
C1,A1,2025-01-02
C2,A3,2025-01-05
C3,ZZ,2025-02-03
"""


def upload(app, products=PRODUCTS, interactions=INTERACTIONS, name="products.csv"):
    app.file_uploader[0].set_value((name, products, "text/csv"))
    if interactions is not None:
        app.file_uploader[1].set_value(("interactions.csv", interactions, "text/csv"))
    app.run()
    app.button(key="check").click().run()
    assert not app.exception
    return app


def keys(app):
    return {button.key for button in app.button}


def test_an_empty_catalog_asks_for_files_and_offers_the_sample_shop(empty, open_app):
    app = open_app(empty, "catalog.py")
    assert [uploader.label for uploader in app.file_uploader] == ["Products", "Interactions", "Customers"]
    assert app.button(key="check").disabled
    assert "load-sample-shop" in keys(app)


def test_files_are_checked_then_their_good_rows_are_imported(empty, open_app):
    app = upload(open_app(empty, "catalog.py"))
    said = [element.value for element in [*app.markdown, *app.warning]]
    assert any("1 row can't be used" in text for text in said)
    assert any("3 rows read" in text for text in said)
    assert any("2 good" in text for text in said)
    assert any("isn't in the products file" in text for text in said)
    rejected = app.dataframe[0].value
    assert rejected[["row", "column", "found"]].to_numpy().tolist() == [[3, "price", "-3"]]
    assert empty.catalog_version() is None
    app.button(key="import").click().run()
    assert not app.exception
    version = empty.catalog_version()
    assert (version.products, version.interactions) == (2, 3)
    assert app.tabs[0].label == "What it looks like"
    assert {metric.label: metric.value for metric in app.metric}["Products"] == "2"


def test_the_upload_is_forgotten_once_it_is_checked(empty, open_app):
    app = upload(open_app(empty, "catalog.py"))
    app.button(key="discard").click().run()
    assert all(not uploader.value for uploader in app.file_uploader)
    assert empty.catalog_version() is None


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("../../evil.gz", PRODUCTS, "isn't a CSV file by its name"),
        ("products.csv", b"", "empty"),
        ("products.csv", b"PK\x03\x04whatever", "Excel"),
        ("products.csv", b"id,label\n1,x\n", "product\\_id"),
    ],
)
def test_a_file_that_cannot_be_used_gets_one_plain_sentence(empty, open_app, name, text, said):
    app = upload(open_app(empty, "catalog.py"), text, None, name)
    assert len(app.error) == 1
    assert said in app.error[0].value
    assert empty.catalog_version() is None


def test_a_file_above_the_limit_is_refused_though_it_arrived(empty, open_app, monkeypatch):
    app = open_app(empty, "catalog.py")
    monkeypatch.setattr("recsys_core.ui.file_input.limit_bytes", lambda: 20)
    assert "the limit is" in upload(app, interactions=None).error[0].value


def test_a_much_smaller_version_is_warned_of(with_catalog, open_app):
    app = open_app(with_catalog, "catalog.py")
    app.session_state["show"] = "Import a new version"
    upload(app.run(), interactions=None)
    assert any("after the import it has 2" in warning.value for warning in app.warning)
    assert any("No file of interactions and customers" in caption.value for caption in app.caption)


def test_the_catalog_is_shown_in_figures_and_pictures(with_catalog, open_app):
    app = open_app(with_catalog, "catalog.py")
    assert {metric.label: metric.value for metric in app.metric}["Products"] == "250"
    assert len(app.get("plotly_chart")) == 4
    app.selectbox(key="category").select_index(1).run()
    assert not app.exception


def test_products_are_searched_ordered_and_paged(with_catalog, open_app):
    app = open_app(with_catalog, "catalog.py")
    app.session_state["show"] = "Products"
    app.run()
    table = app.dataframe[0].value
    assert len(table) == PAGE
    assert table["buyers"].is_monotonic_decreasing
    app.number_input[0].set_value(3).run()
    assert len(app.dataframe[0].value) == 250 - 2 * PAGE
    title = with_catalog.catalog().products["title"].iloc[3]
    app.text_input(key="product-search").set_value(title.upper()).run()
    assert title in app.dataframe[0].value["title"].tolist()
    app.selectbox(key="product-order").select("Lowest price").run()
    assert app.dataframe[0].value["price"].is_monotonic_increasing
    app.text_input(key="product-search").set_value("(.*").run()
    assert "No product" in app.info[0].value
