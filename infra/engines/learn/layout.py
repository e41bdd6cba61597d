"""How the rows of a wave lie in optimizer steps, and those of a step on devices: the same steps, however many devices.

    7 rows, place 7 is empty, 2 steps of 2 batches of 2, in the order 4 0 6 2 7 1 3 5

    one device           step 0: [4 0] [6 2]    step 1: [7 1] [3 5]
    first of two         step 0: [4 0]          step 1: [7 1]
    second of two        step 0: [6 2]          step 1: [3 5]

Places without a row take part in no sum and no count (`tensors.py`). Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WaveLayout:
    """Args:
    num_steps: optimizer steps that share the rows of a wave.
    batches_per_step: batches that one device would cut a step into.
    batch_size: rows of a batch, unless a wave has more of them than were expected.
    num_devices: that share each step.
    """

    num_steps: int
    batches_per_step: int
    batch_size: int
    num_devices: int = 1

    @property
    def passes_per_step(self) -> int:
        """Backward passes of each device in a step."""
        return -(-self.batches_per_step // self.num_devices)

    def num_places(self, num_rows: int) -> int:
        """Of a wave with so many rows: as many as one device would fill its batches up to."""
        num_batches = self.num_steps * self.batches_per_step
        return max(self.batch_size, -(-num_rows // num_batches)) * num_batches

    def num_computed(self, num_places: int) -> int:
        """Rows of tensors for so many places: on several devices one more, which is empty for sure, and as many as
        make parts of one size."""
        num = self.num_devices
        return num_places if num == 1 else (num_places // num + 1) * num

    def steps(self, order: Sequence[int]) -> list[Sequence[int]]:
        """The places of each step.

        Args:
            order: of all places.
        """
        size = len(order) // self.num_steps
        return [order[number * size : (number + 1) * size] for number in range(self.num_steps)]

    def passes(self, step: Sequence[int], device: int, empty: int) -> list[list[int]]:
        """The places of each backward pass of one device in a step: on all devices there are equally many.

        Args:
            empty: a place without a row, for what a step does not fill.
        """
        size = -(-len(step) // (self.num_devices * self.passes_per_step))
        starts = [(number * self.num_devices + device) * size for number in range(self.passes_per_step)]
        found = [list(step[start : start + size]) for start in starts]
        return [places + [empty] * (size - len(places)) for places in found]
