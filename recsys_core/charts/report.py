"""One HTML file that shows everything without a network: figures, tables and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from plotly.offline import get_plotlyjs

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Section:
    """A part of a report: a heading, sentences, a figure and a table, each where there is one."""

    title: str
    sentences: Sequence[str] = ()
    figure: go.Figure | None = None
    table: pd.DataFrame | None = None
    """Of texts, as they are to be read."""


def report(title: str, made: str, figures: Sequence[tuple[str, str]], sections: Sequence[Section]) -> bytes:
    """figures: value and sentence of each, at the top. All texts are shown as typed."""
    # Plotly draws text as HTML of its own; the names in figures are safe already.
    templates = Environment(loader=FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    drawn = [
        {
            "title": section.title,
            "sentences": section.sentences,
            "figure": None if section.figure is None else Markup(_drawn(section.figure, number)),
            "columns": [] if section.table is None else [section.table.index.name or "", *section.table.columns],
            "rows": [] if section.table is None else [[row[0], *row[1:]] for row in section.table.itertuples()],
        }
        for number, section in enumerate(sections)
    ]
    text = templates.get_template("report.html").render(
        title=title, made=made, figures=figures, sections=drawn, plotly=Markup(get_plotlyjs())
    )
    return text.encode()


def _drawn(figure: go.Figure, number: int) -> str:
    figure = go.Figure(figure).update_layout(template="plotly_white", font={"family": "system-ui, sans-serif"})
    return pio.to_html(
        figure,
        include_plotlyjs=False,
        full_html=False,
        div_id=f"figure-{number}",
        config={"displaylogo": False, "responsive": True},
    )
