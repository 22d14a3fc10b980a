"""How long the app takes: from `make app` on a prepared machine to its first page in a browser, then from page to page.

    python -m benchmarks.app_start WORKSPACE

WORKSPACE is a filled one, such as one with the sample shop loaded, trained, adapted and replayed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).parents[1]
PAGES = ("Catalog", "Train", "Launch", "Metrics", "Overview")
PATIENCE = 60_000


def first_page(page: Page, address: str) -> None:
    """Asks until the server answers, then waits for the page's title."""
    end = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < end:
        try:
            page.goto(address)
            break
        except Exception:
            time.sleep(0.05)
    expect(page.get_by_role("heading", name="Overview", exact=True)).to_be_visible(timeout=PATIENCE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    workspace = parser.parse_args().workspace.absolute()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        command = ["make", "app", f"WORKSPACE={workspace}", f"PORT={port}"]
        environment = os.environ | {"STREAMLIT_SERVER_HEADLESS": "true"}
        started = time.monotonic()
        app = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            first_page(page, f"http://127.0.0.1:{port}")
            print(f"make app to the first page: {time.monotonic() - started:.1f} s")
            for visit in ("first", "second"):
                for name in PAGES:
                    began = time.monotonic()
                    page.get_by_test_id("stSidebarNav").get_by_text(name, exact=True).click()
                    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible(timeout=PATIENCE)
                    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=PATIENCE)
                    print(f"{visit} visit of {name}: {time.monotonic() - began:.2f} s")
                    page.wait_for_timeout(500)
        finally:
            os.killpg(app.pid, signal.SIGTERM)
            app.wait()
            browser.close()


if __name__ == "__main__":
    main()
