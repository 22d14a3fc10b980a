"""The frame around every page: the browser's tab, the menu and the sidebar."""

from __future__ import annotations

import streamlit as st

from recsys_core.ui.frame import MARK, look, sidebar

st.set_page_config(page_title="Launchdesk", page_icon=str(MARK), layout="wide")
page = st.navigation(
    [
        st.Page("overview.py", title="Overview", icon=":material/home:", default=True),
        st.Page("catalog.py", title="Catalog", icon=":material/inventory_2:"),
        st.Page("train.py", title="Train", icon=":material/model_training:"),
        st.Page("categories.py", title="Categories", icon=":material/category:"),
        st.Page("launch.py", title="Launch", icon=":material/rocket_launch:"),
        st.Page("metrics.py", title="Metrics", icon=":material/monitoring:"),
    ]
)
look()
sidebar()
page.run()
