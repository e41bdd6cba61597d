"""How each wave of a segment is drawn and judged. Called by `conductor.py`, made by `task.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from configs.schema.online.objectives import StreamObjective
from configs.schema.online.teacher_rules import judged_every
from configs.schema.recipe import Recipe
from infra.engines.learn.beside import LivePool
from infra.engines.learn.learner import Learner
from tasks.core.bench import Workbench
from tasks.core.records import Problem
from tasks.core.refs import ModelRef
from tasks.core.roles import Cast
from tasks.core.scratch import Scratch
from tasks.core.step import StepSpec, digest
from tasks.decide.state import LoopState
from tasks.judge.verifiers.pool import Verify
from tasks.judge.world import World
from tasks.online.divergence import Divergence
from tasks.online.draw import Drawing
from tasks.online.electing import Electing
from tasks.online.live import LiveTexts
from tasks.online.still import StillPool, still_since
from tasks.sample.episode import POLICY
from tasks.sample.partners import name_of, partners_of, writers_of
from tasks.sample.samplers.given import Given
from tasks.sample.samplers.registry import SAMPLERS


@dataclass(frozen=True)
class Drawings:
    """Who draws and who judges, wave by wave: `live` has the weights of the wave, in the learner or beside it.

    Attributes:
        state: of the round before.
        start: the model that the segment starts from.
        problems: of the train set.
        twins: by problem the one that comes with it.
        first_wave: number of the segment's first in the run of segments.
    """

    bench: Workbench
    state: LoopState
    start: ModelRef
    spec: StepSpec
    scratch: Scratch
    learner: Learner
    pool: LivePool
    problems: Sequence[Problem]
    twins: Mapping[str, str]
    verify: Verify
    first_wave: int

    def draw_at(self, number: int) -> Drawing:
        """How a wave of the segment is drawn and judged."""
        bench, recipe, answers = self.bench, self.bench.recipe, self.scratch.answers
        digest_now = digest([self.spec.key, number])
        live = self.start.model_copy(update={"name": f"live-{number}", "digest": digest_now})
        self.pool.follow(number)
        bench.pools.lend(live.digest, recipe.engine, self.pool)
        cast: Cast = self.state.cast().model_copy(update={"live": live})
        texts = LiveTexts(self.pool, answers.shard_size, answers.missing)
        writers = writers_of(bench, cast)
        names = {name: name_of(writer) for name, writer in writers.items()}
        given = Given(recipe, live.digest, None, names, bench.base_dir)
        sampler = SAMPLERS[recipe.episode.kind](recipe.episode, given)
        partners = partners_of(bench, live, cast, self.spec.seed or 0, answers, writers, {POLICY: texts})
        known = {problem.id: problem for problem in self.problems}
        world = World(known, bench, self._judging(cast, number), 0, answers, verify=self.verify)
        electing = Electing(sampler, self.twins, self.learner)
        return Drawing(sampler, partners, texts, world, recipe.judge, live.digest, electing, self._divergence())

    def _judging(self, cast: Cast, number: int) -> Cast:
        """Who judges a wave: the same, but for a live judge that stands still for some waves."""
        bench, every = self.bench, judged_every(self.bench.recipe)
        if every is None:
            return cast
        since = still_since(self.first_wave + number, every)
        told = {"name": f"live-{since}", "digest": digest([self.spec.key, "still", since])}
        still = self.start.model_copy(update=told)
        bench.pools.lend(still.digest, bench.recipe.engine, StillPool(self.learner), beside=True)
        return cast.model_copy(update={"live": still})

    def _divergence(self) -> Divergence | None:
        """How far texts are from the reference, where the reward asks for it."""
        return Divergence(self.learner) if has_kl_term(self.bench.recipe) else None


def has_kl_term(recipe: Recipe) -> bool:
    """Whether the reward asks how far texts are from the reference."""
    objective = recipe.train.objective
    assert recipe.online is not None and isinstance(objective, StreamObjective), "it is online"
    return any(term.kind == "kl" for term in recipe.online.terms(objective))
