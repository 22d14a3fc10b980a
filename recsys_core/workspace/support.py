"""Which interactions of a launch are new."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recsys_core.tables.columns import CUSTOMER, PRODUCT


def new_support(interactions: pd.DataFrame, there: pd.DataFrame) -> pd.DataFrame:
    """The rows of `interactions` whose customer, product and timestamp aren't in `there`.

    A missing time equals a missing time. Two equal rows within `interactions` both stay: an order can
    have two lines of one product.
    """
    known = set(_rows(there))
    return interactions[np.array([event not in known for event in _rows(interactions)], dtype=bool)]


def _rows(interactions: pd.DataFrame) -> list[tuple[str, str, int]]:
    if "timestamp" in interactions:
        stamps = pd.to_datetime(interactions["timestamp"], utc=True).to_numpy("datetime64[ns]")
    else:
        stamps = np.full(len(interactions), "NaT", dtype="datetime64[ns]")
    customers, products = interactions[CUSTOMER].astype(str), interactions[PRODUCT].astype(str)
    return list(zip(customers, products, stamps.astype("int64").tolist(), strict=True))
