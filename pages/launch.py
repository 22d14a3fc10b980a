"""Launch: new products and their first sales in, recommendations and audiences out."""

from __future__ import annotations

import streamlit as st

from recsys_core.errors import LaunchdeskError
from recsys_core.ui.empty_state import empty_state
from recsys_core.ui.launch_adapt import adaptation_run, reasons_to_adapt, recommend, recommend_again
from recsys_core.ui.launch_choice import linked_choice
from recsys_core.ui.launch_compress import smaller_and_faster
from recsys_core.ui.launch_create import OPEN, create_launch
from recsys_core.ui.launch_customer import customer_view
from recsys_core.ui.launch_downloads import downloads
from recsys_core.ui.launch_loaded import Loaded, load
from recsys_core.ui.launch_manage import manage_launch
from recsys_core.ui.launch_outcome import outcome
from recsys_core.ui.launch_product import product_view
from recsys_core.ui.numbers import counted
from recsys_core.ui.plain import plain
from recsys_core.ui.session import workspace
from recsys_core.workspace import LaunchRecord

CUSTOMER, PRODUCT = "For a customer", "For a new product"


def page() -> None:
    st.title("Launch", anchor=False)
    st.markdown("New products and their first sales in; out come the customers to show them to.")
    launches = workspace().launches()
    if not launches and workspace().catalog_version() is None:
        empty_state(
            "First, the catalog",
            "A launch is compared with the products and sales that you have already.",
            "catalog.py",
            "Go to the catalog",
        )
        return
    if not launches or st.session_state.get(OPEN):
        create_launch(closable=bool(launches))
        training_first()
        return
    record = choose_launch(launches)
    loaded, problem = opened(record)
    again = reasons_to_adapt(record, None if loaded is None else len(loaded.adapted.launch.interactions))
    with st.container(horizontal=True):
        manage_launch(record)
        if loaded is not None and not again:
            recommend_again(record)
    if workspace().model() is None:
        training_first()
        return
    if problem:
        st.error(plain(problem, 600), icon=":material/error:")
    if again:
        st.warning(f"{' '.join(again)} Recommend again to take that in.", icon=":material/update:")
    if loaded is None or again:
        recommend(record)
    adaptation_run(record)
    if loaded is not None and record.adapted is not None:
        outcome(record.adapted)
        directions(loaded)
        smaller_and_faster(record)


def choose_launch(launches: list[LaunchRecord]) -> LaunchRecord:
    by_id = {launch.id: launch for launch in launches}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = by_id[linked_choice("Launch", list(by_id), lambda launch: described(by_id[launch]), "launch")]
        if st.button("New launch", icon=":material/add:"):
            st.session_state[OPEN] = True
            st.rerun()
    return chosen


def described(launch: LaunchRecord) -> str:
    return f"{launch.name} · {counted(launch.products, 'new product')} · {counted(launch.support, 'first sale')}"


def training_first() -> None:
    if workspace().model() is None:
        empty_state(
            "Training comes first",
            "You can create launches now; for recommendations, train the source model on your catalog, once.",
            "train.py",
            "Go to training",
            icon=":material/model_training:",
        )


def directions(loaded: Loaded) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        view = st.segmented_control(
            "Recommendations",
            [CUSTOMER, PRODUCT],
            default=CUSTOMER,
            required=True,
            key="view",
            persist_state="session",
            label_visibility="collapsed",
        )
        downloads(loaded)
    st.fragment(customer_view if view == CUSTOMER else product_view)(loaded)


def opened(record: LaunchRecord) -> tuple[Loaded | None, str]:
    """The recommendations, or why they can't be opened; a damaged file must not keep anyone from making them anew."""
    if record.adapted is None:
        return None, ""
    try:
        return load(record), ""
    except LaunchdeskError as error:
        return None, str(error)


page()
