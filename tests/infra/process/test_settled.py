"""What was there before is left alone, what comes later is collected, and afterwards all is as before."""

from __future__ import annotations

import gc
import weakref

from infra.process.settled import settled


class Ring:
    """Refers to itself."""

    def __init__(self) -> None:
        self.itself = self


def test_only_what_comes_later_is_looked_through() -> None:
    before = Ring()
    old = weakref.ref(before)
    with settled():
        assert gc.get_freeze_count() > 1000
        new = weakref.ref(Ring())
        del before
        gc.collect()
        assert new() is None and old() is not None
    gc.collect()
    assert old() is None and gc.get_freeze_count() == 0
