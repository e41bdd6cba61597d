"""Ten problems worked on in up to three turns, of which every number is known."""

from __future__ import annotations

from tasks.evaluate.correction.course import Attempt, Course

LABELS = ("111", "111", "111", "100", "011", "011", "001", "000", "000", "010")
NUM_ATTEMPTS = (1, 1, 2, 2, 2, 2, 3, 1, 3, 3)
SAID = ("r", "r", "wr", "wr", "wr", "wr", "ww", "r", "ww", "ww")
NUM_RIGHT_OF_8 = (8, 7, 6, 5, 3, 4, 1, 0, 1, 3)
TURNS = 3


def course(name: str, labels: str, said: str) -> Course:
    """Of 100 tokens an attempt and 20 a verdict."""
    attempts = [
        Attempt(
            label == "1", label, f"it is {label}", place < len(said), said[place] == "r" if place < len(said) else None
        )
        for place, label in enumerate(labels)
    ]
    tokens = 100 * len(labels) + 20 * len(said)
    return Course(name, tuple(attempts), tokens, 100, len(labels) + len(said))


COURSES = [
    course(f"p{place}", labels[:number], said)
    for place, (labels, number, said) in enumerate(zip(LABELS, NUM_ATTEMPTS, SAID, strict=True), 1)
]
DRAWS = [[("8", True)] * right + [("7", False)] * (8 - right) for right in NUM_RIGHT_OF_8]
