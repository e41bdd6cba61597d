"""How varied and how long a round's samples are. Called by the flow of a round, over groups streamed from files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tasks.core.records import Sample


def measure_variety(groups: Iterable[Sequence[Sample]]) -> dict[str, float]:
    """Variety and length of samples, under the names of `tasks/report/rounds.py`.

    distinct_rate   mean over problems of (distinct texts / samples), white space at the ends ignored; in (0, 1].
                    1: no text was drawn twice for a problem. A fall over rounds is the first sign of collapse.
    mean_tokens     mean length over samples, in tokens
    truncated_rate  share of samples that ended at max_tokens

    Args:
        groups: the samples of one problem each; held one group at a time.

    Returns:
        the three metrics; empty where there was no sample.
    """
    num_groups, num_samples, num_tokens, num_truncated, distinct = 0, 0, 0, 0, 0.0
    for group in groups:
        if not group:
            continue
        num_groups += 1
        num_samples += len(group)
        num_tokens += sum(sample.num_tokens for sample in group)
        num_truncated += sum(sample.is_truncated for sample in group)
        distinct += distinct_rate([sample.text for sample in group])
    if not num_samples:
        return {}
    return {
        "distinct_rate": distinct / num_groups,
        "mean_tokens": num_tokens / num_samples,
        "truncated_rate": num_truncated / num_samples,
    }


def distinct_rate(texts: Sequence[str]) -> float:
    """Distinct texts / texts, for one problem; white space at the ends is ignored. Raises ValueError for no text."""
    if not texts:
        raise ValueError("no texts: the rate is not defined")
    return len({text.strip() for text in texts}) / len(texts)
