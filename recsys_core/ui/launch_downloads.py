"""The lists as files: made when they are asked for, from the whole launch or for one product."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from recsys_core.tables.columns import PRODUCT
from recsys_core.ui.launch_loaded import Loaded
from recsys_core.ui.table_files import table_buttons
from recsys_core.workspace.exports import (
    audience_csv,
    recommendations_csv,
    safe_csv,
    with_customers,
    with_products,
)

TOP = 20
"""As many as `recommend` in the shell gives when nothing else is said."""
AUDIENCE_TOP = 100
TO_READ = "With titles, categories, prices and your columns of the customers; opens in Excel."


@dataclass(frozen=True)
class File:
    """A table that is made when it is asked for."""

    label: str
    name: str
    """Without an ending."""
    help: str
    rows: int
    """As many at most."""
    make: Callable[[], pd.DataFrame]
    csv: Callable[[pd.DataFrame], bytes] = safe_csv


def recommendation_files(loaded: Loaded) -> list[File]:
    """Every customer's best new products, to read and for other systems."""
    rows = len(loaded.adapted.source.customer_ids_) * min(TOP, len(loaded.adapted.launch.product_ids))
    return [
        File(
            "Recommendations to read",
            _name(loaded, "recommendations-with-titles"),
            TO_READ,
            rows,
            lambda: _to_read(loaded, loaded.adapted.recommend(top=TOP)),
        ),
        File(
            "Recommendations for other systems",
            _name(loaded, "recommendations"),
            "customer_id, product_id, rank, score, probability: the file that “recommend” writes in the shell.",
            rows,
            lambda: loaded.adapted.recommend(top=TOP),
            recommendations_csv,
        ),
    ]


def audience_files(loaded: Loaded) -> list[File]:
    """Every new product's best customers, to read and for other systems."""
    rows = len(loaded.adapted.launch.product_ids) * min(AUDIENCE_TOP, len(loaded.adapted.source.customer_ids_))
    return [
        File(
            "Audiences to read",
            _name(loaded, "audiences-with-titles"),
            TO_READ,
            rows,
            lambda: _to_read(loaded, loaded.adapted.audience(top=AUDIENCE_TOP)),
        ),
        File(
            "Audiences for other systems",
            _name(loaded, "audiences"),
            "product_id, customer_id, rank, score, probability: the file that “audience” writes in the shell.",
            rows,
            lambda: loaded.adapted.audience(top=AUDIENCE_TOP),
            audience_csv,
        ),
    ]


def product_file(loaded: Loaded, product: str, top: int | None, share: float | None) -> File:
    """One product's audience, whole, with the customers' columns."""
    return File(
        "Download this audience",
        _name(loaded, f"audience-{_plain_name(loaded.title(product))}"),
        "With your columns of the customers; opens in Excel.",
        len(loaded.adapted.source.customer_ids_),
        lambda: _to_read(loaded, loaded.adapted.audience([product], top, share)),
    )


def downloads(loaded: Loaded) -> None:
    """A menu of the files that hold the whole launch."""
    with st.popover("Download", icon=":material/download:"):
        st.caption(f"Every customer's best {TOP} new products.")
        for file in recommendation_files(loaded):
            download(file)
        st.caption(f"Every new product's best {AUDIENCE_TOP} customers.")
        for file in audience_files(loaded):
            download(file)


def download(file: File) -> None:
    """Two buttons, for CSV and XLSX."""
    table_buttons(file.label, file.name, f"launch-{file.name}", file.make, rows=file.rows, help=file.help, csv=file.csv)


def _to_read(loaded: Loaded, rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.assign(way=rows[PRODUCT].map(loaded.adapted.ways))
    return with_customers(with_products(rows, loaded.new_products), loaded.customers)


def _name(loaded: Loaded, what: str) -> str:
    return f"{_plain_name(loaded.adapted.launch.name)}-{what}"


def _plain_name(text: str) -> str:
    """A part of a file name that every system takes, whatever the text is."""
    return re.sub(r"[^a-z0-9]+", "-", text.casefold())[:50].strip("-") or "launch"
