"""Make it smaller and faster: variants of a launch's model in one table, and a button to take one."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from recsys_core.errors import LaunchdeskError
from recsys_core.ui.numbers import counted, percent
from recsys_core.ui.plain import plain
from recsys_core.ui.run_card import newest_run, run_card
from recsys_core.ui.session import client
from recsys_core.workspace import AdaptedRecord, LaunchRecord

KIND = "compress"
AS_IT_IS = "none"
NAMES = {
    AS_IT_IS: "As it is",
    "int8": "8-bit numbers",
    "prune": "Largest numbers only",
    "prune+int8": "Largest numbers, 8-bit",
    "distil": "Student",
    "distil+int8": "Student, 8-bit",
}
TOWER_NAMES = {
    AS_IT_IS: "Source model’s towers",
    "int8": "Towers, 8-bit",
    "prune": "Towers, largest numbers",
    "prune+int8": "Towers, largest, 8-bit",
}
QUALITY_KEPT = 0.99
"""The smallest variant with this share of the quality, and PLACES_KEPT, is proposed."""
PLACES_KEPT = 0.9


def smaller_and_faster(record: LaunchRecord) -> None:
    """A closed box at the end of the page; what is in it is for whoever runs the model, not for the merchandiser."""
    if record.adapted is None:
        return
    with st.expander("Make it smaller and faster", icon=":material/compress:"):
        run = newest_run(KIND, record.id)
        at_work = run is not None and not run.is_over
        st.markdown(
            "The same recommendations in less room: with **8-bit numbers**, with the **largest numbers only**, or by a "
            "**student**, a small model that has learned the scores of the whole one."
        )
        table = compared(record)
        with st.container(horizontal=True, vertical_alignment="center"):
            again = "Compare" if table is None else "Compare again"
            if st.button(again, icon=":material/balance:", disabled=at_work, key="compare"):
                _start(record, None)
        if run is not None and (not run.is_over or run.state == "failed"):
            run_card(KIND, record.id)
        if table is not None:
            _table(table, _in_use(record.adapted))
            _choice(record, table, at_work)
        elif _in_use(record.adapted) != AS_IT_IS:
            st.caption(f"In use: {NAMES.get(_in_use(record.adapted), 'a smaller variant')}.")


def compared(record: LaunchRecord) -> dict[str, Any] | None:
    """The newest comparison of this launch's model; None if there was none since it was made."""
    if record.adapted is None:
        return None
    of = _compression(record.adapted).get("of", record.adapted.id)
    for run in client().runs(100):
        if run.kind == KIND and run.subject == record.id and run.result and run.settings.get("by") is None:
            return run.result if run.result["of"] == of else None
    return None


def in_words(row: dict[str, Any], whole: dict[str, Any]) -> str:
    """What a variant costs and brings: “25% of the size, 1.6 times as fast; 99% of places are the same; …”."""
    said = f"{percent(row['memory_bytes'] / whole['memory_bytes'])} of the size"
    speed = whole["score_ms"] / row["score_ms"]
    said += f", {speed:.1f} times as fast" if speed >= 1.05 else ", as fast" if speed >= 0.95 else ", slower"
    said += f"; {percent(row['overlap'])} of places are the same"
    return said if row["ndcg"] is None else f"{said}; ndcg@20 {row['ndcg']:.3f} instead of {whole['ndcg']:.3f}"


def proposed(rows: list[dict[str, Any]]) -> str:
    """The smallest variant that finds buyers nearly as well."""
    whole = rows[0]

    def good(row: dict[str, Any]) -> bool:
        quality = whole["ndcg"] is None or row["ndcg"] >= QUALITY_KEPT * whole["ndcg"]
        return quality and row["overlap"] >= PLACES_KEPT

    best = min(filter(good, rows), key=lambda row: row["memory_bytes"])
    return str(best["variant"])


