"""Prefect task of a segment: a round that trains on what it draws."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from configs.errors import MachineLostError
from configs.schema.engine import TransformersEngine
from configs.schema.generate import ReviseGenerate
from configs.schema.online.objectives import StreamObjective
from configs.schema.online.section import Online
from configs.schema.online.teacher_rules import judged_every
from configs.schema.train import Lora
from configs.schema.verifiers.kinds import Verifier
from infra.engines.errand import MAX_MACHINES, PAUSE_SECONDS, Errand
from infra.engines.learn.beside import LivePool
from infra.engines.learn.learner import Learner
from infra.engines.learn.work import LearnWork
from infra.engines.train.work import MODEL, REFERENCE, RESUME_STATE
from tasks.core.bench import Workbench
from tasks.core.files import TRAIN_SET
from tasks.core.local_model import StoredFolder, StoredModel
from tasks.core.models import Lineage
from tasks.core.records import Problem
from tasks.core.refs import ModelRef, StepRef, trained_model
from tasks.core.roles import Cast
from tasks.core.scratch import Scratch
from tasks.core.stage_task import stage_task
from tasks.core.step import StepSpec, Summary, derive_seed, digest
from tasks.decide.guards import ENDED_BY
from tasks.decide.state import LoopState
from tasks.judge.stage import judging_identity
from tasks.judge.verifiers.pool import StandingPools, Verify
from tasks.judge.world import World
from tasks.learn.run import Schedule
from tasks.learn.schedule import plan_steps
from tasks.online.carried import CARRIED_FILE, Carried, read_carried, write_carried
from tasks.online.conductor import Conductor
from tasks.online.derived.deriving import Deriving
from tasks.online.divergence import Divergence
from tasks.online.draw import Drawing
from tasks.online.electing import Electing
from tasks.online.leaks import refuse_sight
from tasks.online.live import LiveTexts
from tasks.online.numbers import ended_by, first_entropy, write_metrics
from tasks.online.probe import Probing, probe_verifier, require_enough, set_aside
from tasks.online.settle import Settling
from tasks.online.size import most_rows
from tasks.online.stage import SEGMENT, SegmentNumbers
from tasks.online.starts import twins_of
from tasks.online.still import StillPool, still_since
from tasks.online.tables import write_segment
from tasks.online.wave_folder import WaveFolder
from tasks.online.where import drawing_pool
from tasks.sample.episode import POLICY
from tasks.sample.partners import name_of, partners_of, writers_of
from tasks.sample.revision.asking import load_steps
from tasks.sample.samplers.given import Given
from tasks.sample.samplers.registry import SAMPLERS


@stage_task(SEGMENT)
def run_segment(bench: Workbench, round: int, state: LoopState, problems: StepRef) -> StepRef:
    """A segment: its samples, verdicts, rewards, credit and rows, and the model that they made.

    Args:
        state: of the round before.
        problems: the step with `train.parquet`.
    """
    return _Segment(bench, round, state, problems).step()


def model_of(bench: Workbench, round: int, state: LoopState, segment: StepRef) -> ModelRef | None:
    """The model that a segment made; None where it took no step."""
    if SegmentNumbers.of(segment).num_steps == 0:
        return None
    train = bench.recipe.train
    start = state.start_model(POLICY, train.start_from)
    return trained_model(f"round-{round}", start, segment, isinstance(train.tune, Lora))


class _Segment:
    """One segment of one round: which start, which reference, where the run of segments stands."""

    def __init__(self, bench: Workbench, round: int, state: LoopState, problems: StepRef) -> None:
        self.bench, self.round, self.state, self.problems = bench, round, state, problems
        self.recipe = bench.recipe
        self.start = state.start_model(POLICY, self.recipe.train.start_from)
        self.made = self.start.adapter or self.start.weights
        self.schedule = self._schedule()
        self.reference = self._reference()

    @property
    def online(self) -> Online:
        assert self.recipe.online is not None, "the stage's `when` says so"
        return self.recipe.online

    @property
    def objective(self) -> StreamObjective:
        found = self.recipe.train.objective
        assert isinstance(found, StreamObjective), "the recipe was checked for it"
        return found

    def step(self) -> StepRef:
        """Run the segment, or find it.

        Raises:
            RecipeError: a text that is trained on would be drawn with the answer in view.
        """
        if isinstance(self.online.episode, ReviseGenerate):
            given = Given(self.recipe, "", base_dir=self.bench.base_dir)
            steps = load_steps(self.online.episode.steps, given.prompt, "online.episode.steps")
            refuse_sight(steps, self.online, self.objective)
        bench, spec = self.bench, self._spec()
        step = bench.step(spec, lambda scratch: self._produce_anywhere(spec, scratch))
        if not bench.is_planning:
            WaveFolder(bench.ledger, spec.prefix).clear()
        return step

    def _spec(self) -> StepSpec:
        schedule = self.schedule
        inputs = {"model": self.start, "reference": self.reference, "problems": self.problems}
        cast = self.state.cast().model_copy(update={"live": self.start})
        writers = {name: writer.identity for name, writer in writers_of(self.bench, cast).items()}
        told: dict[str, Any] = {"writers": writers} if writers else {}
        return SEGMENT.spec(
            self.recipe, self.bench.contents, self.round, inputs,
            judging=judging_identity(self.bench, self.recipe.judge, cast) or None,
            **told,
            steps={"num_steps": schedule.num_steps, "first": schedule.first_step, "total": schedule.total_steps},
        )  # fmt: skip

    def _schedule(self) -> Schedule:
        """A carried run begins anew with each phase."""
        stay = self.bench.whole.stay_at(self.round)
        first, last = (stay.first, stay.last) if stay else (1, self.recipe.rounds.max)
        is_own = self.made is not None and self.made.stage == SEGMENT.name and self.made.round >= first
        done = SegmentNumbers.of(self.made).end_step if self.made is not None and is_own else 0
        return plan_steps(self.recipe.train, self.round, last - first + 1, done)

    def _reference(self) -> ModelRef | None:
        reads = self.objective.reads_reference or self.has_kl_term
        lineage: Lineage = self.state.policy
        return lineage.reference_model(self.recipe.train.reference, self.start) if reads else None

    @property
    def has_kl_term(self) -> bool:
        """Whether the reward asks how far texts are from the reference."""
        return any(term.kind == "kl" for term in self.online.terms(self.objective))

    def _carried(self) -> Carried:
        """Where the run of segments stands: at its beginning, or where the start model's segment left it.

        Raises:
            StoreError: the segment before left no state.
        """
        if not self.schedule.first_step or self.made is None:
            return Carried(root=self.round)
        path = self.bench.ledger.fetch(self.made, CARRIED_FILE)
        found = read_carried(path.read_text(encoding="utf-8"), f"{self.made.prefix}/{CARRIED_FILE}")
        is_unbroken = self.made.round == self.round - 1
        return found if is_unbroken else replace(found, root=self.round)

    def _produce_anywhere(self, spec: StepSpec, scratch: Scratch) -> Summary:
        """Once, and again where the machine of the learner is lost: from what was published, and what was saved."""
        for num_lost in count(1):
            try:
                return self._produce(spec, scratch)
            except MachineLostError as error:
                if num_lost > MAX_MACHINES:
                    raise
                self.bench.progress.line(f"{error.message}; it goes on from what was saved, on another")
                time.sleep(num_lost * PAUSE_SECONDS)
        raise AssertionError("there is a next one")

    def _produce(self, spec: StepSpec, scratch: Scratch) -> Summary:
        problems = list(TRAIN_SET.read(self.bench.ledger, self.problems))
        verifier = probe_verifier(self.recipe)
        drawable, asked = set_aside(problems, self.online.probe, verifier, self.recipe.seed)
        require_enough(self.online, drawable, asked)
        deriving = Deriving.of(self.recipe, self.bench.base_dir)
        twins = twins_of(problems) if self.online.starts == "twins" else {}
        folder = WaveFolder(self.bench.ledger, spec.prefix)
        begin = self._carried()
        seed = derive_seed(self.recipe.seed, SEGMENT.name, begin.root)
        waves = folder.find_whole()
        segment = self._errand(spec, seed, len(waves))
        home = self.bench.learner_home(segment)

        def show(line: dict[str, Any]) -> None:
            scratch.progress.update(line["step"], line["num_steps"], f"loss {line['loss']:.3f}")

        with (
            StandingPools(self.bench.workers) as verifiers,
            Learner(home, scratch.work, scratch.out, show) as learner,
            drawing_pool(self.bench, segment, learner, scratch.work) as pool,
        ):  # fmt: skip
            conductor = Conductor(
                self.online, drawable, begin, seed,
                _Rounds(
                    self, spec, scratch, learner, pool, problems, twins, verifiers.verify, begin.position.waves
                ).draw_at,
                Settling.of(self.recipe), deriving, folder, waves,
                self.recipe.guards_of_round, scratch.work,
                self._probing(asked, verifier), twins, judged_every(self.recipe),
            )  # fmt: skip
            try:
                conductor.run(learner)
            finally:
                self.bench.pools.take_back()
        assert learner.report is not None, "the learner ended as it should"
        taken, num_trained = conductor.waves, conductor.num_trained
        after = taken[num_trained - 1].after if num_trained else begin
        numbers = write_metrics(scratch.out, taken, self.online.steps_of_wave, begin.course, num_trained)
        course = after.course.begun("entropy", first_entropy(scratch.out))
        (scratch.out / CARRIED_FILE).write_text(write_carried(replace(after, course=course)), encoding="utf-8")
        counts = write_segment(scratch.out, folder, taken, problems)
        report = learner.report
        return {
            **counts,
            "num_waves": len(taken), "num_steps": report.num_steps, "ended": conductor.ended,
            "end_step": self.schedule.first_step + report.num_steps,
            "num_train_tokens": report.num_tokens, "num_examples": counts["num_rows"],
            "train_loss": report.mean_loss, "first_loss": report.first_loss, "last_loss": report.last_loss,
            "kept_rate": counts["num_rows"] / max(counts["num_texts"], 1),
            **numbers,
            **({ENDED_BY: place} if (place := ended_by(self.recipe.guards_of_round, taken)) else {}),
        }  # fmt: skip

    def _probing(self, problems: tuple[Problem, ...], verifier: Verifier | None) -> Probing | None:
        probe, episode = self.online.probe, self.online.episode
        if probe is None or verifier is None or not problems:
            return None
        return Probing(
            problems, verifier, probe.every_steps, self.online.steps_of_wave, episode.max_tokens, episode.stop
        )  # fmt: skip

    def _errand(self, spec: StepSpec, seed: int, num_known_waves: int) -> Errand[LearnWork]:
        train, online, schedule = self.recipe.train, self.online, self.schedule
        engine = self.recipe.engine
        drawing = engine if isinstance(engine, TransformersEngine) else TransformersEngine(
            dtype=engine.dtype, max_model_length=engine.max_model_length, devices=engine.devices
        )  # fmt: skip
        work = LearnWork(self.start.name, train.model_copy(update={"max_steps": schedule.num_steps}), drawing, {
            "tune": train.tune, "seed": seed, "objective": train.objective,
            "reference_digest": self.reference.digest if self.reference else "",
            "total_steps": schedule.total_steps, "first_step": schedule.first_step,
            "identity": spec.key, "most_rows": most_rows(online),
            "steps_per_wave": online.steps_per_wave, "inner_epochs": online.inner_epochs,
            "compare_start_every": online.probe.every_steps if online.probe else 0,
            "temperature": online.episode.temperature, "max_tokens": online.episode.max_tokens,
            "has_moving_copy": online.moving is not None or judged_every(self.recipe) is not None,
            "compares_drawn": self.has_kl_term,
            "num_known_waves": num_known_waves,
        })  # fmt: skip
        models = {MODEL: self._source(self.start)}
        if self.reference is not None:
            models[REFERENCE] = self._source(self.reference)
        folders = {}
        if schedule.first_step and self.made is not None:
            folders[RESUME_STATE] = StoredFolder(self.bench.ledger, self.made, "optimizer")
        return Errand(spec.key, work, models, folders)

    def _source(self, model: ModelRef) -> StoredModel:
        return self.bench.source(lambda: model)


@dataclass(frozen=True)
class _Rounds:
    """Who draws and who judges, wave by wave: `live` has the weights of the wave, in the learner or beside it."""

    segment: _Segment
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
        bench, recipe, answers = self.segment.bench, self.segment.recipe, self.scratch.answers
        digest_now = digest([self.spec.key, number])
        live = self.segment.start.model_copy(update={"name": f"live-{number}", "digest": digest_now})
        self.pool.follow(number)
        bench.pools.lend(live.digest, recipe.engine, self.pool)
        cast: Cast = self.segment.state.cast().model_copy(update={"live": live})
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
        bench, every = self.segment.bench, judged_every(self.segment.recipe)
        if every is None:
            return cast
        since = still_since(self.first_wave + number, every)
        told = {"name": f"live-{since}", "digest": digest([self.spec.key, "still", since])}
        still = self.segment.start.model_copy(update=told)
        bench.pools.lend(still.digest, bench.recipe.engine, StillPool(self.learner), beside=True)
        return cast.model_copy(update={"live": still})

    def _divergence(self) -> Divergence | None:
        """How far texts are from the reference, where the reward asks for it."""
        segment = self.segment
        if not segment.has_kl_term:
            return None
        return Divergence(self.learner)
