"""What all pages share: the workspace that this server has open, and the client of its runs."""

from __future__ import annotations

import os

import streamlit as st

from recsys_core.runs.client import RunClient
from recsys_core.workspace import Workspace, open_workspace
from recsys_core.workspace.location import DATABASE_VARIABLE, FOLDER_VARIABLE


def workspace() -> Workspace:
    """The workspace that the environment names; one object for all sessions."""
    return _workspace(os.environ.get(FOLDER_VARIABLE), os.environ.get(DATABASE_VARIABLE))


def client() -> RunClient:
    """The client of that workspace's runs; one object for all sessions."""
    return _client(os.environ.get(FOLDER_VARIABLE), os.environ.get(DATABASE_VARIABLE))


def who() -> str | None:
    """Who uses this session, as far as the server knows: whom a login names."""
    return str(st.user.get("email") or st.user.get("name") or "") or None


# The arguments are what the cache goes by: a test opens one workspace after the other in one process.
@st.cache_resource(show_spinner=False)
def _workspace(folder_named: str | None, database_named: str | None) -> Workspace:
    return open_workspace()


@st.cache_resource(show_spinner=False)
def _client(folder_named: str | None, database_named: str | None) -> RunClient:
    return RunClient(_workspace(folder_named, database_named))
