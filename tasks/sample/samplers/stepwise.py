"""Sampler `stepwise`: samples drawn step by step. Pure.

"Process-based Self-Rewarding Language Models", arXiv 2503.03746.

At every step `width` candidates are drawn from the shared prefix and compared by the recipe's pairwise judge, both
orders; score_i is the number of candidates beaten. The best is continued. Each step's candidates are the samples of a
problem of their own, `PROBLEM#STEP`, so that judge, select and pair see nothing special; they have no parent, since it
would be a sample of another problem, and the path to them stands in `prefix`.

1. A step at which all scores are equal makes no pair, and the text before it loses its last step (the paper's
   roll-back). Waves, not steps, are counted against `max_steps`, so that this ends.
2. Steps end at a given text; the paper lets the model mark them.
3. A candidate that ended at max_tokens is not compared: it loses to every one that did not. It has no score, so that
   nothing is trained on it.
4. A candidate of which no comparison could be read has no score, and is neither the best nor the worst.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from configs.errors import RecipeError
from configs.schema.drawing import Sampling
from configs.schema.generate import StepwiseGenerate
from configs.schema.judges.kinds import Judge
from configs.schema.judges.opinions import PairwiseJudge
from infra.engines.questions import Completion, Request
from tasks.core.records import FinishReason, Label, Part, Problem, Sample, Verdict
from tasks.core.step import Summary, derive_seed
from tasks.sample.episode import POLICY, Answer, Episode, Opinions, Question, Texts, chat_of, to_sample
from tasks.sample.samplers.given import Given


@dataclass(frozen=True)
class Climb(Episode):
    """A solution under way.

    Attributes:
        steps: texts of the steps taken, each with its end.
        num_waves: steps asked for, those that were rolled back included.
        candidates: drawn, and not compared yet.
    """

    steps: tuple[str, ...] = ()
    num_waves: int = 0
    num_roll_backs: int = 0
    candidates: tuple[Sample, ...] = ()
    is_done: bool = False

    @property
    def prefix(self) -> str:
        return "".join(self.steps)

    @property
    def step_problem(self) -> Problem:
        """The step that is asked for, as a problem of its own; the prefix is no part of its messages."""
        return replace(self.problem, id=f"{self.problem.id}#{self.num_waves}")

    @property
    def rivals(self) -> tuple[Sample, ...]:
        """Candidates that a judge may compare: a truncated one never wins."""
        return tuple(sample for sample in self.candidates if not sample.is_truncated)


@dataclass(frozen=True)
class Stepwise:
    """Climbs step by step.

    Attributes:
        judge: compares.
        model: digest of the model that writes.
    """

    config: StepwiseGenerate
    judge: PairwiseJudge
    model: str
    is_single_wave = False
    has_one_writer = False
    makes_problems = True

    @property
    def settings(self) -> Sequence[Sampling]:
        return [step_sampling(self.config)]

    @property
    def judges(self) -> Sequence[Judge]:
        return (self.judge,)

    def begin(self, problem: Problem, index: int, seed: int) -> Climb:
        return Climb(problem, index, seed)

    def ask(self, episode: Climb) -> Sequence[Question] | None:
        if episode.candidates:
            return [Opinions(self.judge, episode.step_problem, episode.rivals)]
        if episode.is_done or episode.num_waves == self.config.max_steps:
            return None
        seed = derive_seed(episode.seed, episode.num_waves)
        chat, prefix = chat_of(episode.problem), episode.prefix
        request = Request(episode.step_problem.id, chat, self.config.width, prefix, seed)
        return [Texts(POLICY, step_sampling(self.config), (request,))]

    def take(self, episode: Climb, answers: Sequence[Answer]) -> Climb:
        (answer,) = answers
        if episode.candidates:
            return self._go_on(episode, answer)
        (completions,) = answer
        candidates = tuple(self._candidate(episode, row) for row in completions)
        drawn = replace(episode, candidates=candidates)
        return drawn if candidates else self._go_on(drawn, ())

    def numbers(self, episode: Climb) -> Mapping[str, int]:
        return {
            "num_steps_taken": len(episode.steps),
            "num_roll_backs": episode.num_roll_backs,
            "num_unfinished": not episode.is_done,
        }

    def summary(self, num_problems: int, sums: Mapping[str, int]) -> Summary:
        names = ("num_steps_taken", "num_roll_backs", "num_unfinished")
        steps_per_problem = sums.get("num_steps_taken", 0) / max(num_problems, 1)
        return {**{name: sums.get(name, 0) for name in names}, "steps_per_problem": steps_per_problem}

    def _candidate(self, episode: Climb, row: Completion) -> Sample:
        is_step = row.stop_text == self.config.step_end
        return to_sample(
            row,
            episode.step_problem,
            self.model,
            text=episode.prefix + row.text + (self.config.step_end if is_step else ""),
            finish_reason=FinishReason.STEP if is_step else row.finish_reason,
            part=Part.STEP,
            prefix=episode.prefix,
        )

    def _go_on(self, episode: Climb, opinions: Sequence[Verdict]) -> Climb:
        """Go on from the best of the candidates, of equals the first; or a step back, where none is better."""
        by_sample = {opinion.sample_id: opinion for opinion in opinions}
        after = replace(
            episode,
            nodes=(*episode.nodes, *episode.candidates),
            verdicts=(*episode.verdicts, *step_verdicts(episode.candidates, by_sample, self.judge)),
            problems=(*episode.problems, episode.step_problem),
            num_waves=episode.num_waves + 1,
            candidates=(),
        )
        places = step_places(episode.candidates, by_sample)
        if len(set(places.values())) < 2:
            return replace(after, steps=episode.steps[:-1], num_roll_backs=episode.num_roll_backs + 1)
        best = max((one for one in episode.candidates if one.id in places), key=lambda one: places[one.id])
        own = best.text[len(best.prefix) :]
        return replace(after, steps=(*episode.steps, own), is_done=best.finish_reason != FinishReason.STEP)


def step_sampling(config: StepwiseGenerate) -> Sampling:
    """The settings of one step: its end ends the draw."""
    return config.sampling().model_copy(update={"stop": (config.step_end, *config.stop)})


def step_places(candidates: Sequence[Sample], opinions: Mapping[str, Verdict]) -> dict[str, float]:
    """How far up each candidate stands, by its id: the number of others beaten; below all a truncated one, which loses.
    One without a readable comparison has no place."""
    places: dict[str, float] = {}
    for sample in candidates:
        opinion = opinions.get(sample.id)
        if sample.is_truncated:
            places[sample.id] = -1.0
        elif opinion is not None and opinion.score is not None:
            places[sample.id] = opinion.score
    return places


def step_verdicts(candidates: Sequence[Sample], opinions: Mapping[str, Verdict], judge: Judge) -> Iterator[Verdict]:
    """What the judge said, one verdict a candidate; truncated ones, and those it said nothing of, have no score."""
    for sample in candidates:
        if sample.is_truncated:
            yield _without_score(sample, judge, Label.TRUNCATED, "the text ended at max_tokens")
        else:
            missing = _without_score(sample, judge, Label.UNPARSEABLE, "no comparison could be read")
            yield opinions.get(sample.id, missing)


def _without_score(sample: Sample, judge: Judge, label: Label, note: str) -> Verdict:
    return Verdict(sample.id, sample.problem_id, judge.name, str(label), note=note)


def pairwise_judge(judges: Sequence[Judge]) -> PairwiseJudge:
    """The judge that compares steps.

    Raises:
        RecipeError: there is none; the recipe's rules say so first.
    """
    for judge in judges:
        if isinstance(judge, PairwiseJudge):
            return judge
    raise RecipeError("generate.kind stepwise needs a pairwise judge", "add judge: [{kind: pairwise}]")


def make(config: StepwiseGenerate, given: Given) -> Stepwise:
    """The sampler of a recipe; no calibration picks its temperature."""
    return Stepwise(config, pairwise_judge(given.recipe.judge), given.model)
