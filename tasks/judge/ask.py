"""Asking judges' models about samples, one pass after the other; judgements are kept.

What is asked and how answers are read is said by the judge's kind (`kind.py`). Planned here: which passes there are, in
which order, and who answers each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from configs.errors import ProblemsError
from configs.schema.judges.base import Pass
from configs.schema.judges.kinds import Judge
from configs.schema.role import POLICY
from tasks.core.answers import Answerer
from tasks.core.asking import Asking, ask_about
from tasks.core.bench import Workbench
from tasks.core.joined import Group, group_samples
from tasks.core.prompts import read_prompt
from tasks.core.records import Author, FinishReason, Problem, Sample
from tasks.core.refs import ModelRef
from tasks.core.roles import Cast, reward_answerer, role_answerer
from tasks.core.step import canonical_json, derive_seed
from tasks.judge.judgements import Judgements
from tasks.judge.kinds.registry import kind_of
from tasks.judge.world import World
from tasks.sample.problems.run import fetcher
from tasks.sample.problems.sets import fingerprint
from tasks.sample.problems.sources import read_problems


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


def ask_models(judges: Sequence[Judge], samples: Iterable[Sample], world: World, kept: Judgements) -> None:
    """Ask about every sample what these judges have to ask.

    Args:
        samples: read once for every pass.

    Raises:
        EngineError: an engine could not load a model, or died.
        RecipeError: a judge could not judge with these models.
    """
    asking = [judge for judge in judges if judge.passes]
    if not asking:
        return
    if world.bench is None or world.cast is None or world.answers is None:
        raise LookupError(f"judge '{asking[0].name}' asks a model, and this world has none")
    assert iter(samples) is not samples, "samples are read once for every pass: give a list, or what opens them anew"
    for one in plan_passes(asking, world.cast):
        groups = one.groups(world.bench, samples, world)
        asked = ask_about(groups, _asking(one, world), one.answerer(world.bench), world.answers)
        kept.put(one.judge.name, one.asked.name, (row for rows in asked for row in rows))


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


def _plan(judge: Judge, asked: Pass, cast: Cast) -> PlannedPass:
    player = cast.player(asked.role, asked.state)
    if player is None and asked.of_chain:
        return PlannedPass(judge, replace(asked, role=POLICY), cast.state(asked.state))
    return PlannedPass(judge, asked, player)


def _model_key(one: PlannedPass) -> bytes:
    return canonical_json(["role", one.asked.role] if one.player is None else ["policy", one.player.digest])


def _asking(one: PlannedPass, world: World) -> Asking:
    assert world.bench is not None, "somebody answers"
    judge, kind, template = one.judge, kind_of(one.judge), one.prompt(world.bench)
    return Asking(
        judge.name,
        one.asked.wants,
        lambda groups: kind.questions(judge, template, groups),
        lambda groups, questions, answers: kind.judgements(judge, groups, questions, answers),
        one.asked.sampling,
        derive_seed(world.seed, judge.name, *filter(None, [one.asked.name])),  # passes draw apart
    )
