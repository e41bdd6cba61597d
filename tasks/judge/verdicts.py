"""The one door to judging: from samples to verdicts, by rule or by asking models. Bounded memory.

The judge stage, stepwise and guided sampling, calibration, evaluation, best-of-k and `selfloop stage` all call
`judge_samples`. Models are asked first (`ask.py`); then one pass over the samples makes the verdicts, problem after
problem.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import islice, tee

from configs.schema.judges.kinds import Judge
from tasks.core.joined import Group, group_samples
from tasks.core.records import Label, Sample, Verdict
from tasks.judge.ask import ask_models
from tasks.judge.judgements import ByProblem, InMemory, Judgements
from tasks.judge.kind import Evidence
from tasks.judge.kinds.registry import judges_needed, kind_of
from tasks.judge.verifiers.outcomes import rule_outcomes
from tasks.judge.verifiers.pool import Outcome, items_to_verify
from tasks.judge.world import World


def judge_samples(
    samples: Iterable[Sample],
    judges: Sequence[Judge],
    world: World,
    given: Mapping[str, Iterable[Verdict]] | None = None,
    kept: Judgements | None = None,
) -> Iterator[Verdict]:
    """One verdict for every answer and judge: all verdicts of an answer, in the order of the judges, then the next.

    Texts around answers are passed over (`Sample.is_answer`). A truncated answer is judged by none, nor is one without
    a text. At most one problem's samples, and what verifiers read ahead, are in memory, beside the judgements where
    nobody publishes them.

    Args:
        samples: those of a problem lie together. Read once, and once more for each pass of a judge that asks a model.
        given: by judge name, verdicts on these samples that were made before, in their order; they are taken over.
            Judges that are needed, and neither here nor among `judges`, are those of the bench's recipe; they are asked
            too.
        kept: where judgements are kept. Default: in memory.

    Raises:
        ProblemsError: a sample's problem is not there, or has no gold answer that a judge can compare with.
        EngineError: an engine could not load a model, or died.
        RecipeError: a role has no model yet, or a judge could not judge with these models.
    """
    answers, given, kept = AnswersAmong(samples), given or {}, kept or InMemory()
    asked = _with_needed(judges, world, given)
    ask_models([judge for judge in asked if judge.name not in given], answers, world, kept)
    wanted = {judge.name for judge in judges}
    for verdict in make_verdicts(answers, asked, world, given, kept):
        if verdict.judge in wanted:
            yield verdict


@dataclass(frozen=True)
class AnswersAmong:
    """The samples that judges look at, read anew each time."""

    samples: Iterable[Sample]

    def __iter__(self) -> Iterator[Sample]:
        return (sample for sample in self.samples if sample.is_answer)


def unjudged_verdict(sample: Sample, judge: str) -> Verdict:
    """The verdict of every judge on a sample that is not whole."""
    label, note = Label.TRUNCATED, "the text ended at max_tokens"
    if not sample.is_truncated:
        label, note = Label.MISSING, "there is no text: the request has no answer"
    return Verdict(sample.id, sample.problem_id, judge, str(label), note=note)


def _with_needed(judges: Sequence[Judge], world: World, given: Mapping[str, Iterable[Verdict]]) -> list[Judge]:
    """These judges, each after those that it needs and that nobody else speaks for."""
    known = [*judges, *(world.bench.recipe.judge if world.bench else ())]
    asked: list[Judge] = []
    for judge in judges:
        is_told = judge.name in given or given.keys() >= set(judge.needed_judges)
        needed = [] if is_told else judges_needed(judge, known)
        asked += [one for one in (*needed, judge) if one not in asked]
    return asked


def make_verdicts(
    samples: Iterable[Sample],
    judges: Sequence[Judge],
    world: World,
    given: Mapping[str, Iterable[Verdict]],
    kept: Judgements,
) -> Iterator[Verdict]:
    new = [judge for judge in judges if judge.name not in given]
    ruled = [judge for judge in new if judge.rule is not None]
    own, *copies = tee(samples, len(ruled) + 1)
    with ExitStack() as stack:
        outcomes = {
            judge.name: stack.enter_context(closing(_outcomes(judge, copy, world)))
            for judge, copy in zip(ruled, copies, strict=True)
        }
        del copies  # a copy that nobody reads would hold every sample
        sources = [_Source(judge, outcomes.get(judge.name), kept) for judge in new]
        before = {name: iter(verdicts) for name, verdicts in given.items()}
        for group in group_samples(own, world.problems):
            made = {name: list(islice(verdicts, len(group.samples))) for name, verdicts in before.items()}
            for source in sources:
                made[source.judge.name] = source.verdicts(group, made)
            for of_one_sample in zip(*(made[judge.name] for judge in judges), strict=True):
                yield from of_one_sample


def _outcomes(judge: Judge, samples: Iterable[Sample], world: World) -> Generator[Outcome, None, None]:
    return rule_outcomes(judge, items_to_verify(samples, world.problems, judge), world.verifying, world.answers)


class _Source:
    """One judge with the streams that it reads."""

    def __init__(self, judge: Judge, outcomes: Iterator[Outcome] | None, kept: Judgements) -> None:
        self.judge, self._kind, self._outcomes = judge, kind_of(judge), outcomes
        self._streams = {
            asked.name: ByProblem(kept.read(judge.name, asked.name)) for asked in judge.passes if asked.about is None
        }
        self._whole = {
            asked.name: list(kept.read(judge.name, asked.name)) for asked in judge.passes if asked.about is not None
        }

    def verdicts(self, group: Group, made: Mapping[str, Sequence[Verdict]]) -> list[Verdict]:
        """One verdict a sample of the group.

        Args:
            made: by judge, one a sample.
        """
        evidence = Evidence(
            outcomes=list(islice(self._outcomes, len(group.whole_samples))) if self._outcomes else (),
            judgements=self._whole | {name: rows.take(group.problem.id) for name, rows in self._streams.items()},
            verdicts={name: _on_whole(group, made[name]) for name in self.judge.needed_judges},
        )
        judged = iter(self._kind.verdicts(self.judge, group, evidence))
        return [
            next(judged) if sample.is_whole else unjudged_verdict(sample, self.judge.name) for sample in group.samples
        ]


def _on_whole(group: Group, verdicts: Sequence[Verdict]) -> list[Verdict]:
    pairs = zip(group.samples, verdicts, strict=True)
    return [verdict for sample, verdict in pairs if sample.is_whole]
