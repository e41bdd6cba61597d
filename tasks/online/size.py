"""How many rows a wave can have at most: what a learner lays out its batches for. Pure."""

from __future__ import annotations

from configs.schema.online.derived import Derived
from configs.schema.online.section import Online


def most_rows(online: Online) -> int:
    """Rows of a wave where every gate of its episodes is open, and every derived row is made."""
    return online.rows_of_wave + derived_rows(online)


def derived_rows(online: Online) -> int:
    """Rows of a wave that `online.derived` makes, at most."""
    return sum(_derived(one, online) for one in online.derived)


def _texts(online: Online) -> int:
    episode = online.episode
    texts = episode.most_texts if episode.kind == "revise" else online.group_size
    return online.problems_per_wave * max(texts, online.group_size)


def _derived(made: Derived, online: Online) -> int:
    """Copies of an attempt stand in its own row."""
    if made.kind == "attempts":
        return made.count * online.problems_per_wave
    if made.kind == "verdicts":
        return made.count * round(made.share * online.problems_per_wave * online.group_size)
    return _texts(online) if made.stream == "likelihood" else 0
