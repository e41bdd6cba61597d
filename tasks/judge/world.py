"""Where judges work: the problems, and who answers when a judge asks a model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from configs.errors import ProblemsError
from configs.schema.judge import Judge, Pass
from configs.schema.role import POLICY
from tasks.core.answers import Answerer, Answers
from tasks.core.bench import Workbench
from tasks.core.joined import Group, group_samples
from tasks.core.prompts import read_prompt
from tasks.core.records import Author, FinishReason, Problem, Sample
from tasks.core.refs import ModelRef
from tasks.core.roles import Cast, reward_answerer, role_answerer
from tasks.core.step import canonical_json
from tasks.judge.kinds.registry import kind_of
from tasks.judge.verifiers.pool import Verify, verify_in_pool
from tasks.sample.problems.run import fetcher
from tasks.sample.problems.sets import fingerprint
from tasks.sample.problems.sources import read_problems


@dataclass(frozen=True)
class World:
    """What judges need besides samples.

    Attributes:
        problems: by id; those of the samples at least.
        bench, cast: who answers for a role. Judges by rule need neither.
        seed: of what models draw.
        answers: where answers are looked up and kept; without it no model can be asked, and rules look again.
        held_out: problems of the select and report sets, of which no judge may make use.
        verify: where rules look at samples.
    """

    problems: Mapping[str, Problem]
    bench: Workbench | None = None
    cast: Cast | None = None
    seed: int = 0
    answers: Answers | None = None
    held_out: Sequence[Problem] = ()
    verify: Verify = verify_in_pool


@dataclass(frozen=True)
class PlannedPass:
    """A pass of one judge, and the state that is asked, of the policy or of a role that learns; None for a role that
    stays as it is."""

    judge: Judge
    asked: Pass
    player: ModelRef | None

    def answerer(self, bench: Workbench) -> Answerer:
        """Who answers."""
        if self.asked.wants == "rating":
            return reward_answerer(bench, self.asked.role)
        return role_answerer(bench, self.asked.role, self.player)

    def prompt(self, bench: Workbench) -> str:
        """Text of the prompt; empty where there is none."""
        return "" if self.asked.prompt is None else read_prompt(self.asked.prompt, bench.base_dir)

    def groups(self, bench: Workbench, samples: Iterable[Sample], world: World) -> Iterator[Group]:
        """What is asked about: the samples, or the worked solutions of the pass's own problems."""
        if self.asked.about is None:
            return group_samples(samples, world.problems)
        source = self.asked.about  # built-in problems come from the share that is for learning
        problems = read_problems(source, part="warm_start", fetch=fetcher(bench), base_dir=bench.base_dir)
        return solution_groups(problems, world.held_out)


def plan_passes(judges: Iterable[Judge], cast: Cast) -> list[PlannedPass]:
    """All passes of these judges, in the order in which they are made.

    Those of one model lie together, those of the model that wrote the samples first: its generator is open already.

    Raises:
        RecipeError: a judge could not judge with these models.
    """
    passes = []
    for judge in judges:
        own = [_plan(judge, asked, cast) for asked in judge.passes]
        if (check := kind_of(judge).check_models) is not None:
            check(judge, {one.asked.name: one.player for one in own})
        passes += own
    places: dict[bytes, int] = {canonical_json(["policy", cast.round_start.digest]): -1}
    for place, one in enumerate(passes):
        places.setdefault(_model_key(one), place)
    return sorted(passes, key=lambda one: places[_model_key(one)])


def solution_groups(problems: Iterable[Problem], held_out: Iterable[Problem]) -> Iterator[Group]:
    """Problems with their worked solutions as samples.

    Args:
        held_out: problems of the select and report sets.

    Raises:
        ProblemsError: a problem has no solution, or is held out.
    """
    taken = {fingerprint(problem.messages) for problem in held_out}
    for problem in problems:
        if not problem.solution:
            raise ProblemsError(
                f"trusted problem {problem.id} has no worked solution", "say where it is: mapping.solution"
            )
        if fingerprint(problem.messages) in taken:
            raise ProblemsError(
                f"trusted problem {problem.id} is in the select or the report set too",
                "take other problems for the judge's trusted set: held-out problems never choose anything",
            )
        whole = FinishReason.STOP
        gold = Sample(f"gold/{problem.id}", problem.id, 0, problem.solution, whole, 0, None, "gold", by=Author.SOLUTION)
        yield Group(problem, (gold,))


def judges_needed(judge: Judge, known: Sequence[Judge]) -> list[Judge]:
    """The judges whose verdicts this one is made from, each after those that it needs itself."""
    wanted: list[Judge] = []
    for name in judge.needed_judges:
        part = next(other for other in known if other.name == name)
        wanted += [other for other in (*judges_needed(part, known), part) if other not in wanted]
    return wanted


def _plan(judge: Judge, asked: Pass, cast: Cast) -> PlannedPass:
    player = cast.player(asked.role, asked.state)
    if player is None and asked.of_chain:
        return PlannedPass(judge, replace(asked, role=POLICY), cast.state(asked.state))
    return PlannedPass(judge, asked, player)


def _model_key(one: PlannedPass) -> bytes:
    return canonical_json(["role", one.asked.role] if one.player is None else ["policy", one.player.digest])
