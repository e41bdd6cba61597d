"""Means over problems, collected one problem at a time."""

from __future__ import annotations

from tasks.core.step import Summary


class Means:
    """Named means; a value of None is left out, and so is a name that never had a value."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}

    def add(self, name: str, value: float | None) -> None:
        """Count one value."""
        if value is not None:
            self._sums[name] = self._sums.get(name, 0.0) + value
            self._counts[name] = self._counts.get(name, 0) + 1

    def numbers(self, prefix: str = "") -> Summary:
        """The means, in the order in which their names first came."""
        return {prefix + name: total / self._counts[name] for name, total in self._sums.items()}


def known(numbers: Summary) -> Summary:
    """The metrics that have a value: what is not known is absent, never zero."""
    return {name: value for name, value in numbers.items() if value is not None}
