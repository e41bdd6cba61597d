"""What stopping early saved, in a line below the table of rounds. Pure; used by `table.py`."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.report.rounds import RoundReport


def draws_line(reports: Sequence[RoundReport]) -> str | None:
    """Of all rounds that could stop a problem's draws (`generate.adaptive`); None where none could.

    `draws: 214 made and 106 saved (33.1 %) in 2 rounds: 31 problems stopped with enough accepted, 2 were given up`
    """
    rounds = [report.metrics for report in reports if "num_draws_saved" in report.metrics]
    if not rounds:
        return None
    made, saved, stopped, given_up = (
        int(sum(metrics[name] for metrics in rounds))
        for name in ("num_draws", "num_draws_saved", "num_stopped", "num_given_up")
    )
    share = f" ({100 * saved / (made + saved):.1f} %)" if made + saved else ""
    noun = "round" if len(rounds) == 1 else "rounds"
    ends = f"{stopped:,} problems stopped with enough accepted" + (f", {given_up:,} were given up" if given_up else "")
    return f"draws: {made:,} made and {saved:,} saved{share} in {len(rounds)} {noun}: {ends}"
