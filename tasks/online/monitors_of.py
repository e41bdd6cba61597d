"""What is measured of a wave: over all that was drawn, whatever was kept."""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.judges.kinds import Judge
from tasks.core.records import Author, Verdict
from tasks.online.draw import Drawn
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

NOT_ASKED = (Author.TEMPLATE, Author.SOLUTION, Author.PEER, Author.ENVIRONMENT)
"""who writes texts that no model is asked for"""


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
    of_episodes = [_verdicts(one) for one in drawn]
    verdicts = [verdict for own in of_episodes for verdict in own]
    first = verdicts[0].judge if verdicts else ""
    own = [[row.answer for row in rows if row.judge == first] for rows in of_episodes]
    used = sum(one.is_used for one in drawn)
    numbers: Numbers = {
        **reward_numbers([one.judged for one in drawn]),
        **signal_numbers([one.has_signal for one in drawn], used),
        **length_numbers(episodes, [row for row in verdicts if row.judge == first]),
        **turn_numbers(rollouts),
        **recall_numbers(rollouts),
        **judge_numbers(judges, of_episodes),
        **vote_numbers(judges, of_episodes),
        **choice_numbers(choice, rollouts),
        "acc_control": turn_numbers([rollout for one in drawn for rollout in one.group.control])["acc_final"],
        "lost_share": lost_share([one.drawn for one in drawn]),
        "advantage_abs": advantage_abs(settled.advantages),
        "vote_share": vote_share(own),
        "top_answer_share": top_answer_share(own),
    }
    return {name: value for name, value in numbers.items() if value is not None}


def lost_share(drawn: Sequence[Drawn]) -> float | None:
    """Of the texts that episodes asked for in turn, those that are in none: a text before an attempt that did not end,
    a prompt that is longer than the context. None where nothing is counted."""
    asked = sum(one.counts.get("num_asked", 0) for one in drawn)
    there = sum(node.by not in NOT_ASKED for one in drawn for node in one.nodes)
    return 1 - there / asked if asked else None


def _verdicts(one: Rated) -> list[Verdict]:
    """Of what is no control."""
    control = {turn.sample_id for rollout in one.group.control for turn in rollout.turns}
    return [verdict for verdict in one.drawn.verdicts if verdict.sample_id not in control]
