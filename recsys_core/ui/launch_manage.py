"""What can be done with a launch that is there: add first sales, rename it, delete it."""

from __future__ import annotations

import streamlit as st

from recsys_core.errors import LaunchdeskError
from recsys_core.ui.file_input import checked_file, file_details, forget
from recsys_core.ui.launch_create import NEEDS_SALES
from recsys_core.ui.launch_loaded import newest_catalog
from recsys_core.ui.numbers import counted
from recsys_core.ui.plain import plain
from recsys_core.ui.session import workspace
from recsys_core.workspace import LaunchRecord
from recsys_core.workspace.launch_check import check_first_sales

MORE_SALES = "more-sales"


def manage_launch(record: LaunchRecord) -> None:
    """Three buttons in a row, each of which opens a small box."""
    with st.popover("Add first sales", icon=":material/add_shopping_cart:"):
        _more_sales(record)
    with st.popover("Rename", icon=":material/edit:"):
        _rename(record)
    with st.popover("Delete", icon=":material/delete:"):
        _delete(record)


def _more_sales(record: LaunchRecord) -> None:
    st.caption("Sales that are there already (same customer, product and time) are not counted twice.")
    part = f"{MORE_SALES}-{record.id}"
    sales = checked_file(
        "More first sales",
        part,
        "interactions",
        NEEDS_SALES,
        lambda upload, run: check_first_sales(
            upload, workspace().load_launch(record.id).product_ids, newest_catalog(), run
        ),
    )
    file_details(part, "interactions")
    if sales is None:
        return
    if st.button("Add these sales", type="primary", icon=":material/add:"):
        added = workspace().add_support(record.id, sales.table.frame).support - record.support
        forget(part)
        said = f"{counted(added, 'sale')} added." if added else "All of these sales were there already."
        st.toast(said, icon=":material/check_circle:")
        st.rerun()


def _rename(record: LaunchRecord) -> None:
    with st.form(f"rename-{record.id}", border=False):
        name = st.text_input("New name", value=record.name, max_chars=120)
        if st.form_submit_button("Rename"):
            try:
                workspace().rename_launch(record.id, name)
            except LaunchdeskError as error:
                st.error(plain(error), icon=":material/error:")
                return
            st.rerun()


def _delete(record: LaunchRecord) -> None:
    st.markdown(
        f"Deletes {counted(record.products, 'new product')}, {counted(record.support, 'first sale')} and the "
        "recommendations made from them. The catalog and the source model stay. This can't be undone."
    )
    sure = st.checkbox(f"Yes, delete “{plain(record.name, 60)}”", key=f"sure-{record.id}")
    if st.button("Delete this launch", disabled=not sure, icon=":material/delete:"):
        workspace().delete_launch(record.id)
        st.toast("Launch deleted.", icon=":material/check_circle:")
        st.rerun()
