"""The Catalog page: files in any notation come in, are shown, mended, compared, and can be taken back."""

import pytest

from recsys_core.tables.mapping import Mapping
from recsys_core.ui.catalog_view import PAGE
from recsys_core.workspace.catalog_versions import versions
from recsys_core.workspace.mapping_templates import template_of

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
BRING = "Import a new version"


def upload(app, products=PRODUCTS, interactions=INTERACTIONS, name="products.csv"):
    app.file_uploader[0].set_value((name, products, "text/csv"))
    if interactions is not None:
        app.file_uploader[1].set_value(("interactions.csv", interactions, "text/csv"))
    app.run()
    assert not app.exception
    return app


def bring(app, products, interactions=None):
    app.session_state["show"] = BRING
    return upload(app.run(), products, interactions)


def keys(app):
    return {button.key for button in app.button}


def said(app):
    return [
        element.value for kind in ("markdown", "warning", "caption", "info", "success") for element in app.get(kind)
    ]


def import_button(app):
    return next(button for button in app.button if button.key.startswith("import-"))


def press(app, key):
    (import_button(app) if key == "import" else app.button(key=key)).click().run()
    assert not app.exception
    return app


def test_an_empty_catalog_asks_for_files_and_offers_the_sample_shop(empty, open_app):
    app = open_app(empty, "catalog.py")
    assert [uploader.label for uploader in app.file_uploader] == ["Products", "Interactions", "Customers"]
    assert "load-sample-shop" in keys(app)
    assert not any(key.startswith("import-") for key in keys(app))


def test_files_are_checked_then_their_good_rows_are_imported(empty, open_app):
    app = upload(open_app(empty, "catalog.py"))
    assert any("1 row can't be used" in text for text in said(app))
    assert any("3 rows read · :green[2 good] · :red[1 rejected]" in text for text in said(app))
    assert any("isn't in the products file" in text for text in said(app))
    causes, rejected = app.dataframe[0].value, app.dataframe[1].value
    assert causes[["column", "count", "examples"]].to_numpy().tolist() == [["price", 1, "row 3: -3"]]
    assert rejected[["row", "column", "found"]].to_numpy().tolist() == [[3, "price", "-3"]]
    assert empty.catalog_version() is None
    press(app, "import")
    version = empty.catalog_version()
    assert (version.products, version.interactions) == (2, 3)
    assert {metric.label: metric.value for metric in app.metric}["Products"] == "2"
    # Taken back, the workspace is as empty as before.
    press(app, "undo-import")
    assert empty.catalog_version() is None
    assert len(app.file_uploader) == 3


def test_the_upload_is_forgotten_once_it_is_taken_back(empty, open_app):
    app = upload(open_app(empty, "catalog.py"))
    assert len(app.file_uploader) == 1
    assert len(list(empty.uploads_folder.iterdir())) == 2
    press(app, "discard")
    assert len(app.file_uploader) == 3
    assert list(empty.uploads_folder.iterdir()) == []
    assert empty.catalog_version() is None


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("../../evil.gz", PRODUCTS, "isn't a table by its name"),
        ("products.csv", b"", "empty"),
        ("products.csv", b"PK\x03\x04whatever", "workbook"),
        ("products.csv", b"colour,weather\nred,x\n", "product\\_id"),
    ],
)
def test_a_file_that_cannot_be_used_gets_one_plain_sentence(empty, open_app, name, text, expected):
    app = upload(open_app(empty, "catalog.py"), text, None, name)
    assert len(app.error) == 1
    assert expected in app.error[0].value
    assert empty.catalog_version() is None


def test_a_file_above_the_limit_is_refused_though_it_arrived(empty, open_app, monkeypatch):
    app = open_app(empty, "catalog.py")
    monkeypatch.setattr("recsys_core.ui.file_input.limit_bytes", lambda: 20)
    assert "the limit is" in upload(app, interactions=None).error[0].value


def test_columns_are_chosen_where_names_say_nothing_and_remembered(empty, open_app):
    text = b"Spalte A;Spalte B;Spalte C\nx1;Tasse;1,50\nx2;Kanne;2,50\n"
    app = upload(open_app(empty, "catalog.py"), text, None)
    assert "Say which of them it is" in app.error[0].value
    assert import_button(app).disabled
    app.selectbox(key="column-product_id-catalog-products-0").select("Spalte A")
    app.selectbox(key="column-title-catalog-products-0").select("Spalte B")
    app.selectbox(key="column-price-catalog-products-0").select("Spalte C")
    read_so(app)
    assert not app.error
    press(app, "import")
    assert empty.catalog().products[["product_id", "title", "price"]].to_numpy().tolist() == [
        ["x1", "Tasse", 1.5],
        ["x2", "Kanne", 2.5],
    ]
    kept = template_of(empty, "products", ["Spalte A", "Spalte B", "Spalte C"])
    assert kept.mapping.columns["title"] == "Spalte B"
    # The next file with these columns is read so at once, and a person can have it guessed afresh.
    app = bring(app, text.replace(b"x2", b"x3"))
    assert any("Read like “products" in text for text in said(app))
    assert not app.error
    assert any("1 product added, 1 unchanged" in text for text in said(app))
    press(app, "afresh-catalog-products")
    assert "Say which of them it is" in app.error[0].value


def read_so(app):
    next(button for button in app.button if button.label == "Read it this way").click().run()
    assert not app.exception


