"""Drawings of matplotlib as SVG text, the same bytes every time. Called by `figures.py`.

matplotlib is imported at the first drawing, without a display and without its global state.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

_STYLE: Any = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["Helvetica", "Arial", "DejaVu Sans", "sans-serif"],
    "font.size": 10,
    "text.parse_math": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#8C959F",
    "axes.labelcolor": "#3D444D",
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": "#E4E8EC",
    "xtick.color": "#59636E",
    "ytick.color": "#59636E",
    "legend.frameon": False,
    "legend.fontsize": 9,
    "legend.handlelength": 3,
    "figure.facecolor": "#FFFFFF",
}


def render_svg(draw: Callable[[Any], None], width: float, height: float = 3.1) -> str:
    """Let `draw` fill an empty matplotlib figure, and return it as SVG: no date, fixed ids, text kept as text.

    Args:
        draw: called with the figure.
        width, height: in inches.

    Returns:
        text that starts at `<svg` and refers to nothing outside itself, fit to stand in a page or a file.
    """
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": "selfloop"}):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure)
        buffer = io.StringIO()
        FigureCanvasSVG(figure).print_svg(buffer, metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    svg = buffer.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    # matplotlib's names of groups would occur once a figure in a page; ids it refers to have no underscore.
    return re.sub(r' id="[A-Za-z0-9.]+_\d+"', "", svg)
