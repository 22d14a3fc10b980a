"""Which interactions speak of interest."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys_core.tables.columns import RETURN


def is_interest(interactions: pd.DataFrame) -> np.ndarray:
    """(n,) bool: all but returns, and rows with a quantity of zero or less. In Arrow, for many rows."""
    keep = np.ones(len(interactions), dtype=bool)
    if "event_type" in interactions:
        event = pa.array(interactions["event_type"].astype("str"), pa.large_string(), from_pandas=True)
        returned = pc.equal(pc.utf8_lower(pc.utf8_trim_whitespace(event)), RETURN)
        keep &= ~pc.fill_null(returned, False).to_numpy(zero_copy_only=False).astype(bool)
    if "quantity" in interactions:
        keep &= ~(interactions["quantity"] <= 0).to_numpy(dtype=bool, na_value=False)
    return keep
