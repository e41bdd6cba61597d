"""Who can do with fewer draws of a problem than it could have had: said where a component is declared, and held against
`generate.adaptive` in `adaptive_rules.py`."""

from __future__ import annotations

from typing import ClassVar


class TakesFewerDraws:
    """A component to which a problem may come with fewer than all its draws, for it looks at each by itself. Whatever
    does not say so needs them all, and `generate.adaptive` is refused beside it.

    Attributes:
        takes_fewer_draws: what the rule asks for; judges say it of themselves (`JudgeBase`).
        accepted_field: its field that says how many accepted draws of a problem it makes use of; None: of all.
        keeps_accepted: nothing passes it that its judge does not call correct.
    """

    takes_fewer_draws: ClassVar[bool] = True
    accepted_field: ClassVar[str | None] = None
    keeps_accepted: ClassVar[bool] = False
