"""What is measured of a wave: over all that was drawn, whatever was kept."""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.judges.kinds import Judge
from tasks.core.records import DropReason
from tasks.online.monitors.choices import choice_numbers
from tasks.online.monitors.judges import judge_numbers, vote_numbers
from tasks.online.monitors.turns import recall_numbers, turn_numbers
from tasks.online.monitors.wave import (
    Numbers,
    advantage_abs,
    length_numbers,
    reward_numbers,
    signal_numbers,
    top_answer_share,
    vote_share,
)
from tasks.online.settle import Rated, Settled


def wave_numbers(
    judges: Sequence[Judge], drawn: Sequence[Rated], settled: Settled, choice: str | None = None
) -> Numbers:
    """Numbers of a wave by metric name; what there is nothing to say of is left out.

    Args:
        judges: of the recipe; the first says what is right.
        choice: pattern of what texts chose.
    """
    episodes = [episode for one in drawn for episode in one.judged.episodes]
    rollouts = [episode.rollout for episode in episodes]
    verdicts = [verdict for one in drawn for verdict in one.drawn.verdicts]
    first = verdicts[0].judge if verdicts else ""
    own = [[row.answer for row in one.drawn.verdicts if row.judge == first] for one in drawn]
    told = [one.drawn.verdicts for one in drawn]
    used = sum(one.is_used for one in drawn)
    numbers: Numbers = {
        **reward_numbers([one.judged for one in drawn]),
        **signal_numbers([one.reason in ("", DropReason.FEW_VOTES) for one in drawn], used),
        **length_numbers(episodes, [row for row in verdicts if row.judge == first]),
        **turn_numbers(rollouts),
        **recall_numbers(rollouts),
        **judge_numbers(judges, told),
        **vote_numbers(judges, told),
        **choice_numbers(choice, rollouts),
        "advantage_abs": advantage_abs(settled.advantages),
        "vote_share": vote_share(own),
        "top_answer_share": top_answer_share(own),
    }
    return {name: value for name, value in numbers.items() if value is not None}
