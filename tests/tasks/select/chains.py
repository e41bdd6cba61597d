"""Chains for tests, written as in the reference: W - R is a wrong attempt, a verdict that says wrong, a right one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tasks.core.joined import Candidate, with_chains
from tasks.core.records import Label, Part, Problem, Sample, Verdict
from tests.build.records import make_problem, make_sample, make_verdict

LABELS = {"R": Label.CORRECT, "W": Label.WRONG, "U": Label.UNPARSEABLE, "M": Label.MISSING}
SAID = {"+": "right", "-": "wrong", "?": None}


def chain_nodes(written: str, name: str = "p/0", problem: Problem | None = None) -> list[tuple[Sample, Verdict | None]]:
    """The texts of a chain with the judge's verdicts on attempts.

    Args:
        written: R, W, U, M (the judge has no answer), or a number, which is the score of an attempt nobody calls right
            or wrong; + - ? for verdicts;
            any other word is a critique.
    """
    problem_id = (problem or make_problem()).id
    nodes: list[tuple[Sample, Verdict | None]] = []
    parent, place = None, name
    for number, word in enumerate(written.split()):
        is_attempt = word in LABELS or word[0].isdigit()
        part = Part.ATTEMPT if is_attempt else Part.VERDICT if word in SAID else Part.CRITIQUE
        sample = make_sample(problem_id, 0, f"{word} {number}", id=place, parent_id=parent, part=part,
                             said=SAID.get(word))  # fmt: skip
        label = LABELS.get(word, Label.UNSCORED)
        told: dict[str, Any] = {"score": float(word)} if word[0].isdigit() else {}
        nodes.append((sample, make_verdict(sample, label, answer=word, **told) if is_attempt else None))
        parent, place = place, f"{place}/0"
    return nodes


def candidates(chains: Mapping[str, str], problem: Problem | None = None, inner: bool = False) -> list[Candidate]:
    """The attempts of these chains of one problem, by the id of their first attempt; without `inner` the last ones."""
    problem = problem or make_problem(question="How many?")
    members = [
        Candidate(sample, {"answer": verdict} if verdict else {}, problem)
        for name, written in chains.items()
        for sample, verdict in chain_nodes(written, name, problem)
    ]
    return [one for one in with_chains(members) if inner or one.is_last]


def root(one: Candidate) -> str:
    """Id of the first attempt."""
    return one.attempts[0].sample.id
