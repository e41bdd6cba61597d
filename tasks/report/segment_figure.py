"""A segment's course as SVG, a panel a number, step after step: for report.html and MLflow. Pure but for drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tasks.report.svg import render_svg

PANELS = {
    "reward_mean": "reward", "acc_final": "accuracy", "probe_accuracy": "accuracy of the probe",
    "entropy": "entropy, nats a token",
    "kl_reference": "KL to the reference", "zero_signal_share": "groups without a signal",
    "tokens_mean": "tokens a text",
}  # fmt: skip
_LINE = "#0969DA"


def segment_figure(lines: Sequence[Mapping[str, Any]]) -> str | None:
    """The numbers of each optimizer step; None where there are none.

    Args:
        lines: of the segment's `metrics.jsonl`.
    """
    shown = {name: title for name, title in PANELS.items() if any(line.get(name) is not None for line in lines)}
    if not shown:
        return None

    def draw(figure: Any) -> None:
        panels = figure.subplots(2, (len(shown) + 1) // 2, squeeze=False).flatten()
        for axes, (name, title) in zip(panels, shown.items(), strict=False):
            known = [line for line in lines if line.get(name) is not None]
            steps, values = [line["step"] for line in known], [line[name] for line in known]
            axes.plot(steps, values, color=_LINE, linewidth=1.6, marker="o", markersize=2)
            axes.set_title(title)
        for axes in panels[len(shown) :]:
            axes.set_visible(False)

    return render_svg(draw, 9.0, 4.4)
