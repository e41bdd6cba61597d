"""Experiments as the loop leaves them in a store, without its engines: real steps, records, states and entries."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from configs.schema.role import POLICY
from tasks.core.answer_folder import AnswerFolder
from tasks.core.answer_rows import ScoreRow
from tasks.core.models import Lineage
from tasks.core.refs import ModelRef, StepRef, trained_model
from tasks.core.step import StepSpec, Summary
from tasks.decide.decision import Decision, first_standing
from tasks.decide.state import LoopState, scored_model
from tasks.decide.stop import Action
from tasks.report.entry import ReportEntry, write_entry
from tasks.report.rounds import RoundReport
from tests.build.benches import make_ledger
from tests.build.records import make_recipe

NAME = "made"
RECIPE = make_recipe(name=NAME, rounds={"max": 50})


class Maker:
    """Publishes rounds with given actions; each candidate's accuracy is its round's place in `accuracies`."""

    def __init__(self, root: Path, is_adapter: bool) -> None:
        self.ledger = make_ledger(root)
        self.store = self.ledger.store
        self._scratch = root / "scratch"
        self._is_adapter = is_adapter

    def step(
        self, round: int, stage: str, inputs: Sequence[str], summary: Summary | None = None, seed: int = 0
    ) -> StepRef:
        spec = StepSpec(NAME, stage, round, {}, {"from": list(inputs)}, seed)
        folder = self._scratch / f"{round}-{stage}-{seed}"
        (folder / "model").mkdir(parents=True, exist_ok=True)
        (folder / "model" / "weights.bin").write_text(f"{round} {stage} {seed}")
        (folder / "rows.parquet").write_text(spec.key)
        return self.ledger.publish(spec, folder, summary or {}, 1.0)

    def answer(self, round: int, model: str) -> None:
        """Two shards of answers of the round's model."""
        place = StepSpec(NAME, "generate", round, {}).answers
        folder = AnswerFolder(self.ledger, place, {"model": model}, ScoreRow)
        for shard in ("a", "b"):
            folder.publish([ScoreRow(shard, -1.0, 3)])

    def run(self, actions: Sequence[Action], accuracies: Sequence[float]) -> list[ReportEntry]:
        """Round 0, and a round for each action."""
        problems, weights = self.step(0, "problems", []), self.step(0, "base", [])
        base = ModelRef(name="base", digest=weights.key, weights=weights)
        evaluation = self.step(0, "evaluate", [base.digest, problems.key], {"select_accuracy": 0.1})
        first = scored_model(base, evaluation)
        state = LoopState(
            round=0, problems=problems, models={POLICY: Lineage(base=base, current=base)},
            standing=first_standing(first), first=first,
        )  # fmt: skip
        steps = {"problems": problems, "base": weights, "evaluate": evaluation}
        entries = [self.entry(state, base, steps, "baseline")]
        for action, accuracy in zip(actions, accuracies, strict=True):
            state, candidate, steps = self.round(state, action, accuracy)
            entries.append(self.entry(state, candidate, steps, action.value))
        return entries

    def round(
        self, state: LoopState, action: Action, accuracy: float
    ) -> tuple[LoopState, ModelRef, dict[str, StepRef]]:
        number, model = state.round + 1, state.incumbent
        self.answer(number, model.digest)
        generate = self.step(number, "generate", [model.digest, state.problems.key])
        judge = self.step(number, "judge", [generate.key, state.problems.key])
        select = self.step(number, "select", [generate.key, judge.key, state.problems.key])
        train = self.step(number, "train", [state.policy.base.digest, select.key])
        candidate = trained_model(f"round-{number}", state.policy.base, train, self._is_adapter)
        evaluation = self.step(
            number, "evaluate", [candidate.digest, state.problems.key], {"select_accuracy": accuracy}
        )
        decide = self.step(number, "decide", [state.evaluation.key, evaluation.key])
        steps = {"generate": generate, "judge": judge, "select": select, "train": train, "evaluate": evaluation,
                 "decide": decide}  # fmt: skip
        decision = Decision(
            round=number, action=action, reason="as told", incumbent="", champion="", numbers={}
        )  # fmt: skip
        state = state.with_selection(POLICY, select)
        return state.after(decision, candidate, evaluation, RECIPE), candidate, steps

    def entry(self, state: LoopState, model: ModelRef, steps: dict[str, StepRef], action: str) -> ReportEntry:
        report = RoundReport(
            experiment=NAME, round=state.round, candidate=model.name, incumbent="", champion=state.champion.name,
            action=action, reason="", steps={stage: step.prefix for stage, step in steps.items()},  # type: ignore[arg-type]
        )  # fmt: skip
        entry = ReportEntry(recipe="r", report=report, samples=[], model=model, state=state)
        write_entry(self.store, entry)
        return entry
