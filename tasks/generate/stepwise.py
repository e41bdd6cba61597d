"""Samples drawn step by step ("Process-based Self-Rewarding Language Models", arXiv 2503.03746).

At every step `width` candidates are drawn from the shared prefix and compared by the recipe's pairwise judge, both
orders; score_i is the number of candidates beaten. The best is continued. Each step's candidates are published as the
samples of a problem of their own, `PROBLEM#STEP`, so that judge, select and pair see nothing special.

1. A step at which all scores are equal makes no pair, and the text before it loses its last step (the paper's
   roll-back). Waves, not steps, are counted against `max_steps`, so that this ends.
2. Steps end at a given text; the paper lets the model mark them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from configs.errors import RecipeError
from configs.schema.generate import Sampling, StepwiseGenerate
from configs.schema.judge import PairwiseJudge
from infra.engines.wire import Completion, Request
from tasks.core.records import FinishReason, Part, Problem, Sample, Verdict
from tasks.core.refs import ModelRef
from tasks.core.step import derive_seed
from tasks.generate.run import chat_of


@dataclass
class Path:
    """A solution under way.

    Attributes:
        steps: texts of the steps taken, each with its end.
    """

    problem: Problem
    steps: list[str] = field(default_factory=list)
    num_waves: int = 0
    num_roll_backs: int = 0
    is_done: bool = False

    @property
    def prefix(self) -> str:
        return "".join(self.steps)

    def take(self, candidates: Sequence[Sample], scores: dict[str, float]) -> None:
        """Go on from the best of the candidates that have a score; of equals the first."""
        self.num_waves += 1
        if len(set(scores.values())) < 2:
            self.num_roll_backs += 1
            self.steps = self.steps[:-1]
            return
        best = max((one for one in candidates if one.id in scores), key=lambda sample: scores[sample.id])
        self.steps.append(best.text[len(best.prefix) :])
        self.is_done = best.finish_reason != FinishReason.STEP

    def next_problem(self) -> Problem:
        """The step that is asked for, as a problem of its own; the prefix is no part of its messages."""
        return replace(self.problem, id=f"{self.problem.id}#{self.num_waves}")


def step_sampling(config: StepwiseGenerate) -> Sampling:
    """The settings of one step: its end ends the draw."""
    return config.sampling().model_copy(update={"stop": (config.step_end, *config.stop)})


def step_request(path: Path, width: int, seed: int) -> Request:
    """The request for the next step of a path; `seed` is the stage's."""
    own = derive_seed(seed, path.problem.id, path.num_waves)
    return Request(path.next_problem().id, chat_of(path.problem), width, path.prefix, own)


def to_candidates(
    path: Path, completions: Sequence[Completion], config: StepwiseGenerate, model: ModelRef
) -> list[Sample]:
    """The candidates of one step, in order of their draws; each text begins with the path's prefix."""
    problem_id = path.next_problem().id
    return [
        Sample(
            id=f"{problem_id}/{row.index}",
            problem_id=problem_id,
            index=row.index,
            text=path.prefix + row.text + (config.step_end if row.stop_text == config.step_end else ""),
            finish_reason=FinishReason.STEP if row.stop_text == config.step_end else row.finish_reason,
            num_tokens=row.num_tokens,
            logprob=row.logprob,
            model=model.digest,
            part=Part.STEP,
            prefix=path.prefix,
        )
        for row in completions
    ]


def comparable(candidates: Sequence[Sample]) -> list[Sample]:
    """Candidates that a judge may compare: a truncated one never wins."""
    return [sample for sample in candidates if not sample.is_truncated]


def step_verdicts(candidates: Sequence[Sample], scores: dict[str, float], judge: PairwiseJudge) -> Iterator[Verdict]:
    """The number of candidates beaten, as verdicts; truncated ones have none."""
    for sample in candidates:
        if sample.is_truncated:
            yield Verdict(sample.id, sample.problem_id, judge.name, "truncated", note="the text ended at max_tokens")
        else:
            yield Verdict(sample.id, sample.problem_id, judge.name, "unscored", score=scores[sample.id])


def pairwise_judge(judges: Sequence[object]) -> PairwiseJudge:
    """The judge that compares steps.

    Raises:
        RecipeError: there is none; the recipe's rules say so first.
    """
    for judge in judges:
        if isinstance(judge, PairwiseJudge):
            return judge
    raise RecipeError("generate.kind stepwise needs a pairwise judge", "add judge: [{kind: pairwise}]")
