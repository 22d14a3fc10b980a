"""The server: `streamlit run app.py`. Keeps a worker beside it while it runs; pages/main.py is what people see."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from recsys_core.errors import LaunchdeskError
from recsys_core.runs.supervisor import Supervisor
from recsys_core.workspace import open_workspace


@asynccontextmanager
async def keep_worker(_: st.App) -> AsyncIterator[None]:
    """Starts the worker with the server and ends it with the server."""
    supervisor = Supervisor(open_workspace())
    supervisor.start()
    try:
        yield
    finally:
        await asyncio.to_thread(supervisor.stop)


async def health(_: Request) -> JSONResponse:
    """Answers as soon as the server can serve pages."""
    return JSONResponse({"status": "ok"})


def show_error(error: Exception) -> bool:
    """Shows one plain sentence instead of a traceback, which Streamlit has written to the server's log by now."""
    if isinstance(error, LaunchdeskError):
        # It may quote a name or a title: everything that Markdown knows is shown as typed.
        message = re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", str(error))
    else:
        message = "Something went wrong on this page. Load it again; if it comes back, look into the server's log."
    st.error(message, icon=":material/error:")
    return True


app = st.App("pages/main.py", lifespan=keep_worker, routes=[Route("/healthz", health)], on_script_error=show_error)
