"""Revisions by a scripted model: what it writes, and what a judge thinks of it, stand in the test."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from configs.schema.judges.kinds import Judge
from infra.engines.questions import Request
from tasks.core.records import Label, Problem, Sample, Verdict
from tasks.sample.drive import Partners, drive
from tasks.sample.episode import POLICY
from tasks.sample.revision.revising import Revising
from tasks.sample.samplers.given import Given
from tasks.sample.samplers.registry import make_sampler
from tasks.sample.samplers.revise import Revise
from tests.build.records import make_problem, make_recipe
from tests.tasks.core.scripted import ScriptedPool, answerer, make_answers

Write = Callable[[Request, int], str]
LABELS = {"R": Label.CORRECT, "W": Label.WRONG, "U": Label.UNPARSEABLE}


def by_place(texts: Mapping[str, str], otherwise: str = "W") -> Write:
    """Texts by `REQUEST/DRAW`: a request is called by its parent and its step, `p/0:critique`; the first `p`."""
    return lambda request, draw: texts.get(f"{request.id}/{draw}", otherwise)


def by_letter(judge: Judge, samples: Sequence[Sample], problems: Mapping[str, Problem]) -> Iterable[Verdict]:
    """R is right, W wrong, U cannot be read; a number behind is the score and else 1 or 0. The answer is the text."""
    for sample in samples:
        label = Label.TRUNCATED if sample.is_truncated else LABELS[sample.text.strip()[0].upper()]
        number = sample.text.strip()[1:]
        score = float(number) if number[:1].isdigit() else {Label.CORRECT: 1.0, Label.WRONG: 0.0}.get(label)
        yield Verdict(sample.id, sample.problem_id, judge.name, label, score, sample.text)


def revise_sampler(folder: Path | None = None, others: Mapping[str, str] | None = None, **sections: Any) -> Revise:
    """The sampler of a recipe with these sections; prompts of one word lie in `folder`."""
    generate = {"kind": "revise", "max_tokens": 16, **sections.pop("generate", {})}
    recipe = make_recipe(generate=generate, **sections)
    return make_sampler(Given(recipe, "model", None, others or {}, folder or Path()))  # type: ignore[return-value]


def run(
    sampler: Revise,
    folder: Path,
    write: Write | None = None,
    pool: ScriptedPool | None = None,
    problems: Sequence[Problem] = (make_problem(question="Q?"),),
    others: Mapping[str, ScriptedPool] | None = None,
    judge: Any = by_letter,
) -> list[Revising]:
    """Finished episodes."""
    pool = pool or ScriptedPool(write=write or by_place({}))
    asked = {POLICY: answerer(pool), **{name: answerer(one, name) for name, one in (others or {}).items()}}
    return list(drive(sampler, problems, Partners(make_answers(folder), asked, judge), 5))


def labels(episode: Revising) -> dict[str, str]:
    """Letters of the attempts by id."""
    return {node.id: node.text for node in episode.nodes if node.is_answer}
