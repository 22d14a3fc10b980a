"""How a shop's file is to be read as one of our tables: what a person chose, or a saved template says; the rest is guessed."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, PositiveInt

Decimal = Literal[".", ","]
DateOrder = Literal["ymd", "dmy", "mdy"]
Delimiter = Literal[",", ";", "\t", "|"]


class Mapping(BaseModel, frozen=True, extra="forbid"):
    """Choices for one file; None: guessed. As JSON it is what the shell's --mapping takes."""

    encoding: str | None = None
    """Python's name of a text file's encoding, such as "utf-8" or "cp1252"."""
    delimiter: Delimiter | None = None
    """What stands between the values of a text file."""
    sheet: str | None = None
    """The sheet of a workbook; the first one with text if None."""
    header_row: PositiveInt | None = None
    """The row that holds the column names, counted from 1; what is above it is left out."""
    decimal: Decimal | None = None
    """What divides whole from fraction in all number columns."""
    dates: DateOrder | None = None
    """The order of day, month and year in all date columns."""
    columns: dict[str, str | None] = Field(default_factory=dict)
    """Our column → the file's; None: the file has none. Columns of ours that aren't here are guessed."""
    left_out: tuple[str, ...] = ()
    """The file's columns that aren't wanted, not even as attributes."""
