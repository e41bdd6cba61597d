"""How many rows a wave can have at most: what a learner lays out its batches for. Pure."""

from __future__ import annotations

from configs.schema.online.derived import Derived
from configs.schema.online.section import Online


def most_rows(online: Online) -> int:
    """Rows of a wave where every gate of its episodes is open, and every derived row is made."""
    episode = online.episode
    texts = episode.most_texts if episode.kind == "revise" else online.group_size
    own = online.problems_per_wave * max(texts, online.group_size)
    return own + sum(_derived(one, online, own) for one in online.derived)


def _derived(made: Derived, online: Online, texts: int) -> int:
    """Of a wave with so many texts; copies of an attempt stand in its own row."""
    if made.kind == "attempts":
        return made.count * online.problems_per_wave
    if made.kind == "verdicts":
        return made.count * round(made.share * online.problems_per_wave * online.group_size)
    return texts if made.stream == "likelihood" else 0
