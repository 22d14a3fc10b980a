"""What is in the workspace, and what to do next."""

from __future__ import annotations

import streamlit as st

from recsys_core.ui.latest_runs import latest_runs
from recsys_core.ui.next_steps import next_steps, steps
from recsys_core.ui.numbers import number
from recsys_core.ui.sample_shop import CREDIT, is_sample_shop, sample_button
from recsys_core.ui.session import workspace
from recsys_core.ui.workspace_archive import bring_along, take_along

version, model, launches = workspace().catalog_version(), workspace().model(), workspace().launches()

st.title("Overview", anchor=False)
st.markdown("Who to show a new product to, from its first few sales or from none.")

if version is None:
    with st.container(border=True, key="welcome"):
        st.subheader("Begin with a shop", anchor=False)
        st.markdown(
            "Load a real shop to look around in: 3,332 products, 3,145 customers, eight months of sales, and 247 new "
            "products with their first sales. Or bring your own files."
        )
        with st.container(horizontal=True):
            sample_button()
            if st.button("Upload my own files", icon=":material/upload:", key="own-files"):
                st.switch_page("catalog.py")
        st.caption(CREDIT)
else:
    with st.container(horizontal=True, gap="small"):
        st.metric("Products", number(version.products), border=True)
        st.metric("Customers", number(version.customers), border=True)
        st.metric("Interactions", number(version.interactions), border=True)
        st.metric("Launches", number(len(launches)), border=True)
        st.metric("New products", number(sum(launch.products for launch in launches)), border=True)

st.subheader("What to do next", anchor=False)
path = st.container()

st.subheader("Latest runs", anchor=False)
at_work = latest_runs(launches)

with path:
    next_steps(steps(version, model, launches, at_work), button=version is not None)

if version is not None and is_sample_shop(version):
    st.caption(CREDIT)

if version is None and not launches:
    bring_along()
else:
    take_along()
