"""What texts chose, such as a strategy that they name: shares, and how often each is right. SMART, arXiv 2410.16128."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence

from tasks.online.monitors.wave import Numbers, share
from tasks.online.rollout import Rollout, Turn

MOST = 8
"""choices that have numbers of their own: a pattern that finds everything makes no thousand metrics"""


def choice_numbers(pattern: str | None, rollouts: Sequence[Rollout]) -> Numbers:
    """chosen_share: last attempts in which the pattern finds something. Of those: choice_NAME, their share,
    accuracy_NAME, right ones of a choice, and choice_entropy in nats.

    Args:
        pattern: with one group; None: nothing is counted.
    """
    last = [rollout.turns[rollout.attempts[-1]] for rollout in rollouts if rollout.attempts]
    if pattern is None or not last:
        return {}
    found: dict[str, list[Turn]] = defaultdict(list)
    for turn in last:
        if (match := re.search(pattern, turn.text)) is not None and match[1]:
            found[_name(match[1])].append(turn)
    total = sum(map(len, found.values()))
    numbers: Numbers = {"chosen_share": total / len(last)}
    for name, turns in sorted(found.items(), key=lambda one: (-len(one[1]), one[0]))[:MOST]:
        numbers[f"choice_{name}"] = len(turns) / total
        numbers[f"accuracy_{name}"] = share(turn.is_right is True for turn in turns)
    shares = [len(turns) / total for turns in found.values()]
    return {**numbers, "choice_entropy": -math.fsum(one * math.log(one) for one in shares) + 0.0 if shares else None}


def _name(text: str) -> str:
    """A choice as part of a metric's name."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:40] or "other"