def _table(table: dict[str, Any], in_use: str) -> None:
    rows = [row for row in table["rows"] if "note" not in row]
    shown = pd.DataFrame(
        {
            "Variant": [_name(row, in_use) for row in rows],
            "In memory": [row["memory_bytes"] / 1000 for row in rows],
            "On disk": [row["file_bytes"] / 1000 if row["file_bytes"] else None for row in rows],
            "Scores": [row.get("score_ms") for row in rows],
            "With lists": [row.get("list_ms") for row in rows],
            "ndcg@20": [row["ndcg"] for row in rows],
            "Same places": [row["overlap"] for row in rows],
        }
    )
    size, time = (st.column_config.NumberColumn(format=unit) for unit in ("%,.0f kB", "%.1f ms"))
    st.dataframe(
        shown,
        hide_index=True,
        column_config={
            "In memory": size,
            "On disk": size,
            "Scores": time,
            "With lists": time,
            "ndcg@20": st.column_config.NumberColumn(format="%.4f"),
            "Same places": st.column_config.NumberColumn(format="percent"),
        },
        placeholder="–",
        alt="Size, time, quality and agreement of each variant.",
    )
    notes = {row["note"] for row in table["rows"] if "note" in row}
    for note in sorted(notes):
        st.caption(plain(note, 300))
    st.caption(_explained(table))


def _name(row: dict[str, Any], in_use: str) -> str:
    if row["part"] != "launch":
        return TOWER_NAMES[row["variant"]]
    return NAMES[row["variant"]] + (" (in use)" if row["variant"] == in_use else "")


def _explained(table: dict[str, Any]) -> str:
    said = (
        f"In memory: what is kept for the {counted(table['products'], 'new product')}; on disk: everything that is saved. "
        f"Times are for {counted(table['customers'], 'customer')} and all of these products. Same places: the share of "
        f"the first {table['top']} of a list that stay in it. The source model’s towers are there to compare: they stay. "
    )
    if not table["replayed"]:
        return said + "The catalog is too small to measure quality."
    return said + (
        f"ndcg@20 is of {counted(table['replayed'], 'known product')} that came as if new, with "
        f"{counted(table['shots'], 'first sale')} each. Largest numbers: {percent(table['keep'])} of each product’s are kept."
    )


def _choice(record: LaunchRecord, table: dict[str, Any], at_work: bool) -> None:
    rows = [row for row in table["rows"] if row["part"] == "launch" and "note" not in row]
    names = [row["variant"] for row in rows]
    best = proposed(rows)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by = st.selectbox(
            "Variant to use",
            names,
            index=names.index(best),
            format_func=lambda name: NAMES[name] + (" (proposed)" if name == best else ""),
            key=f"variant-{record.id}",
            width=280,
        )
        used = record.adapted is not None and by == _in_use(record.adapted)
        if st.button("Use it", icon=":material/check:", disabled=at_work or used, key="use-variant"):
            _start(record, by)
    if by != AS_IT_IS:
        words = in_words(rows[names.index(by)], rows[0])
        st.markdown(f"**{NAMES[by]}**: {words}.")
    st.caption(
        f"Proposed is the smallest that keeps {percent(QUALITY_KEPT)} of the quality and {percent(PLACES_KEPT)} of the "
        "places. Lists, audiences and reasons then come from it; you can go back at any time."
    )


def _start(record: LaunchRecord, by: str | None) -> None:
    settings = {"launch": record.id} if by is None else {"launch": record.id, "by": by}
    try:
        client().start(KIND, settings, record.id)
    except LaunchdeskError as error:
        st.error(plain(error), icon=":material/error:")
        return
    st.rerun()


def _compression(adapted: AdaptedRecord) -> dict[str, Any]:
    said: dict[str, Any] = adapted.summary.get("compression", {})
    return said


def _in_use(adapted: AdaptedRecord) -> str:
    return str(_compression(adapted).get("by", AS_IT_IS))
