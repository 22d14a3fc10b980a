"""Files that are sent straight to the server, past the page that would have refused them."""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from recsys_core.workspace import Workspace
from recsys_core.workspace.location import DATABASE_VARIABLE, FOLDER_VARIABLE

ROOT = Path(__file__).parents[2]
MIB = 1 << 20
BOUNDARY = "b"


class Server:
    """The app with a limit of 1 MB for a file."""

    def __init__(self, folder: Path):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = folder / "server.log"
        environment = {**os.environ, FOLDER_VARIABLE: str(folder / "shop")}
        environment.pop(DATABASE_VARIABLE, None)
        options = ("port", str(self.port)), ("headless", "true"), ("address", "127.0.0.1"), ("maxUploadSize", "1")
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", "app.py", *(f"--server.{n}={v}" for n, v in options)],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def answers(self) -> bool:
        try:
            return self.call("GET", "/healthz") == 200
        except OSError:
            return False

    def call(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            return connection.getresponse().status
        except (BrokenPipeError, ConnectionResetError):
            return 413  # it hung up while the file was still coming
        finally:
            connection.close()

    def cookie(self) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", "/_stcore/health")
        found = re.search(r"_streamlit_xsrf=([^;]+)", connection.getresponse().headers.get("Set-Cookie", ""))
        connection.close()
        return found[1] if found else ""

    def put(self, session: str, file_id: str, name: str, content: bytes) -> int:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        cookie = self.cookie()
        headers = {
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Cookie": f"_streamlit_xsrf={cookie}",
            "X-Xsrftoken": cookie,
        }
        body = head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
        return self.call("PUT", f"/_stcore/upload_file/{session}/{file_id}", body, headers)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path)
    try:
        end = time.monotonic() + 90
        while not running.answers():
            assert time.monotonic() < end, running.log.read_text()
            time.sleep(0.1)
        yield running
    finally:
        running.process.terminate()
        running.process.wait()


def session_of(page: ClientConnection) -> str:
    """The session of a page that is opened."""
    message = BackMsg()
    message.rerun_script.page_name = "catalog"
    page.send(message.SerializeToString())
    while True:
        told = ForwardMsg()
        told.ParseFromString(page.recv(timeout=60))
        if told.WhichOneof("type") == "new_session":
            return str(told.new_session.initialize.session_id)


def test_what_no_page_would_send_is_refused(server: Server, tmp_path: Path) -> None:
    with connect(f"ws://127.0.0.1:{server.port}/_stcore/stream", subprotocols=["streamlit"], max_size=None) as page:
        session = session_of(page)
        place = f"/_stcore/upload_file/{session}"
        assert server.put(session, "1", "shop.csv", b"product_id,title\nA,a\n") == 204
        assert server.put(session, "2", "shop.csv", b"a" * (4 * MIB)) == 413
        assert server.put("stranger", "3", "shop.csv", b"product_id,title\nA,a\n") == 400
        # Any name and content is kept for the page, which reads only what is called like a table.
        assert server.put(session, "4", "../../evil.exe", b"MZ") == 204
        for path in (f"{place}/5", f"{place}/../../../x", f"{place}/%2e%2e%2fx"):
            assert 400 <= server.call("PUT", path, b"no form") < 500
    assert server.answers()
    assert "Traceback" not in server.log.read_text()
    assert not [path for path in tmp_path.rglob("*") if path.name in ("evil.exe", "shop.csv", "x")]
    workspace = Workspace(tmp_path / "shop")
    assert workspace.catalog_version() is None
    assert not list(workspace.uploads_folder.glob("*"))
    workspace.close()
