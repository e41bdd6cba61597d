"""Prefect task of a segment: a round that trains on what it draws."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from configs.errors import MachineLostError
from configs.schema.generate import ReviseGenerate
from configs.schema.online.objectives import StreamObjective
from configs.schema.online.section import Online
from configs.schema.online.teacher_rules import judged_every
from configs.schema.train import Lora
from configs.schema.verifiers.kinds import Verifier
from infra.engines.errand import MAX_MACHINES, PAUSE_SECONDS
from infra.engines.learn.learner import Learner
from tasks.core.bench import Workbench
from tasks.core.files import TRAIN_SET
from tasks.core.models import Lineage
from tasks.core.records import Problem
from tasks.core.refs import ModelRef, StepRef, trained_model
from tasks.core.scratch import Scratch
from tasks.core.stage_task import stage_task
from tasks.core.step import StepSpec, Summary, derive_seed
from tasks.decide.guards import ENDED_BY
from tasks.decide.state import LoopState
from tasks.judge.stage import judging_identity
from tasks.judge.verifiers.pool import StandingPools
from tasks.learn.run import Schedule
from tasks.learn.schedule import plan_steps
from tasks.online.carried import CARRIED_FILE, Carried, read_carried, write_carried
from tasks.online.conductor import Conductor
from tasks.online.derived.deriving import Deriving
from tasks.online.drawings import Drawings, has_kl_term
from tasks.online.errand import segment_errand
from tasks.online.leaks import refuse_sight
from tasks.online.numbers import ended_by, first_entropy, write_metrics
from tasks.online.probe import Probing, probe_verifier, require_enough, set_aside
from tasks.online.settle import Settling
from tasks.online.stage import SEGMENT, SegmentNumbers
from tasks.online.starts import twins_of
from tasks.online.tables import write_segment
from tasks.online.wave_folder import WaveFolder
from tasks.online.where import drawing_pool
from tasks.sample.episode import POLICY
from tasks.sample.partners import writers_of
from tasks.sample.revision.asking import load_steps
from tasks.sample.samplers.given import Given


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
        reads = self.objective.reads_reference or has_kl_term(self.recipe)
        lineage: Lineage = self.state.policy
        return lineage.reference_model(self.recipe.train.reference, self.start) if reads else None

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
        num_lost = num_waves = 0
        while True:
            try:
                return self._produce(spec, scratch)
            except MachineLostError as error:
                published = len(WaveFolder(self.bench.ledger, spec.prefix).find_whole())
                num_lost, num_waves = 1 if published > num_waves else num_lost + 1, published
                if num_lost > MAX_MACHINES:
                    raise
                self.bench.progress.line(f"{error.message}; it goes on from what was saved, on another")
                time.sleep(num_lost * PAUSE_SECONDS)

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
        segment = segment_errand(
            self.bench, spec, self.start, self.reference, self.schedule, self.made, seed, len(waves)
        )
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
                Drawings(
                    self.bench, self.state, self.start, spec, scratch, learner, pool, problems, twins, verifiers.verify,
                    begin.position.waves,
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
