"""What a pool has done so far of one call, as its progress shows it. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from infra.engines.runner import Progress
from infra.engines.wire import OnProgress


class Tally:
    """Samples and tokens of one call; what a process that ended had done does not count."""

    def __init__(self, on_progress: OnProgress | None) -> None:
        self._on_progress = on_progress
        self._open: dict[str, tuple[int, int]] = {}
        self._done = (0, 0)

    def add(self, event: Progress) -> None:
        samples, tokens = self._open.get(event.name, (0, 0))
        self._open[event.name] = samples + event.num_samples, tokens + event.num_tokens
        self._tell()

    def close(self, name: str) -> None:
        """A job is answered."""
        samples, tokens = self._open.pop(name, (0, 0))
        self._done = self._done[0] + samples, self._done[1] + tokens

    @property
    def num_done(self) -> int:
        """Samples of answered jobs."""
        return self._done[0]

    def forget(self, names: Iterable[str]) -> None:
        for name in names:
            self._open.pop(name, None)

    def _tell(self) -> None:
        if self._on_progress is not None:
            samples, tokens = zip(self._done, *self._open.values(), strict=True)
            self._on_progress(sum(samples), sum(tokens))
