"""How long an engine may be silent before it counts as hung. Used by `session.py`."""

from __future__ import annotations

import time
from collections.abc import Callable

from configs.schema.engine import LocalEngine
from infra.engines.server_engine import ServerEngine


class Patience:
    """A clock that starts when a process starts, and again with every sign of life.

    Args:
        clock: seconds, for tests.

    Attributes:
        is_loaded: the model is loaded, so that the limit of silence holds.
    """

    def __init__(self, engine: LocalEngine | ServerEngine, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._clock = clock
        self.is_loaded = False
        self._last_sign = clock()

    def sign_of_life(self) -> None:
        """The engine told something, or got something to do."""
        self._last_sign = self._clock()

    def loaded(self) -> None:
        """The model is loaded: from here on the limit of silence holds."""
        self.is_loaded = True
        self.sign_of_life()

    @property
    def limit(self) -> float:
        return self._engine.silence_seconds if self.is_loaded else self._engine.load_seconds

    def left(self) -> float:
        """Seconds until silence counts as the end, 0 or more."""
        return max(0.0, self._last_sign + self.limit - self._clock())

    def describe(self) -> tuple[str, str]:
        """What went on for too long, and the field that limits it."""
        if self.is_loaded:
            return f"gave no sign of life for {self.limit:g} s", "engine.silence_seconds"
        return f"did not finish loading the model in {self.limit:g} s", "engine.load_seconds"


def shorter(*limits: float | None) -> float | None:
    """The shortest of some time limits, None being none."""
    return min((limit for limit in limits if limit is not None), default=None)
