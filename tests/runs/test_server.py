"""The real server, `streamlit run app.py`, and the worker beside it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from recsys_core.runs.client import RunClient
from recsys_core.workspace import Workspace
from recsys_core.workspace.location import FOLDER_VARIABLE

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition) -> None:
    end = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as reply:
            return json.load(reply) == {"status": "ok"}
    except OSError:
        return False


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_the_worker_comes_and_goes_with_the_server(tmp_path: Path, ending: signal.Signals) -> None:
    port = free_port()
    options = ["--server.port", str(port), "--server.headless", "true", "--server.address", "127.0.0.1"]
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", *options, "--browser.gatherUsageStats", "false"],
        cwd=ROOT,
        env={**os.environ, FOLDER_VARIABLE: str(tmp_path / "shop")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    client = RunClient(Workspace(tmp_path / "shop"))
    try:
        wait_until(lambda: answers(port))
        wait_until(client.worker_is_there)
        # A run without a catalog: the worker takes it, and says what has to come first.
        run = client.start("train", {"device": "cpu"}, "source model")
        wait_until(lambda: client.state(run).is_over)
        error = client.state(run).error
        assert error is not None
        assert "Import" in error
        server.send_signal(ending)
        server.wait()
        wait_until(lambda: not client.worker_is_there())
    finally:
        server.kill()
        server.wait()
        client.close()
