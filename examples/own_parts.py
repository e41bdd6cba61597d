"""The parts that `own_parts.yaml` names: a verifier and a filter, in a file of one's own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tasks.core.joined import Candidate
from tasks.core.records import Problem, Sample


def score(problem: Problem, sample: Sample) -> bool | None:
    """Whether the last number of the text is the answer; None, which is no verdict, where there is no number."""
    numbers = re.findall(r"\d+", sample.text)
    return int(numbers[-1]) == int(problem.gold or "") if numbers else None


def tersest(candidates: Sequence[Candidate]) -> list[str | None]:
    """Keep the two shortest samples of a problem; the others are counted as dropped_wordy."""
    order = sorted(range(len(candidates)), key=lambda place: candidates[place].sample.num_tokens)
    kept = set(order[:2])
    return [None if place in kept else "wordy" for place in range(len(candidates))]
