import os
import subprocess
import sys
from pathlib import Path

import pytest

from recsys_core.workspace import Workspace

ROOT = Path(__file__).parents[2]
FIRST_PAGE = """
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("pages/main.py", default_timeout=60).run()
assert not app.exception and app.title[0].value == "Overview"
print(*(name for name in ("torch", "sklearn", "scipy") if name in sys.modules))
for page in ["catalog.py", "train.py", "overview.py"]:
    app.switch_page(page).run()
    assert not app.exception
print(*(name for name in ("torch",) if name in sys.modules))
"""


def test_the_sidebar_tells_what_the_workspace_holds(empty, open_app):
    app = open_app(empty)
    lines = [element.value for element in app.sidebar.caption]
    assert any("No catalog yet" in line for line in lines)
    assert any("No source model yet" in line for line in lines)
    assert any("Worker not there yet" in line for line in lines)


def test_a_filled_workspace_is_counted_in_the_sidebar(with_model, open_app):
    lines = [element.value for element in open_app(with_model).sidebar.caption]
    assert any("250 products" in line for line in lines)
    assert any("Trained" in line for line in lines)
    assert any("No launch yet" in line for line in lines)


def test_a_workspace_with_a_hostile_name_is_shown_as_typed(tmp_path, open_app):
    app = open_app(Workspace(tmp_path / "**x** :red[y]"))
    shown = app.sidebar.markdown[0].value.replace("\u2060", "")
    assert shown == r"**\*\*x\*\* \:red\[y\]**"


@pytest.mark.parametrize("page", [None, "catalog.py", "train.py"])
def test_every_page_opens_on_an_empty_workspace(empty, open_app, page):
    assert open_app(empty, page).title


def test_the_web_process_never_imports_what_learns(with_model, monkeypatch):
    monkeypatch.setenv("LAUNCHDESK_WORKSPACE", str(with_model.folder))
    done = subprocess.run(
        [sys.executable, "-c", FIRST_PAGE],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []
