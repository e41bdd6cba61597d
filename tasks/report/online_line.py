"""One line on online training below a table of rounds: what a segment drew and how it went. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.report.rounds import RoundReport

_SHOWN = {
    "reward_mean": "reward {:.3f}", "entropy": "entropy {:.3f} nats", "kl_reference": "KL to the reference {:.4f} nats",
    "probe_accuracy": "probe {:.1%}", "zero_signal_share": "{:.1%} of groups without a signal",
    "sampler_gap_mean": "sampler's gap {:.2g} nats",
}  # fmt: skip


def online_line(reports: Sequence[RoundReport]) -> str | None:
    """Of the last round that was a segment; None where none was.

    `online, round 2, mean of the last steps: reward 0.612, entropy 0.431 nats, 25.0 % of groups without a signal`
    """
    segments = [report for report in reports if "zero_signal_share" in report.metrics]
    if not segments:
        return None
    metrics = segments[-1].metrics
    words = [form.format(metrics[name]).replace("%", " %") for name, form in _SHOWN.items() if name in metrics]
    return f"online, round {segments[-1].round}, mean of the last steps: {', '.join(words)}"
