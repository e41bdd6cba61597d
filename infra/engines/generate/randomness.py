"""Randomness of draws from a counter: the number for a token depends on its draw and its place alone.

Used by `decode.py`. SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
generators", OOPSLA 2014): its state is a counter, so that number n of a stream is one multiplication away. A stream of
its own for every draw is what lets draws be decoded in any company, be broken off, and be added to.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy

_STEP = numpy.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = numpy.uint64(0xBF58476D1CE4E5B9), numpy.uint64(0x94D049BB133111EB)


def uniforms(seeds: Sequence[int], place: int) -> numpy.ndarray:
    """Number `place`, from 0, of each draw: float64 in [0, 1), a multiple of 2**-53.

    Args:
        seeds: of the draws, 0 to 2**64 - 1, far apart (see `wire.draw_seed`): streams of near seeds would overlap.
    """
    state = numpy.array(seeds, dtype=numpy.uint64) + _STEP * numpy.array([place + 1], dtype=numpy.uint64)
    state = (state ^ (state >> numpy.uint64(30))) * _FIRST
    state = (state ^ (state >> numpy.uint64(27))) * _SECOND
    return ((state ^ (state >> numpy.uint64(31))) >> numpy.uint64(11)) * 2.0**-53
