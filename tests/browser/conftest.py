from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright
from running_app import ROOT, RUNNING, RunningApp, running_app
from visitor import Visitor

from recsys_core.ui.sample_shop import load_sample_shop
from recsys_core.workspace import Workspace

RESULTS = ROOT / "test-results"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
OPEN: list[Visitor] = []
"""The tabs of this moment: a test that fails keeps what they show."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    system = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        if system is None and not Path(playwright.chromium.executable_path).exists():
            pytest.fail("There is no Chromium on this machine, which these tests need; `make test` installs it.")
        opened = playwright.chromium.launch(executable_path=system, args=ARGUMENTS)
        yield opened
        opened.close()


Visit = Callable[[RunningApp], Visitor]


@contextmanager
def tabs(browser: Browser) -> Iterator[Visit]:
    """Opens tabs on apps; they are closed at the end."""
    mine: list[Visitor] = []

    def visit(app: RunningApp) -> Visitor:
        mine.append(Visitor(browser, app.url))
        OPEN.append(mine[-1])
        return mine[-1]

    try:
        yield visit
    finally:
        for visitor in mine:
            OPEN.remove(visitor)
            visitor.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    with tabs(browser) as visit:
        yield visit


@pytest.fixture(scope="module")
def visit_for_all(browser: Browser) -> Iterator[Visit]:
    """The same for the tests of a module together."""
    with tabs(browser) as visit:
        yield visit


@pytest.fixture
def app_on() -> Iterator[Callable[..., RunningApp]]:
    """Starts the app on a workspace; it ends with the test."""
    with ExitStack() as apps:
        yield lambda folder, more_environment=None: apps.enter_context(running_app(folder, more_environment))


@pytest.fixture(scope="session")
def sample_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the sample shop, not trained yet; to be copied."""
    workspace = Workspace(tmp_path_factory.mktemp("sample") / "shop")
    load_sample_shop(workspace)
    workspace.close()
    return workspace.folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """What a browser showed and a server said when a test failed goes to test-results/."""
    report = yield
    if report.failed and "browser" in item.nodeid:
        folder = RESULTS / re.sub(r"[^A-Za-z0-9_.-]+", "-", item.nodeid)
        folder.mkdir(parents=True, exist_ok=True)
        for number, visitor in enumerate(OPEN):
            try:
                visitor.page.screenshot(path=folder / f"tab-{number}.png", timeout=10_000)
            except Exception as error:
                visitor.problems.append(f"no picture: {error}")
            (folder / f"tab-{number}.txt").write_text("\n".join([visitor.page.url, *visitor.problems]))
        for app in RUNNING:
            shutil.copy(app.log_file, folder)
    return report