def test_encoding_delimiter_and_notation_can_be_set(empty, open_app):
    text = "product_id;title;price\n1;Gr\xf6\xdfe;1.299\n2;b;3.500\n".encode("cp1252")
    app = upload(open_app(empty, "catalog.py"), text, None)
    app.selectbox(key="decimal-catalog-products-0").select(",")
    read_so(app)
    press(app, "import")
    assert empty.catalog().products["price"].tolist() == [1299, 3500]
    assert empty.catalog_version().report["tables"]["products"]["mapping"]["decimal"] == ","


def test_what_changes_is_shown_and_the_person_decides(with_catalog, open_app, shop_files):
    before = with_catalog.catalog_version()
    lines = shop_files["products"].decode().splitlines()
    header, first = lines[0], lines[1].split(",")
    changed = ",".join([first[0], "Another title", *first[2:]])
    app = bring(
        open_app(with_catalog, "catalog.py"), f"{header}\n{changed}\nnew1,A new one{',' * (len(first) - 2)}\n".encode()
    )
    assert any("1 product added, 1 different in the file" in text for text in said(app))
    assert any("No file of interactions and customers was given" in text for text in said(app))
    app.segmented_control(key="on-duplicate").set_value("replace").run()
    assert any(
        "1 product added, 1 changed, 249 in the catalog but not in the file (kept)" in text for text in said(app)
    )
    app.segmented_control(key="missing").set_value("remove").run()
    assert any("removes 249 of 250 products" in text for text in said(app))
    app.segmented_control(key="missing").set_value("keep").run()
    press(app, "import")
    assert with_catalog.catalog_version().products == 251
    press(app, "undo-import")
    restored = with_catalog.catalog_version()
    assert (restored.restored_from, restored.products, restored.tables) == (before.id, 250, before.tables)


def test_the_same_file_again_brings_nothing(with_catalog, open_app, shop_files):
    app = bring(open_app(with_catalog, "catalog.py"), shop_files["products"])
    assert any("Nothing to import" in text for text in said(app))
    assert import_button(app).disabled
    assert len(versions(with_catalog)) == 1


def test_older_versions_are_looked_at_compared_restored_and_deleted(with_catalog, open_app):
    first = with_catalog.catalog_version()
    app = bring(open_app(with_catalog, "catalog.py"), b"product_id,title\nnew1,A new one\n")
    press(app, "import")
    app.session_state["show"] = "Versions"
    app.run()
    assert len(app.dataframe[0].value) == 2
    assert any("1 product added" in text for text in said(app))
    app.selectbox(key="choice-of-version").select_index(1).run()
    press(app, "look-at-version")
    assert any("You look at an older version" in text for text in said(app))
    assert {metric.label: metric.value for metric in app.metric}["Products"] == "250"
    press(app, "restore-shown")
    assert with_catalog.catalog_version().restored_from == first.id
    app.session_state["show"] = "Versions"
    app.run()
    app.selectbox(key="choice-of-version").select_index(0).run()
    app.checkbox[0].check().run()
    press(app, "delete-version")
    assert len(versions(with_catalog)) == 2
    assert with_catalog.catalog_version().products == 251
    assert not app.exception


def test_a_mapping_of_another_time_is_no_failure(empty):
    assert template_of(empty, "products", ["a"]) is None
    from recsys_core.workspace.mapping_templates import remember

    remember(empty, "products", ["A", "b"], Mapping(decimal=","), "x.csv")
    assert template_of(empty, "products", ["b", "a"]).mapping == Mapping(decimal=",")
    assert template_of(empty, "customers", ["b", "a"]) is None
    remember(empty, "products", ["A", "b"], Mapping(), "y.csv")
    assert template_of(empty, "products", ["b", "a"]) is None


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


def test_products_are_found_and_filtered_by_the_shops_own_columns(empty, open_app):
    text = b"product_id,title,category,depot\nA,mug,Kitchen,Cologne\nB,cup,Kitchen,Bonn\nC,pot,Garden,Bonn\n"
    app = press(upload(open_app(empty, "catalog.py"), text, None), "import")
    app.session_state["show"] = "Products"
    app.run()
    assert "depot" in app.dataframe[0].value
    app.text_input(key="product-search").set_value("cologne").run()
    assert app.dataframe[0].value["title"].tolist() == ["mug"]
    app.text_input(key="product-search").set_value("").run()
    app.selectbox(key="product-filter").select("depot").run()
    app.multiselect(key="values-depot").select("Bonn").run()
    assert not app.exception
    assert sorted(app.dataframe[0].value["title"]) == ["cup", "pot"]


def test_a_price_that_grows_a_thousandfold_is_told(empty, open_app):
    press(upload(open_app(empty, "catalog.py"), b"product_id,title,price\nA,mug,1.5\nB,cup,2\n", None), "import")
    app = bring(open_app(empty, "catalog.py"), b"product_id,title,price\nA,mug,1500\nB,cup,3\n")
    assert any(
        "1 price of products grows or shrinks more than tenfold, such as A from 1.5 to 1500" in text.replace("\\", "")
        for text in said(app)
    )
    changed = next(table.value for table in app.dataframe if "old" in table.value)
    assert changed[["product_id", "title", "old", "new"]].to_numpy().tolist() == [
        ["A", "mug", "1.5", "1500"],
        ["B", "cup", "2", "3"],
    ]
