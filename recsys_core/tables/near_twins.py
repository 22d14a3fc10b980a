"""Ids that a person can't tell apart: they differ only by case, spaces, invisible characters or how letters are composed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_EXAMPLES = 3


def near_twins(ids: pd.Series, rows: np.ndarray, column: str) -> list[str]:
    """A note on such ids within a file; `rows` (n,) are their row numbers in it."""
    keys = _plain(ids)
    twins = keys[keys.duplicated(keep=False)]
    pairs = [at.to_numpy()[:2] for _, at in twins.index.to_series().groupby(twins.to_numpy(), sort=False)]
    shown = [f'"{ids.iloc[a]}" (row {rows[a]:,}) and "{ids.iloc[b]}" (row {rows[b]:,})' for a, b in pairs[:_EXAMPLES]]
    if not shown:
        return []
    return [
        f"Some values of {column} differ only by case, spaces or invisible characters: {_listed(shown, len(pairs))}. "
        "All were kept."
    ]


def near_twins_in_catalog(there: pd.Series, ids: pd.Series, rows: np.ndarray, column: str) -> list[str]:
    """A note on new ids, with their row numbers in the file, that are such twins of ids which are `there` already."""
    new = ~pc.is_in(pa.array(ids, pa.string()), value_set=pa.array(there, pa.string())).to_numpy(zero_copy_only=False)
    known = pd.Series(there.to_numpy(), index=_plain(there))
    known = known[~known.index.duplicated()]
    keys = _plain(ids)
    at = np.flatnonzero(new & keys.isin(known.index).to_numpy())
    if not len(at):
        return []
    shown = [f'"{ids.iloc[i]}" (row {rows[i]:,}) and "{known[keys.iloc[i]]}" in the catalog' for i in at[:_EXAMPLES]]
    return [
        f"Some new values of {column} differ from those of the catalog only by case, spaces or invisible characters: "
        f"{_listed(shown, len(at))}. They were taken for others."
    ]


def _plain(ids: pd.Series) -> pd.Series:
    text = pc.utf8_lower(pc.utf8_normalize(pa.array(ids, pa.string()), "NFKC"))
    plain = pc.replace_substring_regex(text, "[\\s\\p{Z}\\p{Cf}\u3164\u115f\u1160\ufe0f]+", "")
    return pd.Series(plain.to_pandas())


def _listed(shown: list[str], count: int) -> str:
    return ", ".join(shown) + (f", and {count - len(shown):,} more" if count > len(shown) else "")
