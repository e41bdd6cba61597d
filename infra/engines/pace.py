"""How fast a session finishes sequences, for how far ahead it is fed. Used by `schedule.py`. Pure."""

from __future__ import annotations

WINDOW_SECONDS = 2.0


class Pace:
    """Sequences a second, over the last seconds in which any were finished.

    Args:
        now: seconds of the clock.

    Attributes:
        rate: sequences a second; None until something was finished for a while.
    """

    def __init__(self, now: float) -> None:
        self.rate: float | None = None
        self._since, self._num_finished = now, 0

    def add(self, num_finished: int, now: float) -> None:
        """So many more are finished."""
        self._num_finished += num_finished
        if now - self._since >= WINDOW_SECONDS:
            self.rate = self._num_finished / (now - self._since)
            self._since, self._num_finished = now, 0
