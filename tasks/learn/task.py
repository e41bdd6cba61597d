"""Prefect tasks that train: the policy, and a verifier where the recipe has one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from configs.schema.train import Lora, Train
from tasks.core.bench import Workbench
from tasks.core.identity import train_spec
from tasks.core.records import Example, Pair, Problem
from tasks.core.refs import ModelRef, StepRef, trained_model
from tasks.core.scratch import Scratch
from tasks.core.stage_task import stage_task
from tasks.core.step import StepSpec, Summary, derive_seed
from tasks.core.tables import read_records
from tasks.decide.state import LoopState
from tasks.learn.replay import mix, read_replay
from tasks.learn.rows import ROW_KINDS, Row, cap_judge_pairs, write_rows
from tasks.learn.run import Phase, Schedule, train_model
from tasks.learn.schedule import plan_steps
from tasks.learn.worked_examples import worked_examples


@stage_task("train")
def train(bench: Workbench, round: int, state: LoopState) -> ModelRef:
    """The round's candidate, from the state that holds the round's selection."""
    settings = bench.recipe.train
    pairs = state.window(settings.data, state.judge_pairs) if settings.objective.rows == "pairs" else ()
    table = ROW_KINDS[settings.objective.rows].table
    return _Training(bench, settings, state, "train", table, pairs).model(round)


@stage_task("train_verifier")
def train_verifier(bench: Workbench, round: int, state: LoopState) -> ModelRef:
    """The verifier after this round, trained on pairs of right and wrong samples (V-STaR, arXiv 2402.06457)."""
    assert bench.recipe.verifier is not None, "the flow asks for a verifier only where the recipe has one"
    return _Training(bench, bench.recipe.verifier.train, state, "train_verifier", "verifier_pairs.parquet").model(round)


class _Training:
    """One model trained in one round: which start, which reference, which rows.

    Args:
        table: file of the select steps that holds the rows.
        judge_pairs: steps with pairs of judgements that are trained on beside them.
    """

    def __init__(
        self, bench: Workbench, settings: Train, state: LoopState, stage: str, table: str,
        judge_pairs: tuple[StepRef, ...] = (),
    ) -> None:  # fmt: skip
        self.bench, self.settings, self.state = bench, settings, state
        self.stage, self.table, self.judge_pairs = stage, table, judge_pairs
        self.start = state.start_model(settings.start_from)
        needs_reference = settings.objective.needs_reference
        self.reference = state.reference_model(settings.reference, self.start) if needs_reference else None

    def model(self, round: int) -> ModelRef:
        """Train, or find what was trained."""
        schedule = self._schedule(round)
        spec = self._spec(round, schedule)

        def produce(scratch: Scratch) -> Summary:
            rows = scratch.work / "rows.jsonl"
            write_rows(rows, self._mixed(spec.seed or 0))
            self.bench.make_way_for_trainer()
            return train_model(self._phase(spec, schedule), rows, scratch)

        name = f"round-{round}" if self.stage == "train" else f"verifier-{round}"
        is_adapter = isinstance(self.settings.tune, Lora)
        return trained_model(name, self.start, self.bench.step(spec, produce), is_adapter)

    def _spec(self, round: int, schedule: Schedule) -> StepSpec:
        window = self.state.window(self.settings.data, self.state.selections)
        inputs = {
            "model": self.start.digest,
            "reference": self.reference.digest if self.reference else None,
            "rows": [step.key for step in window],
            "judge_pairs": [step.key for step in self.judge_pairs],
            "problems": self.state.problems.key if self.settings.with_seed_data else None,
        }
        steps = {"num_steps": schedule.num_steps, "first": schedule.first_step, "total": schedule.total_steps}
        return train_spec(self.bench.recipe, self.bench.contents, self.stage, round, self.settings, inputs, steps)

    def _phase(self, spec: StepSpec, schedule: Schedule) -> Phase:
        if schedule.total_steps is not None and (made := self.start.adapter or self.start.weights):
            has_state = bool(made.files_under("optimizer"))
            folder = self.bench.ledger.fetch_all(made, "optimizer") if has_state else None
            schedule = Schedule(schedule.num_steps, schedule.first_step, schedule.total_steps, folder)
        return Phase(
            self.bench.model_files(self.start),
            self.settings,
            self.settings.objective,
            spec.seed or 0,
            self.bench.model_files(self.reference) if self.reference else None,
            self.reference.digest if self.reference else "",
            schedule,
        )

    def _schedule(self, round: int) -> Schedule:
        made = self.start.adapter or self.start.weights
        done = made.summary.get("end_step", 0) if made is not None and made.stage == "train" else 0
        return plan_steps(self.settings, round, self.bench.recipe.rounds.max, int(done or 0))

    def _mixed(self, seed: int) -> list[Row]:
        rows = list(self._rows())
        if self.settings.replay is None:
            return rows
        outside = read_replay(self._replay_path(), ROW_KINDS[self.settings.objective.rows])
        return mix(rows, outside, self.settings.replay.share, derive_seed(seed, "replay"))

    def _rows(self) -> Iterator[Row]:
        kind = ROW_KINDS[self.settings.objective.rows]
        if kind.record is Example and self.settings.with_seed_data:
            worked = read_records(self.bench.ledger.fetch(self.state.problems, "warm_start.parquet"), Problem)
            yield from map(kind.write, worked_examples(worked))
        records = self._records(kind.record)
        if kind.record is Pair:
            meta = self.bench.recipe.meta
            records = cap_judge_pairs(records, meta.max_share if meta else 0.0)
        yield from map(kind.write, records)

    def _records(self, record: type) -> Iterator[Any]:
        """What the window's selections hold, then the pairs of judgements."""
        fetch = self.bench.ledger.fetch
        for step in self.state.window(self.settings.data, self.state.selections):
            yield from read_records(fetch(step, self.table), record)
        for step in self.judge_pairs:
            yield from read_records(fetch(step, "pairs.parquet"), record)

    def _replay_path(self) -> Path:
        assert self.settings.replay is not None, "asked for only where there is a replay"
        return self.bench.base_dir / self.settings.replay.path
