"""How the benchmark of turns counts: a chain of two turns, by hand."""

from __future__ import annotations

from benchmarks.turns import count_read

PROMPT = list(range(100, 130))


def test_what_was_read_or_written_before_is_not_new() -> None:
    """Prompt 30, attempt 40, ask 10, verdict 12, ask 10: prompts of 30, 80 and 102 tokens; new are 30, 10 and 10."""
    first, ask, verdict, again = [1] * 40, [2] * 10, [3] * 12, [4] * 10
    chain = [
        ("p", PROMPT, [first]),
        ("p", [*PROMPT, *first, *ask], [verdict]),
        ("p", [*PROMPT, *first, *ask, *verdict, *again], [[5] * 50]),
    ]
    assert count_read(chain) == (212, 50)


def test_problems_share_nothing_and_branches_share_their_trunk() -> None:
    assert count_read([("p", PROMPT, [[1]]), ("q", PROMPT, [[1]])]) == (60, 60)
    branches = [("p", PROMPT, [[1, 2], [1, 3]]), ("p", [*PROMPT, 1, 2, 9], []), ("p", [*PROMPT, 1, 3, 9], [])]
    assert count_read(branches) == (30 + 33 + 33, 30 + 1 + 1)
