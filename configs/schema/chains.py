"""What a chain is made of: the parts that its texts can be, and what a filter, a row or a reward needs of them.

A sampler says which parts it writes (`parts`, `revises` in generate.py), a component that reads chains says what it
needs (`ReadsChains`), and `part_rules.py` holds the one against the other. To add a kind that reads parts: this mixin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

Part = Literal["attempt", "critique", "verdict", "hint", "execution", "action", "observation", "step"]
REVISION = "revision"
"""not a part: an attempt that follows another one in its chain"""
AROUND = "around"
"""not a part: any text around the attempts"""


class ReadsChains:
    """A component that does nothing, or keeps nothing, where chains lack something.

    Attributes:
        always_needs: what its kind needs, whatever its fields say: parts, REVISION or AROUND.
        always_reads_labels: its kind looks at what its judge calls correct, and at no score.
    """

    always_needs: ClassVar[tuple[str, ...]] = ()
    always_reads_labels: ClassVar[bool] = False

    @property
    def reads_labels(self) -> bool:
        """Whether it looks at what its judge calls correct."""
        return self.always_reads_labels

    def chain_needs(self) -> Iterator[tuple[str, str]]:
        """What it needs, each with the field that says so; empty where its kind does."""
        yield from (("", part) for part in self.always_needs)


def link_needs(links: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    """What texts put before parts need; the first text of a row has none, so an attempt must follow another."""
    yield from (("links", REVISION if part == "attempt" else str(part)) for part in links)
