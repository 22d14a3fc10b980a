"""A person at the browser: opens pages, and notices what a page only says to a developer."""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Dialog, FilePayload, Locator, Page, Request, expect

PATIENCE = int(os.environ.get("PATIENCE", 120_000))
"""Milliseconds after which a step fails; a busy machine needs some of them."""
RUN_PATIENCE = 600_000
"""The same for a step that ends with a run."""
PAGES = ["Overview", "Catalog", "Train", "Categories", "Launch", "Metrics"]
# Below a deep link Streamlit's own script looks for the server first, and then finds it above.
SEARCHED = re.compile(r"/_stcore/(health|host-config)$")
# The app puts these between characters that Streamlit would turn into something else; nobody sees them.
WORD_JOINER = "\u2060"

expect.set_options(timeout=PATIENCE)


def typed(text: str) -> re.Pattern[str]:
    """The text as a person reads it, whatever the app put between its characters."""
    return re.compile(f"{WORD_JOINER}?".join(map(re.escape, text)))


class Visitor:
    """One tab, with what went wrong in it."""

    def __init__(self, browser: Browser, url: str):
        self.url = url
        self.problems: list[str] = []
        self.requested: list[str] = []
        self.context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
        self.page = self._watched(self.context.new_page())

    def _watched(self, page: Page) -> Page:
        page.set_default_timeout(PATIENCE)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(f"page error: {error}"))
        page.on("dialog", self._dialog)
        page.on("request", self._request)
        return page

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not SEARCHED.search(message.location.get("url", "")):
            self.problems.append(f"console: {message.text} ({message.location.get('url')})")

    def _dialog(self, dialog: Dialog) -> None:
        self.problems.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Request) -> None:
        self.requested.append(request.url)

    def open(self, path: str, heading: str) -> None:
        """As if the address was typed."""
        self.page.goto(f"{self.url}{path}")
        self.is_on(heading)

    def go_to(self, page: str) -> None:
        """By the menu."""
        self.menu().filter(has_text=page).click()
        self.is_on(page)

    def menu(self) -> Locator:
        return self.page.get_by_test_id("stSidebarNavLink")

    def is_on(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", name=heading, exact=True, level=1)).to_be_visible()
        self.settled()

    def settled(self) -> None:
        """When the page is drawn; it must not have failed."""
        expect(self.page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
        said = self.text()
        assert "Traceback" not in said, said
        assert "Something went wrong" not in said, said
        expect(self.page.get_by_test_id("stException")).to_have_count(0)

    def text(self) -> str:
        """What a person reads in the page's main part."""
        return self.page.get_by_test_id("stMain").inner_text().replace(WORD_JOINER, "")

    def press(self, name: str) -> None:
        self.button(name).click()

    def button(self, name: str) -> Locator:
        # A button's name begins with that of its icon: "play_arrow Train".
        return self.page.get_by_role("button", name=re.compile(rf"(^|\s){re.escape(name)}$"))

    def stop(self) -> Locator:
        """The button on the card of a run; Streamlit shows one of that name above a page that takes long."""
        return self.page.get_by_test_id("stMain").get_by_role("button", name=re.compile(r"(^|\s)Stop$"))

    def badge(self, state: str) -> Locator:
        """The state on the card of a run; its text begins with that of its icon."""
        return self.page.get_by_role("paragraph").filter(has_text=re.compile(rf"{state}$"))

    def box(self, label: str) -> Locator:
        return self.page.get_by_role("combobox", name=label, exact=True)

    def choose(self, label: str, option: str) -> None:
        """In a select box; a long one holds only the options in sight, so the wanted one is typed first."""
        self.box(label).click()
        self.box(label).fill(option)
        self.page.get_by_role("option", name=option, exact=True).click()
        self.settled()

    def cells(self, *shown: str) -> list[str]:
        """The cells of the tables in sight, from what a canvas tells a screen reader, once these are among them."""
        cells = self.page.locator("canvas [role=gridcell]")
        for text in shown:
            expect(cells.filter(has_text=re.compile(f"^{re.escape(text)}$")).first).to_be_attached()
        return cells.all_text_contents()

    def give(self, label: str, file: FilePayload) -> None:
        """A file to an uploader; done when the page shows what it found in it."""
        uploader = self.page.get_by_test_id("stFileUploader").filter(has_text=label)
        uploader.locator("input[type=file]").set_input_files(file)
        expect(uploader).to_have_count(0)
        self.settled()

    def download(self, name: str, to: Path) -> bytes:
        with self.page.expect_download() as waiting:
            self.press(name)
        waiting.value.save_as(to)
        return to.read_bytes()

    def close(self) -> None:
        self.context.close()
