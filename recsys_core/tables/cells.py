"""The cells of a column of text, as number and date reading need them: trimmed, without marks of "nothing", in plain signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Column: TypeAlias = pa.ChunkedArray
"""A column of text without nulls, as it was read."""

NOTHING = ("-", "–", "—", "n/a", "N/A")
"""What shops write into a number or date column where there is none."""
_SAMPLE = 1_000


@dataclass(frozen=True)
class Converted:
    """A column's values, and what couldn't be converted.

    `values` has one entry for each row, null where the cell is empty or bad.
    `problems` holds pairs of (n_rows,) bool masks of bad cells, and what was expected in them.
    """

    values: pa.ChunkedArray | pa.Array
    problems: tuple[tuple[np.ndarray, str], ...] = ()
    notes: tuple[str, ...] = ()
    read_as: str = ""
    """How the cells were read, where that had to be guessed: decimal comma, as in “12,50”."""
    unsure: str = ""
    """A sentence where the guess may be wrong."""


def true_at(values: pa.ChunkedArray | pa.Array) -> np.ndarray:
    """(n,) bool, True where `values` is true, False where it is false or null."""
    return np.asarray(pc.fill_null(values, False).to_numpy(zero_copy_only=False), dtype=bool)


def matching(cells: pa.Array, pattern: str) -> np.ndarray:
    """(n,) bool: which cells match; null never does."""
    return true_at(pc.match_substring_regex(cells, pattern))


def null_where_empty(column: Column, trimmed: Column) -> Column:
    return pc.if_else(pc.equal(pc.binary_length(trimmed), 0), pa.scalar(None, pa.string()), column)


def filled(column: Column) -> Column:
    """The cells without the spaces around them, null where nothing is left."""
    trimmed = pc.utf8_trim_whitespace(column)
    return null_where_empty(trimmed, trimmed)


def cast_all(text: Column, type_: pa.DataType) -> pa.ChunkedArray | None:
    """All cells as Arrow reads them, None if there is one that it doesn't."""
    try:
        # Arrow takes seconds to fail on a long column, so a few cells from all over it go first.
        pc.cast(text.take(pa.array(np.linspace(0, len(text) - 1, min(len(text), _SAMPLE), dtype=np.int64))), type_)
        return pc.cast(text, type_)
    except pa.ArrowInvalid:
        return None


@dataclass(frozen=True)
class Distinct:
    """Each different cell of a column once, so that reading them costs by their number and not by the rows'."""

    cells: pa.Array
    """(n_distinct,) text as it stands in the column, without nulls and without marks of "nothing"."""
    at: pa.Array
    """(n_rows,) for each row its place in `cells`; null where it is empty."""
    rows: np.ndarray
    """(n_distinct,) how many rows have it."""
    notes: tuple[str, ...]

    def spread(self, values: pa.Array) -> pa.Array:
        """(n_rows,) values from those of the distinct cells, null where a row is empty."""
        return values.take(self.at)

    def spread_mask(self, mask: np.ndarray) -> np.ndarray:
        """(n_rows,) bool from the distinct cells', False where a row is empty."""
        return true_at(self.spread(pa.array(mask, pa.bool_())))


def distinct(text: Column, name: str) -> Distinct:
    """The different cells of `text`, the trimmed column `name`, whose empty cells are null."""
    nothing = pc.is_in(text, pa.array(NOTHING))
    count = pc.sum(nothing).as_py() or 0
    notes: tuple[str, ...] = ()
    if count:
        example = text.filter(nothing)[0].as_py()
        cells = "1 cell" if count == 1 else f"{count:,} cells"
        notes = (f"{cells} of {name} with “{example}” {'was' if count == 1 else 'were'} read as empty.",)
        text = pc.if_else(nothing, pa.scalar(None, pa.string()), text)
    encoded = text.combine_chunks().dictionary_encode()
    at = pc.drop_null(encoded.indices).to_numpy(zero_copy_only=False)
    return Distinct(encoded.dictionary, encoded.indices, np.bincount(at, minlength=len(encoded.dictionary)), notes)


def plain_signs(cells: pa.Array) -> pa.Array:
    """The cells with ASCII digits, signs and spaces where they hold full-width, no-break or thin ones."""
    # Only these: NFKC would also make "52" of "5²" and "1⁄2" of "½".
    foreign = pc.match_substring_regex(cells, r"[^\x00-\x7f]")
    if not pc.any(foreign).as_py():
        return cells
    safe = pc.and_(foreign, pc.invert(pc.match_substring_regex(cells, r"[\p{No}\p{So}]")))
    plain = pc.utf8_normalize(cells, "NFKC")
    plain = pc.replace_substring_regex(plain, "[’‘ʼ]", "'")
    return pc.if_else(safe, pc.replace_substring(plain, "−", "-"), cells)


def example(cells: pa.Array, mask: np.ndarray) -> str:
    """The first cell of `mask`, in quotation marks."""
    return f"“{cells[int(np.flatnonzero(mask)[0])].as_py()}”"
