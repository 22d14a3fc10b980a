"""A link into the app as the very first visit to a server that has just begun."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect
from visitor import PAGES


@pytest.mark.parametrize(
    ("path", "heading", "says"),
    [
        ("/catalog", "Catalog", "Upload your shop's files"),
        ("/launch", "Launch", "First, the catalog"),
    ],
)
def test_a_deep_link_on_a_fresh_server_shows_its_page_in_the_frame(
    tmp_path: Path, app_on, visit, path: str, heading: str, says: str
) -> None:
    app = app_on(tmp_path / "shop")
    visitor = visit(app)
    visitor.open(path, heading)
    expect(visitor.page.get_by_role("heading", name=says, exact=True)).to_be_visible()
    expect(visitor.menu().get_by_role("paragraph")).to_have_text(PAGES)
    expect(visitor.page).to_have_title("Launchdesk")
    for page in PAGES:
        visitor.go_to(page)
    assert visitor.problems == []
    assert "Traceback" not in app.log
