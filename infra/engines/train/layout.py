"""How the examples of an optimizer step lie on devices: the same step, however many there are.

    step of 10 on 2 devices, backward passes of 2      device 0: [0 1] [4 5] [8]      device 1: [2 3] [6 7] [9]
    last step of 5 (the epoch ends)                    device 0: [0 1] [4]/2          device 1: [2 3] [4]/2

All devices have backward passes of the same sizes, since collectives gather them side by side. What is left over, fewer
examples than devices, every device computes, and each counts for its share: nothing is padded, repeated or left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Piece:
    """Examples of one backward pass on one device, and what they count for there: 1, or 1 / number of devices."""

    examples: tuple[int, ...]
    share: float = 1.0


@dataclass(frozen=True)
class Layout:
    """Args:
    step_size: examples of an optimizer step, on all devices together.
    num_devices: a divisor of it.
    micro_size: examples of a backward pass at most.
    """

    step_size: int
    num_devices: int
    micro_size: int

    def num_steps(self, num_examples: int) -> int:
        """Steps of an epoch; the last may be short."""
        return -(-num_examples // self.step_size)

    def steps(self, order: Sequence[int], device: int) -> list[list[Piece]]:
        """The steps of an epoch, as the backward passes of one device.

        Args:
            order: examples in the order in which one device would take them.
        """
        starts = range(0, len(order), self.step_size)
        return [self.pieces(order[start : start + self.step_size], device) for start in starts]

    def pieces(self, step: Sequence[int], device: int) -> list[Piece]:
        """The backward passes of one device in a step."""
        num_even = len(step) - len(step) % self.num_devices
        found = []
        for start in range(0, num_even, self.num_devices * self.micro_size):
            together = step[start : min(num_even, start + self.num_devices * self.micro_size)]
            size = len(together) // self.num_devices
            found.append(Piece(tuple(together[device * size : (device + 1) * size])))
        for start in range(num_even, len(step), self.micro_size):
            found.append(Piece(tuple(step[start : start + self.micro_size]), 1 / self.num_devices))
        return found


def largest_divisor(number: int, limit: int) -> int:
    """The largest divisor of a number that is not above a limit of 1 or more."""
    return next(size for size in range(min(number, limit), 0, -1) if number % size == 0)
