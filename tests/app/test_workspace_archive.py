"""A workspace taken along from the Overview page, and brought into an empty one there."""

import io
import zipfile

import pytest

from recsys_core.errors import LaunchdeskError
from recsys_core.run_context import RunContext
from recsys_core.ui.workspace_archive import PACKED, pack
from recsys_core.workspace import Workspace
from recsys_core.workspace.archive import export_archive
from recsys_core.workspace.archive_import import import_archive


def keys(app):
    return {button.key for button in [*app.button, *app.get("download_button")]}


def archive_of(workspace):
    file = io.BytesIO()
    export_archive(workspace, file)
    return file.getvalue()


def bring(app, content, name="shop.zip"):
    app.file_uploader(key="archive").set_value((name, content, "application/zip")).run()
    assert not app.exception
    app.button(key="bring-in").click().run()
    assert not app.exception
    return app


def packed_in(app):
    app.session_state["take-along"] = True
    app.run()
    app.button(key="pack").click().run()
    assert not app.exception
    return app


def test_a_workspace_is_packed_when_asked_for_and_is_the_same_elsewhere(with_catalog, open_app, tmp_path):
    with_catalog.create_launch("Autumn", with_catalog.catalog().products.head(2))
    app = open_app(with_catalog)
    assert "pack" not in keys(app)
    app.session_state["take-along"] = True
    app.run()
    assert "download-workspace" not in keys(app)
    assert not with_catalog.uploads_folder.exists()
    app.button(key="pack").click().run()
    assert not app.exception
    assert "download-workspace" in keys(app)
    packed = app.session_state[PACKED]
    assert list(with_catalog.uploads_folder.iterdir()) == [packed.path]
    other = Workspace(tmp_path / "other")
    with packed.opened() as file:
        import_archive(other, file)
    assert other.catalog_version() == with_catalog.catalog_version()
    assert [launch.name for launch in other.launches()] == ["Autumn"]
    other.close()


def test_packing_again_replaces_the_file_and_a_swept_one_is_not_offered(with_catalog, open_app):
    app = packed_in(open_app(with_catalog))
    first = app.session_state[PACKED].path
    with_catalog.create_launch("Autumn", with_catalog.catalog().products.head(2))
    app.button(key="pack").click().run()
    (path,) = with_catalog.uploads_folder.iterdir()
    assert path != first
    with zipfile.ZipFile(path) as archive:
        assert any(name.startswith("launches/") for name in archive.namelist())
    path.unlink()
    app.run()
    assert "download-workspace" not in keys(app)


def test_a_workspace_beyond_the_limit_is_said_before_anything_is_written(with_catalog, open_app, monkeypatch):
    monkeypatch.setattr("recsys_core.ui.workspace_archive.limit_bytes", lambda: 1000)
    app = packed_in(open_app(with_catalog))
    (error,) = app.error
    assert "a download may have 0 MB" in error.value
    assert any("python -m recsys_core export --workspace" in caption.value for caption in app.caption)
    assert "download-workspace" not in keys(app)
    assert list(with_catalog.uploads_folder.iterdir()) == []


def test_packing_that_is_stopped_leaves_nothing(with_catalog):
    with pytest.raises(LaunchdeskError, match="Stopped as asked"):
        pack(with_catalog, RunContext(stop_asked=lambda: True))
    assert list(with_catalog.uploads_folder.iterdir()) == []


def test_a_damaged_workspace_is_said_in_plain_words(with_catalog, open_app):
    next(with_catalog.pieces_folder.iterdir()).write_bytes(b"cut off")
    app = packed_in(open_app(with_catalog))
    assert "was changed or cut off after it was written" in app.error[0].value
    assert list(with_catalog.uploads_folder.iterdir()) == []


def test_an_empty_workspace_takes_one_in(with_model, empty_elsewhere, open_app):
    app = open_app(empty_elsewhere)
    assert "take-along" not in app.session_state
    bring(app, archive_of(with_model))
    assert empty_elsewhere.catalog_version() == with_model.catalog_version()
    assert empty_elsewhere.model() == with_model.model()
    assert {metric.label: metric.value for metric in app.metric}["Products"] == "250"
    assert not app.file_uploader
    assert not app.error


@pytest.mark.parametrize("content", [b"product_id,title\n1,Mug\n", b"PK\x05\x06", b""])
def test_another_file_is_refused_in_plain_words_and_nothing_is_left(empty, open_app, content):
    app = bring(open_app(empty), content)
    (error,) = app.error
    assert "isn't a workspace archive" in error.value
    assert empty.catalog_version() is None
    assert not list(empty.folder.glob(".import-*"))
    app.run()
    assert not app.error


def test_an_archive_that_was_tampered_with_is_named_safely(with_catalog, empty_elsewhere, open_app):
    content = io.BytesIO(archive_of(with_catalog))
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr("../![](http://evil.example/x.png).json", "{}")
    app = bring(open_app(empty_elsewhere), content.getvalue())
    assert "has no place in a workspace" in app.error[0].value
    assert "![](" not in app.error[0].value
    assert empty_elsewhere.catalog_version() is None


def test_only_an_empty_workspace_offers_to_take_one_in(with_catalog, empty_elsewhere, open_app):
    assert not open_app(with_catalog).file_uploader
    assert [uploader.key for uploader in open_app(empty_elsewhere).file_uploader] == ["archive"]
    empty_elsewhere.create_launch("Autumn", with_catalog.catalog().products.head(2))
    assert not open_app(empty_elsewhere).file_uploader


@pytest.fixture
def empty_elsewhere(tmp_path):
    workspace = Workspace(tmp_path / "elsewhere")
    yield workspace
    workspace.close()
