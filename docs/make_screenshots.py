"""Makes the README's pictures anew, from the real app on the sample shop: python -m docs.make_screenshots

Trains, which takes a few minutes; --workspace FOLDER keeps what was made there for the next time.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, expect, sync_playwright

from recsys_core.runs.client import RunClient
from recsys_core.ui.sample_shop import LAUNCH_NAME, load_sample_shop
from recsys_core.workspace import Workspace

DOCS = Path(__file__).parent
ROOT = DOCS.parent
PRODUCT = "23113"
"""The new product whose audience is shown."""
WIDTH = 1280
PATIENCE = 120.0
"""Seconds in which the app, and then each page, must be there."""
MILLISECONDS = PATIENCE * 1000
LARGEST = 300_000
"""Bytes of a picture."""
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


@dataclass(frozen=True)
class Picture:
    name: str
    address: str
    height: int
    """In pixels."""
    awaited: str
    """What must be there before it is taken."""
    press: str = ""
    """A view to choose first; the picture then begins there."""


PICTURES = [
    Picture("overview", "/", 760, "Latest runs"),
    Picture("launch", f"/launch?product={PRODUCT}", 1000, "Without it the score would fall", "For a new product"),
]


def main() -> None:
    arguments = argparse.ArgumentParser(description="Makes the README's pictures anew.")
    arguments.add_argument("--workspace", type=Path, help="where the sample shop is, or is to be, loaded and trained")
    given: Path | None = arguments.parse_args().workspace
    with tempfile.TemporaryDirectory() as temporary:
        folder = given or Path(temporary) / "sample-shop"
        with server(folder) as url, sync_playwright() as playwright:
            prepare(Workspace(folder))
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
            take(browser, url, "light", "")
            take(browser, url, "dark", "-dark")
            browser.close()


def prepare(workspace: Workspace) -> None:
    """Everything up to the recommendations, in the app's own worker, unless it is there."""
    client = RunClient(workspace)
    load_sample_shop(workspace)
    if workspace.model() is None:
        finish(client, client.start("train", {}, "source model"))
    launch = workspace.launch_record(LAUNCH_NAME)
    if launch.adapted is None:
        finish(client, client.start("launch", {"launch": launch.id}, launch.id))
    client.close()


def finish(client: RunClient, run_id: str) -> None:
    while not (run := client.state(run_id)).is_over:
        time.sleep(0.5)
    if run.state != "done":
        sys.exit(f"The run ended in the state “{run.state}”: {run.error}")


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The app on that workspace; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--server.port", str(port), "--server.headless", "true", "--browser.gatherUsageStats", "false"]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", *options],
        cwd=ROOT,
        env={**os.environ, "LAUNCHDESK_WORKSPACE": str(folder.resolve())},
    )
    try:
        wait_for(process, f"http://127.0.0.1:{port}/healthz")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def wait_for(process: subprocess.Popen[bytes], address: str) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        if process.poll() is not None or time.monotonic() > end:
            sys.exit("The app didn't start.")
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return


def take(browser: Browser, url: str, scheme: Literal["light", "dark"], ending: str) -> None:
    """Writes every picture in one colour scheme."""
    for picture in PICTURES:
        context = browser.new_context(
            viewport={"width": WIDTH, "height": picture.height}, color_scheme=scheme, reduced_motion="reduce"
        )
        page = context.new_page()
        page.goto(f"{url}{picture.address}")
        settled(page)
        if picture.press:
            view = page.get_by_role("radio", name=picture.press)
            view.click(force=True)
            expect(view).to_be_checked()
            settled(page)
        expect(page.get_by_text(picture.awaited)).to_be_visible(timeout=MILLISECONDS)
        # A worker that has just been started shows as missing for a moment.
        expect(page.get_by_text("Worker not there yet")).to_have_count(0, timeout=MILLISECONDS)
        expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
        if picture.press:
            view.evaluate("element => { element.scrollIntoView({block: 'start'}) }")
            page.get_by_test_id("stMain").evaluate("element => { element.scrollTop -= 74 }")
            # Off the table, which shows its tools where a mouse is.
            page.mouse.move(WIDTH - 5, picture.height - 5)
        page.evaluate("document.fonts.ready")
        file = DOCS / f"{picture.name}{ending}.png"
        page.screenshot(path=file, animations="disabled")
        context.close()
        size = file.stat().st_size
        print(f"{file.relative_to(ROOT)}: {size / 1000:.0f} kB{'' if size <= LARGEST else ', too large'}")


def settled(page: Page) -> None:
    """When the page is drawn to its end."""
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=MILLISECONDS)
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=MILLISECONDS)


if __name__ == "__main__":
    main()
