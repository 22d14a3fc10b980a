"""What can be done with a launch that is there: add first sales, rename it, delete it."""

from __future__ import annotations

import streamlit as st

from recsys_core.errors import LaunchdeskError
from recsys_core.ui.launch_create import NEEDS_SALES
from recsys_core.ui.launch_files import checked, findings, forget, upload
from recsys_core.ui.launch_loaded import newest_catalog
from recsys_core.ui.numbers import counted
from recsys_core.ui.plain import plain
from recsys_core.ui.session import workspace
from recsys_core.workspace import LaunchRecord
from recsys_core.workspace.launch_check import check_first_sales

MORE_SALES = "more-sales"


def manage_launch(record: LaunchRecord) -> None:
    """A closed box below the choice of the launch."""
    with st.expander("Add first sales, rename or delete", icon=":material/tune:"):
        sales, name, away = st.tabs(["Add first sales", "Rename", "Delete"])
        with sales:
            _more_sales(record)
        with name:
            _rename(record)
        with away:
            _delete(record)


def _more_sales(record: LaunchRecord) -> None:
    st.caption("Sales that are there already (same customer, product and time) are not counted twice.")
    part = f"{MORE_SALES}-{record.id}"
    given = upload("More first sales", part, NEEDS_SALES)
    if given is None:
        return
    ids = workspace().load_launch(record.id).product_ids
    sales = checked(part, given[0], lambda: check_first_sales(given[1], ids, newest_catalog()))
    if sales is None:
        return
    findings(sales.table, sales.sentences(), "sale")
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
        f"Deletes {counted(record.products, 'new product')}, {counted(record.support, 'first sale')} and the recommendations "
        "made from them. The catalog and the source model stay. This can't be undone."
    )
    sure = st.checkbox(f"Yes, delete “{plain(record.name, 60)}”", key=f"sure-{record.id}")
    if st.button("Delete this launch", disabled=not sure, icon=":material/delete:"):
        workspace().delete_launch(record.id)
        st.toast("Launch deleted.", icon=":material/check_circle:")
        st.rerun()
