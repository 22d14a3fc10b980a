"""Finds the row that holds the column names: the first one, unless a title stands above the table."""

from __future__ import annotations

import re
from collections.abc import Sequence

from recsys_core.errors import InvalidTable
from recsys_core.tables.columns import MAX_COLUMNS

SEARCHED = 30
"""Rows among which the column names are looked for."""

_ENOUGH = 0.6
"""Of the most cells that a row has: a row of names fills as many, a title fewer."""


def find_header(head: Sequence[tuple[int, Sequence[str]]], chosen: int | None, name: str) -> tuple[int, list[str]]:
    """The number of the row with the column names, and its cells, trimmed.

    `head` holds the first rows of the file with their numbers. Raises InvalidTable where there is no text, or nothing in the
    row that was chosen.
    """
    filled = [
        (row, cells) for row, values in head if any(cells := [value.strip().lstrip("\ufeff") for value in values])
    ]
    if not filled:
        raise InvalidTable(
            f"{name} is empty: it has no row with text. Expected the column names in its first row, and rows below."
        )
    row, header = _guessed(filled) if chosen is None else _chosen(filled, chosen, name)
    if len(header) > MAX_COLUMNS:
        raise InvalidTable(f"{name} has {len(header):,} columns; the limit is {MAX_COLUMNS:,}. Leave out some columns.")
    return row, header


def _chosen(filled: list[tuple[int, list[str]]], chosen: int, name: str) -> tuple[int, list[str]]:
    for row, cells in filled:
        if row == chosen:
            return row, cells
    raise InvalidTable(f"Row {chosen} of {name} has no text, so it can't hold the column names. Choose another row.")


def _guessed(filled: list[tuple[int, list[str]]]) -> tuple[int, list[str]]:
    enough = _ENOUGH * max(_width(cells) for _, cells in filled)
    if _width(filled[0][1]) >= enough:
        return filled[0]
    names = (line for line in filled if _width(line[1]) >= max(2, enough) and not any(map(looks_like_data, line[1])))
    return next(names, filled[0])


def _width(cells: list[str]) -> int:
    return sum(map(bool, cells))


def looks_like_data(value: str) -> bool:
    """Whether a header cell is rather a value: a number, a date, a code like U00225, or a long text."""
    return bool(re.search(r"\d{2}|^[\d.,+-]+$", value)) or len(value) > 60
