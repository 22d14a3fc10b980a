"""Text that people gave us, made safe to show: it appears as it was typed, whatever Markdown or HTML it looks like."""

from __future__ import annotations

import html
import re

# Streamlit changes some sequences after Markdown has been read, when a backslash no longer helps: ":material/x:",
# ":smile:", "->", "www.", "a@b". A word joiner inside them has no width and keeps them apart.
_JOINER = "\u2060"
_CHANGED_LATER = re.compile(r"(?<=[:@<>=~-])(?=\S)|(?<=[wW])(?=[wW]{2}\.)|(?<=[tT][pP])(?=[sS]?://)")
_MARKDOWN = re.compile(r"([!#$&()*+\-.:<=>@\[\\\]^_`{|}~])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]+")


def plain(text: object, at_most: int = 200) -> str:
    """One line of user text for labels, captions, toasts, metrics and `st.markdown`; longer text ends in “…”.

    Not for `st.badge`, which escapes brackets itself.
    """
    line = one_line(text, at_most)
    return _MARKDOWN.sub(r"\\\1", _CHANGED_LATER.sub(_JOINER, line))


def for_html(text: object, at_most: int = 200) -> str:
    """One line of user text for Plotly, which reads a little HTML and LaTeX in labels and hover texts."""
    return html.escape(one_line(text, at_most)).replace("$", "&#36;").replace("%{", "%&#123;")


def one_line(text: object, at_most: int = 200) -> str:
    """The text without line breaks, control characters and marks that turn the writing direction; not escaped."""
    line = _CONTROL.sub(" ", str(text)).strip()
    return line if len(line) <= at_most else line[: at_most - 1].rstrip() + "…"
