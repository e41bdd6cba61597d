"""What a reader sees of a segment: a line below the table of rounds, and a panel for each number that was measured."""

from __future__ import annotations

from tasks.report.online_line import online_line
from tasks.report.segment_figure import PANELS, segment_figure
from tests.tasks.report.example import baseline, trained

NUMBERS = {"reward_mean": 0.6123, "zero_signal_share": 0.25, "probe_accuracy": 0.5, "sampler_gap_mean": 1e-5}


def test_the_last_segment_has_a_line_of_what_was_measured_of_it() -> None:
    offline, last = baseline(), trained(2, 0.5, "promote")
    segment = last.model_copy(update={"metrics": NUMBERS})
    assert online_line([offline, segment, offline]) == (
        f"online, round {last.round}, mean of the last steps: reward 0.612, probe 50.0 %, "
        "25.0 % of groups without a signal, sampler's gap 1e-05 nats"
    )
    assert online_line([offline.model_copy(update={"metrics": {"report_accuracy": 1.0}})]) is None


def test_every_number_that_was_measured_has_a_panel_and_what_was_not_has_none() -> None:
    lines = [{"step": step, **dict.fromkeys(PANELS, 0.1 * step)} for step in (1, 2, 3)]
    whole = segment_figure(lines)
    assert whole is not None and all(f">{title}<" in whole for title in PANELS.values())
    some = segment_figure(
        [{"step": 1, "reward_mean": 0.5, "probe_accuracy": None}, {"step": 2, "probe_accuracy": 0.25}]
    )
    assert some is not None and ">accuracy of the probe<" in some and ">tokens a text<" not in some
    assert segment_figure([{"step": 1, "loss": 1.0}]) is None and segment_figure([]) is None
