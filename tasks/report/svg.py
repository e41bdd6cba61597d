"""Drawings of matplotlib as SVG text, the same bytes every time. Called by `figures.py`.

matplotlib is imported at the first drawing, without a display and without its global state.
"""

from __future__ import annotations

import functools
import hashlib
import io
import re
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import TypeAdapter

NUM_KEPT = 32
"""drawings that are kept: those of the end of a run, and few more"""
Rounds = TypeVar("Rounds")
Drawn = TypeVar("Drawn")

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


def drawn_once(draw: Callable[[Rounds], Drawn]) -> Callable[[Rounds], Drawn]:
    """Keep what was drawn of the same rounds: the report's page and MLflow show the same figures, and drawing one
    takes longer than a round's decision.

    Args:
        draw: from rounds, or rounds by name, to what is not changed afterwards.
    """
    kept: dict[bytes, Drawn] = {}

    @functools.wraps(draw)
    def drawn(rounds: Rounds) -> Drawn:
        key = hashlib.sha256(_ANYTHING.dump_json(rounds)).digest()
        if key not in kept:
            kept[key] = draw(rounds)
            while len(kept) > NUM_KEPT:
                kept.pop(next(iter(kept)), None)
        return kept[key]

    return drawn


_ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)


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
