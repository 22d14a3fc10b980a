"""One look for all figures. Colours come from the app's theme, light or dark: figures name none, except by role."""

from __future__ import annotations

import plotly.graph_objects as go

QUIET = "rgba(128, 140, 136, 0.55)"
"""What is there for comparison; fits both themes."""
ACCENT_FILL = "rgba(26, 147, 138, 0.14)"
"""The area under a line; fits both themes."""
CONFIG = {"displayModeBar": False, "scrollZoom": False, "responsive": True}
"""For `st.plotly_chart(config=...)`: no tool bar, and a page that scrolls where the mouse is on a figure."""


def styled(figure: go.Figure, *, height: int = 260, x_title: str = "", y_title: str = "") -> go.Figure:
    """The same figure with our margins, grid lines and titles; returned for chaining."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        showlegend=False,
        hoverlabel={"align": "left"},
        bargap=0.25,
        dragmode=False,
    )
    figure.update_xaxes(title_text=x_title, showgrid=False, zeroline=False, automargin=True)
    figure.update_yaxes(title_text=y_title, showgrid=True, zeroline=False, automargin=True)
    return figure
