"""A choice that is part of the address: a link leads to the same launch, customer or product."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st


def linked_choice(
    label: str,
    options: Sequence[str],
    name_of: Callable[[str], str],
    parameter: str,
    *,
    help: str | None = None,
    placeholder: str | None = None,
    usual: str | None = None,
) -> str:
    """A select box over ids (at least one), shown by name; the chosen id is the query parameter of that name.

    The address decides; where it says nothing, what this session chose last; else the `usual` one, or the first. Streamlit's own
    binding would write the name, not the id, and nothing for the default, which is another one tomorrow.
    """
    key, last = f"choice-{parameter}", f"last-{parameter}"
    wishes = (st.query_params.get(parameter), st.session_state.get(last), usual)
    chosen = next((wish for wish in wishes if wish is not None and wish in options), options[0])
    st.session_state[key] = chosen
    st.selectbox(
        label,
        options,
        format_func=name_of,
        key=key,
        help=help,
        placeholder=placeholder,
        on_change=_follow,
        args=(parameter,),
    )
    choose(parameter, chosen)
    return chosen


def choose(parameter: str, chosen: str) -> None:
    """Makes that the choice, now and when this session comes back to the page."""
    st.session_state[f"last-{parameter}"] = chosen
    if st.query_params.get(parameter) != chosen:
        st.query_params[parameter] = chosen


def _follow(parameter: str) -> None:
    choose(parameter, st.session_state[f"choice-{parameter}"])
