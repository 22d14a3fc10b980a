"""The comparison of the catalog's categories: started here, made by the worker, read by the page."""

from __future__ import annotations

import streamlit as st

from recsys_core.categories.atlas import Atlas
from recsys_core.errors import LaunchdeskError
from recsys_core.ui.numbers import counted, percent
from recsys_core.ui.plain import plain
from recsys_core.ui.run_card import newest_run, run_card
from recsys_core.ui.session import client, workspace
from recsys_core.workspace import CatalogVersion
from recsys_core.workspace.atlases import load_atlas
from recsys_core.workspace.records import AtlasRecord

KIND, SUBJECT = "categories", "categories"
TEXTS = {"both": "Words and the language model", "words": "Words alone"}


# An atlas is shared by all sessions and never changed.
@st.cache_resource(max_entries=2, show_spinner="Opening the categories …")
def atlas(atlas_id: str) -> Atlas:
    return load_atlas(workspace(), atlas_id)


def first_study(version: CatalogVersion) -> None:
    """What is shown while categories were never compared."""
    with st.container(border=True, key="study"):
        st.subheader("Compare the categories", anchor=False)
        st.markdown(
            f"Reads {counted(version.products, 'product')} and who bought them, and finds out which categories are alike by "
            "meaning and by customers. Once for each version of the catalog; it takes a minute or so, and goes on when you "
            "leave this page."
        )
        _start("Compare", primary=True)
    run_card(KIND, SUBJECT)


def study_again(record: AtlasRecord) -> None:
    """A button with the settings, and the run while it is at work or has failed."""
    with st.popover("Compare again", icon=":material/refresh:"):
        st.caption(_made_with(record))
        _start("Compare again", primary=False)
    run = newest_run(KIND, SUBJECT)
    if run is not None and (not run.is_over or run.state == "failed"):
        run_card(KIND, SUBJECT)


def _start(label: str, primary: bool) -> None:
    run = newest_run(KIND, SUBJECT)
    at_work = run is not None and not run.is_over
    text = st.radio(
        "What reads the titles",
        list(TEXTS),
        format_func=TEXTS.__getitem__,
        help="The language model knows that a mug is like a cup. It knows English only, and takes longer; how much it "
        "counts is learned from your own categories.",
        disabled=at_work,
        horizontal=True,
        key="study-text",
    )
    if st.button(
        label,
        type="primary" if primary else "secondary",
        icon=":material/play_arrow:",
        disabled=at_work,
        key="study-button",
    ):
        try:
            client().start(KIND, {"text": text}, SUBJECT)
        except LaunchdeskError as error:
            st.error(plain(error, 600), icon=":material/error:")
            return
        st.rerun()


def _made_with(record: AtlasRecord) -> str:
    share = record.summary.get("share")
    read = TEXTS.get(record.settings.get("text", "words"), "Words alone")
    counts = "" if share is None else f": {percent(share)} of a likeness is the language model's"
    return f"Read by: {read.lower()}{counts}."
