"""Filter `length_gap`: among problems of equal difficulty drop samples much shorter than the longest.

"Self-Improving Transformers Overcome Easy-to-Hard and Length Generalization Challenges" (arXiv 2502.01612):
keep y where chars(y) >= longest - theta, the longest being taken over all samples of one difficulty, because wrong
answers of a model that counts too few digits are short.

Where the code differs from the paper:
1. Length is counted in characters of the text; white space at its ends does not count.
2. Difficulty is the value of a problem's tag; problems without the tag are compared with one another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from configs.schema.select import LengthGap
from tasks.core.joined import Candidate
from tasks.core.records import DropReason
from tasks.select.filters.filter import Draw, Keep


def learn(groups: Iterable[Sequence[Candidate]], config: LengthGap, draw: Draw) -> Keep:
    """Reads the longest length of each difficulty; what it returns refuses what is more than theta shorter."""
    longest: dict[str, int] = {}
    for group in groups:
        for candidate in group:
            rung = _rung(candidate, config.tag)
            longest[rung] = max(longest.get(rung, 0), _length(candidate))

    def keep(group: Sequence[Candidate], config: LengthGap, draw: Draw) -> list[DropReason | None]:
        limits = [longest[_rung(candidate, config.tag)] - config.theta for candidate in group]
        return [
            None if _length(candidate) >= limit else DropReason.TOO_SHORT
            for candidate, limit in zip(group, limits, strict=True)
        ]

    return keep


def _length(candidate: Candidate) -> int:
    return len(candidate.sample.text.strip())


def _rung(candidate: Candidate, tag: str | None) -> str:
    prefix = f"{tag}="
    return next((text for text in candidate.problem.tags if tag and text.startswith(prefix)), "")
