"""From the finished chain of a held-out problem to what its numbers are made of. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tasks.answer.equal import clusters
from tasks.core.records import SAID_RIGHT, SAID_WRONG, Author, Label, Part, Sample, Verdict
from tasks.evaluate.correction.course import Attempt, Course
from tasks.evaluate.subsets import Answers
from tasks.sample.revision.growing import TOKENS_DROPPED
from tasks.sample.revision.revising import Revising

_BY_RULE = frozenset({Author.TEMPLATE, Author.ENVIRONMENT})
_SAID = {SAID_RIGHT: True, SAID_WRONG: False}


def course_of(episode: Revising, judge: str, gate: str | None = None) -> Course:
    """The course of one problem. Where its first attempt was set aside, it is one attempt, wrong and without text.

    Args:
        episode: with one chain.
        judge: name of the one that knows gold.
        gate: of the one that says how sure it is of an attempt.
    """
    attempts = list[Attempt]()
    judged = [node for node in episode.nodes if node.part == Part.ATTEMPT]
    verdicts = [episode.opinions[node.id][judge] for node in judged]
    facts = iter(zip(verdicts, clusters([verdict.answer for verdict in verdicts]), strict=True))
    for node in episode.nodes:
        if node.part == Part.ATTEMPT:
            verdict, answer = next(facts)
            score = episode.opinions[node.id][gate].score if gate else None
            doubt = None if score is None else 1 - score
            attempts.append(Attempt(verdict.label == Label.CORRECT, answer, node.text, doubt=doubt))
        elif node.part == Part.VERDICT and node.by not in _BY_RULE:
            attempts[-1] = replace(attempts[-1], has_verdict=True, said_right=_SAID.get(node.said or ""))
    return Course(
        episode.problem.id,
        tuple(attempts) or (Attempt(is_right=False),),
        sum(node.num_tokens for node in episode.nodes) + episode.counts[TOKENS_DROPPED],
        judged[0].num_tokens if judged else 0,
        episode.counts["num_asked"],
    )


def attempts_judged(episode: Revising, judge: str) -> Iterable[Verdict]:
    """What one judge says of the attempts, in their order."""
    return (verdict for verdict in episode.verdicts if verdict.judge == judge)


def answers_of(samples: Sequence[Sample], verdicts: Sequence[Verdict]) -> dict[str, Answers]:
    """By problem the draws' answers, equal where they mean the same, and whether they are correct."""
    by_problem: dict[str, list[Verdict]] = {}
    for sample, verdict in zip(samples, verdicts, strict=True):
        by_problem.setdefault(sample.problem_id, []).append(verdict)
    return {
        name: [
            (answer, verdict.label == Label.CORRECT)
            for answer, verdict in zip(clusters([one.answer for one in found]), found, strict=True)
        ]
        for name, found in by_problem.items()
    }
