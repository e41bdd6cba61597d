"""Program: draws problems of a task of reasoning-gym. Started by tasks/sample/problems/gym.py.

    PYTHONHASHSEED=0 python -m infra.gym.draw_program '{"task": ..., "part": "train", "num_problems": ..., ...}'

A process of its own, since some tasks draw in the order of sets of texts, which only PYTHONHASHSEED fixes, and some
from the generators that all of a process shares. The request holds task, level, difficulty, seed, part, num_problems
and out. One message answers: {"num_rows": n}, or {"error": kind, "detail": words, "choices": [...]} of `GymError`;
each line of `out` is then {"question", "answer", "gold"}.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra.gym.package import GymError, make_task, own_settings, to_json
from infra.process.protocol import Channel

VERSION = 1
"""raised when the same request would be answered with other problems"""
PARTS = {"warm_start": "train", "train": "train", "select": "select", "report": "report"}
SHARES = ("train", "train", "select", "report")
"""of a task's questions: half for learning, a quarter each for the held-out sets"""
CHUNK = 500
"""entries of one seed: some tasks draw all of a seed at once"""
MAX_MISSES = 1000
"""entries in a row that are no new question of the set: then it is taken to have no more"""

Entry = dict[str, Any]


def main(request: dict[str, Any]) -> None:
    """Answer one request."""
    channel = Channel(commands=False)
    try:
        channel.send({"num_rows": draw(request)})
    except GymError as error:
        channel.send(error.answer)


def draw(request: dict[str, Any]) -> int:
    """Write the problems asked for; returns their number.

    Raises:
        GymError: the task cannot be made, or has fewer questions of this set.
    """
    task, part, wanted = request["task"], request["part"], request["num_problems"]
    settings = own_settings(task, request["level"], request["difficulty"])
    seen: set[str] = set()
    misses, failure = 0, ""
    with Path(request["out"]).open("w", encoding="utf-8") as out:
        for entry in _entries(task, settings, f"{request['seed']} {task} {part}"):
            question = entry.get("question") or ""
            failure = entry.get("failure", failure)
            if not question or question in seen or part_of(question) != PARTS[part]:
                misses += 1
                if misses > MAX_MISSES:
                    raise GymError("too_few", failure, [str(len(seen))])
                continue
            misses = 0
            seen.add(question)
            gold = to_json({"task": task, "settings": settings, "entry": entry})
            row = {"question": question, "answer": entry["answer"], "gold": gold}
            out.write(json.dumps(row) + "\n")
            if len(seen) == wanted:
                return wanted
    raise AssertionError("entries do not end")


def part_of(question: str) -> str:
    """The set that a question belongs to, whatever the seeds and settings: sets of a task never share one."""
    digest = hashlib.sha256(" ".join(question.split()).encode()).digest()
    return SHARES[int.from_bytes(digest[:8], "big") % len(SHARES)]


def _entries(task: str, settings: dict[str, Any], seed: str) -> Iterator[Entry]:
    """Entries without end, a chunk a seed; {"failure": words} where one could not be made, as happens by chance."""
    import numpy

    chunk = 0
    while True:
        number = int.from_bytes(hashlib.sha256(f"{seed} {chunk}".encode()).digest()[:4], "big") >> 1
        random.seed(number)
        numpy.random.seed(number)
        dataset = make_task(task, settings, seed=number, size=CHUNK)
        for index in range(CHUNK):
            try:
                yield dataset[index]
            except Exception as error:  # whatever a generator of the package stumbles over
                yield {"failure": f"{type(error).__name__}: {error}"}
        chunk += 1


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
