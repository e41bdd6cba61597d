"""Prefect task that trains one model in one round: the policy, or a role that learns."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from configs.schema.role import POLICY
from configs.schema.train import Lora
from tasks.core.bench import Workbench
from tasks.core.files import EXAMPLES, PAIRS, Table, set_called
from tasks.core.local_model import StoredFolder, StoredModel
from tasks.core.models import window
from tasks.core.refs import ModelRef, StepRef, trained_model
from tasks.core.scratch import Scratch
from tasks.core.stage_task import stage_task
from tasks.core.step import StepSpec, Summary, derive_seed
from tasks.decide.state import LoopState
from tasks.learn.judge_pairs import judge_pairs_of
from tasks.learn.replay import mix, read_replay
from tasks.learn.rows import ROW_KINDS, Row, cap_judge_pairs, write_rows
from tasks.learn.run import Phase, Schedule, train_model
from tasks.learn.schedule import plan_steps
from tasks.learn.stages import TRAIN, TrainNumbers, max_judge_share
from tasks.learn.worked_examples import worked_examples


@stage_task(TRAIN)
def train(bench: Workbench, round: int, state: LoopState, *, learner: str = POLICY) -> ModelRef:
    """What a round trains for one model, from the state that holds the round's selection: the policy's candidate, or
    the next model of a role."""
    return _Training(bench, round, state, learner).model(round)


def rows_of(bench: Workbench, state: LoopState, learner: str) -> tuple[StepRef, ...]:
    """The select steps whose rows a model is trained on, of the state that holds the round's: those of the recipe's
    window, among rounds whose phase made rows of the same kind."""
    settings = bench.recipe.for_learner(learner).train
    alike = [
        step
        for step in state.models[learner].selections
        if bench.whole.in_round(step.round).for_learner(learner).train.objective.rows == settings.objective.rows
    ]
    return window(settings.data, tuple(alike), state.models[learner].selections[-1].round)


class _Training:
    """One model trained in one round: which start, which reference, which rows."""

    def __init__(self, bench: Workbench, round: int, state: LoopState, learner: str) -> None:
        self.bench, self.state, self.learner = bench, state, learner
        self.recipe = bench.recipe.for_learner(learner)
        self.settings = self.recipe.train
        self.start = state.start_model(learner, self.settings.start_from)
        needs_reference = self.settings.objective.needs_reference
        lineage = state.models[learner]
        self.reference = lineage.reference_model(self.settings.reference, self.start) if needs_reference else None
        self.further = {
            name: lineage.reference_model(name, self.start) for name in self.settings.objective.further_references
        }
        self.stay = bench.whole.stay_at(round)
        self.window = rows_of(bench, state, learner)
        self.judge_pairs = judge_pairs_of(self.recipe, state.judge_pairs, round)

    def model(self, round: int) -> ModelRef:
        """Train, or find what was trained."""
        schedule = self._schedule(round)
        spec = self._spec(round, schedule)

        def produce(scratch: Scratch) -> Summary:
            rows = scratch.work / "rows.jsonl"
            write_rows(rows, self._mixed(spec.seed or 0))
            workplace = self.bench.training_place()
            return train_model(self._phase(spec, schedule), rows, scratch, workplace)

        name = f"round-{round}" if self.learner == POLICY else f"{self.learner}-{round}"
        is_adapter = isinstance(self.settings.tune, Lora)
        return trained_model(name, self.start, self.bench.step(spec, produce), is_adapter)

    def _spec(self, round: int, schedule: Schedule) -> StepSpec:
        inputs = {
            "model": self.start,
            "reference": self.reference,
            **({"further_references": self.further} if self.further else {}),
            "rows": self.window,
            "judge_pairs": self.judge_pairs,
            "problems": self.state.problems if self.settings.with_seed_data else None,
        }
        steps = {"num_steps": schedule.num_steps, "first": schedule.first_step, "total": schedule.total_steps}
        share = max_judge_share(self.recipe) if self.judge_pairs else None
        return TRAIN.spec(
            self.recipe, self.bench.contents, round, inputs, self.learner, steps=steps, max_judge_share=share
        )  # fmt: skip

    def _phase(self, spec: StepSpec, schedule: Schedule) -> Phase:
        if schedule.first_step and (made := self.start.adapter or self.start.weights):
            has_state = bool(made.files_under("optimizer"))
            folder = StoredFolder(self.bench.ledger, made, "optimizer") if has_state else None
            schedule = Schedule(schedule.num_steps, schedule.first_step, schedule.total_steps, folder)
        return Phase(
            spec.key,
            self._source(self.start),
            self.start.name,
            self.settings,
            self.settings.offline_objective,
            spec.seed or 0,
            self._source(self.reference) if self.reference else None,
            self.reference.digest if self.reference else "",
            {name: self._source(model) for name, model in self.further.items()},
            {name: model.digest for name, model in self.further.items()},
            schedule,
        )

    def _source(self, model: ModelRef) -> StoredModel:
        return self.bench.source(lambda: model)

    def _schedule(self, round: int) -> Schedule:
        """A carried optimizer begins anew with each phase."""
        made, stay = self.start.adapter or self.start.weights, self.stay
        first, last = (stay.first, stay.last) if stay else (1, self.recipe.rounds.max)
        is_own = made is not None and made.stage == TRAIN.of(self.learner) and made.round >= first
        done = TrainNumbers.of(made).end_step if made is not None and is_own else 0
        return plan_steps(self.settings, round, last - first + 1, done)

    def _mixed(self, seed: int) -> Iterator[Row]:
        if self.settings.replay is None:
            return self._rows()
        outside = partial(read_replay, self._replay_path(), ROW_KINDS[self.settings.objective.rows])
        return mix(self._rows, outside, self.settings.replay.share, derive_seed(seed, "replay"))

    def _rows(self) -> Iterator[Row]:
        kind = ROW_KINDS[self.settings.objective.rows]
        if kind.table is EXAMPLES and self.settings.with_seed_data:
            table = set_called(self.bench.recipe.warm_start_set(self.learner))
            worked = table.read(self.bench.ledger, self.state.problems)
            yield from map(kind.write, worked_examples(worked))
        records = partial(self._records, kind.table)
        share = max_judge_share(self.recipe) if kind.table is PAIRS else None
        yield from map(kind.write, records() if share is None else cap_judge_pairs(records, share))

    def _records(self, table: Table[Any]) -> Iterator[Any]:
        """What the window's selections hold, then the pairs of judgements."""
        for step in (*self.window, *self.judge_pairs):
            yield from table.read(self.bench.ledger, step)

    def _replay_path(self) -> Path:
        assert self.settings.replay is not None, "asked for only where there is a replay"
        return self.bench.base_dir / self.settings.replay.path
