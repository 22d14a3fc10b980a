"""The source model: what was learned on the catalog, once."""

from __future__ import annotations

import streamlit as st

from recsys_core.errors import LaunchdeskError
from recsys_core.models.source_model import SourceModelConfig
from recsys_core.ui.device_choice import device_choice
from recsys_core.ui.empty_state import empty_state
from recsys_core.ui.model_view import model_view
from recsys_core.ui.numbers import counted
from recsys_core.ui.plain import plain
from recsys_core.ui.run_card import newest_run, run_card
from recsys_core.ui.session import client, workspace
from recsys_core.ui.settings_form import checked, settings_form

SUBJECT = "source model"

version, model = workspace().catalog_version(), workspace().model()

st.title("Train", anchor=False)
st.markdown(
    "The source model learns once, from the whole catalog, what customers like and what products say of themselves. "
    "Every launch builds on it."
)
if version is None:
    empty_state(
        "There is nothing to learn from yet",
        "Bring in the shop's products and sales first, or load the sample shop.",
        "catalog.py",
        "Open the catalog",
        icon=":material/inventory_2:",
    )
    st.stop()
if not version.interactions:
    empty_state(
        "The catalog has no interactions",
        "Who bought what is what the source model learns from. Import that file, too.",
        "catalog.py",
        "Open the catalog",
        icon=":material/receipt_long:",
    )
    st.stop()

before = newest_run("train", SUBJECT)
at_work = before is not None and not before.is_over
up_to_date = model is not None and model.catalog_version == version.id
with st.container(border=True, key="train"):
    st.markdown(
        f"Learns from {counted(version.products, 'product')}, {counted(version.customers, 'customer')} and "
        f"{counted(version.interactions, 'interaction')}. It goes on when you leave this page."
    )
    device = device_choice("train-device", disabled=at_work)
    with st.expander("Advanced"):
        seed = st.number_input(
            "Seed",
            min_value=0,
            max_value=2**31 - 1,
            value=0,
            help="The same seed on the same device gives the same model.",
            disabled=at_work,
            width=200,
        )
        changed = settings_form(SourceModelConfig, "train-settings", disabled=at_work)
    if st.button(
        "Train again" if model else "Train",
        type="secondary" if up_to_date else "primary",
        icon=":material/play_arrow:",
        key="train-button",
        disabled=at_work,
    ):
        try:
            settings = checked(SourceModelConfig, changed, "the source model")
            client().start("train", {"seed": int(seed), "device": device, "model": settings}, SUBJECT)
        except LaunchdeskError as error:
            st.error(plain(error, 1000), icon=":material/error:")
        else:
            st.rerun()

run_card("train", SUBJECT)

if model is not None:
    st.subheader("The source model", anchor=False)
    model_view(model, version)
    if not at_work and st.button(
        "Go on to the launch",
        type="primary" if up_to_date else "secondary",
        icon=":material/arrow_forward:",
        key="to-launch",
    ):
        st.switch_page("launch.py")
