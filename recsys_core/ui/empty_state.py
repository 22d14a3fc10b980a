"""What a page shows while there is nothing to show, and where to go then."""

from __future__ import annotations

import streamlit as st


def empty_state(title: str, sentence: str, page: str, button: str, icon: str = ":material/inbox:") -> None:
    """A box with a title, one sentence and a button that leads to `page` (such as "catalog.py"). Our own texts only."""
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.space("small")
        st.markdown(f"## {icon}", width="content")
        st.subheader(title, anchor=False, width="content")
        st.markdown(sentence, width="content")
        if st.button(button, type="primary", key=f"empty-state-{page}"):
            st.switch_page(page)
        st.space("small")
