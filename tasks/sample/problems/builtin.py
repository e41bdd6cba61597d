"""Built-in problems without files: sums and products of two n-digit numbers, with worked solutions.

Called by `sources.py`. A hash of the two numbers alone, in either order, says which set of a recipe they belong to:
47+85 and 85+47 fall into one set, and the sets of a recipe never overlap, whatever their seeds.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator

from configs.errors import ProblemsError
from configs.schema.problems import AdditionSource, ColumnsSource, MultiplicationSource
from tasks.core.records import Message, Problem
from tasks.sample.problems.arithmetic import write_addition, write_columns, write_multiplication

VERSION = 1
"""raised when the same settings would give other problems"""

PARTS = ("warm_start",) * 4 + ("train",) * 4 + ("select", "report")
"""shares of the problem space: four tenths each for learning, one tenth each for the held-out sets"""

ArithmeticSource = AdditionSource | MultiplicationSource
PairsSource = ArithmeticSource | ColumnsSource
Pair = tuple[int, int]


def make_addition(source: AdditionSource, part: str) -> Iterator[Problem]:
    """Sums such as `47+85=`; raises ProblemsError as `_draw_pairs` does."""
    for pair in _draw_pairs(source, part):
        yield _to_problem(source, *write_addition(*pair), sum(pair), pair)


def make_multiplication(source: MultiplicationSource, part: str) -> Iterator[Problem]:
    """Products such as `47*85=`; raises ProblemsError as `_draw_pairs` does."""
    for pair in _draw_pairs(source, part):
        yield _to_problem(source, *write_multiplication(*pair), pair[0] * pair[1], pair)


def make_columns(source: ColumnsSource, part: str) -> Iterator[Problem]:
    """Sums as rows of columns; raises ProblemsError as `_draw_pairs` does."""
    for a, b in _draw_pairs(source, part):
        prompt, solution, num_columns = write_columns(a, b, source.width)
        tags = (f"digits={len(str(max(a, b)))}", f"columns={num_columns}")
        yield Problem(f"{a}+{b}", (Message("user", prompt),), gold=solution, solution=solution, tags=tags)


def part_of(a: int, b: int) -> str:
    """The set that two numbers belong to, in whichever order."""
    digest = hashlib.sha256(f"{min(a, b)} {max(a, b)}".encode()).digest()
    return PARTS[int.from_bytes(digest[:8], "big") % len(PARTS)]


def _draw_pairs(source: PairsSource, part: str) -> Iterator[Pair]:
    """Distinct pairs of a set, the digit counts in turn while each lasts.

    Raises:
        ProblemsError: the set has fewer pairs than `num_problems`.
    """
    pools = [_draw_digits(digits, part, source.seed) for digits in dict.fromkeys(source.digits)]
    num_drawn = 0
    while pools:
        for pool in tuple(pools):
            pair = next(pool, None)
            if pair is None:
                pools.remove(pool)
                continue
            yield pair
            num_drawn += 1
            if num_drawn == source.num_problems:
                return
    digits = ", ".join(str(count) for count in source.digits)
    raise ProblemsError(
        f"{source.kind} with {digits} digits has {num_drawn} problems for {part}, and num_problems asks for "
        f"{source.num_problems}",
        f"write num_problems: {num_drawn} or fewer, or add a larger number to digits",
    )


def _draw_digits(digits: int, part: str, seed: int) -> Iterator[Pair]:
    """Distinct pairs of n-digit numbers in a set, in random order, until there are no more."""
    low, high = (0 if digits == 1 else 10 ** (digits - 1)), 10**digits
    generator = random.Random(f"{seed} {digits} {part}")
    seen: set[Pair] = set()
    while len(seen) < (high - low) ** 2:
        pair = (generator.randrange(low, high), generator.randrange(low, high))
        if pair not in seen:
            seen.add(pair)
            if part_of(*pair) == part:
                yield pair


def _to_problem(source: ArithmeticSource, term: str, solution: str, answer: int, pair: Pair) -> Problem:
    prompt = term if source.prompt is None else source.prompt.replace("{a}", str(pair[0])).replace("{b}", str(pair[1]))
    return Problem(
        id=term.rstrip("="),
        messages=(Message("user", prompt),),
        gold=str(answer),
        solution=solution,
        tags=(f"digits={len(str(max(pair)))}",),
    )
