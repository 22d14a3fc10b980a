"""Texts that a spreadsheet program runs as formulas, and the ' by which our files keep it from that."""

from __future__ import annotations

import re

_SIGN = "[=+\\-@\t\r\n＝＋－＠]"
"""What Excel, LibreOffice or Google Sheets take for the beginning of a formula."""
MARKED = f"^'('*{_SIGN})"
"""Pattern (Python's, Arrow's) of a text that is marked; the group is the text without its mark."""

_FORMULA = re.compile(_SIGN)
_TO_MARK = re.compile(f"'*{_SIGN}")
_MARKED = re.compile(MARKED)


def is_formula(text: str) -> bool:
    return _FORMULA.match(text) is not None


def marked(text: str) -> str:
    """The text with one ' before it where it would run; one that looks marked gets one more, so that `unmarked` gives it back."""
    return f"'{text}" if _TO_MARK.match(text) else text


def unmarked(text: str) -> str:
    """The text without the mark, if it has one."""
    return text[1:] if _MARKED.match(text) else text
