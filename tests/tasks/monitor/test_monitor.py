"""The whole monitor over a round's published steps: files in, metrics and histograms out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from configs.schema.judge import AnswerJudge, RubricJudge
from configs.schema.recipe import Recipe
from infra.store.folder import FolderStore
from tasks.core.answers import Answers
from tasks.core.identity import monitor_spec
from tasks.core.ledger import Ledger
from tasks.core.progress import Silent
from tasks.core.records import Example, FinishReason, Judgement, Label, Message, Pair, Problem, Sample, Verdict
from tasks.core.refs import StepRef
from tasks.core.scratch import Scratch
from tasks.core.step import StepSpec, Summary
from tasks.core.tables import write_records
from tasks.monitor.histograms import read_histograms
from tasks.monitor.measure import Monitor
from tasks.monitor.run import monitor_round
from tasks.monitor.steps import RoundSteps
from tests.tasks.monitor.make import group

HELD_OUT = "What is the name of the largest river that flows north of here?"
NUM_PROBLEMS, NUM_DRAWS = 12, 4


def recipe(**changes: Any) -> Recipe:
    base: dict[str, Any] = {
        "name": "demo",
        "model": {"kind": "pretrained", "base": "org/model"},
        "problems": {part: {"kind": "file", "path": f"{part}.jsonl"} for part in ("train", "select", "report")},
        "rounds": {"max": 1},
    }
    return Recipe.model_validate(base | changes)


class Store:
    """Publishes what the stages before the monitor publish."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = Ledger(FolderStore(folder / "store"), folder / "work", {})

    def publish(self, stage: str, tables: dict[str, tuple[type, Iterable[Any]]], round: int = 1) -> StepRef:
        out = self.folder / "out" / f"{stage}-{round}"
        out.mkdir(parents=True)
        for name, (record, rows) in tables.items():
            write_records(out / name, record, rows)
        return self.ledger.publish(StepSpec("demo", stage, round, {"round": round}), out, {}, 1.0)

    def run(self, recipe: Recipe, steps: RoundSteps, round: int = 1) -> StepRef:
        spec = monitor_spec(recipe, round, steps)
        out = self.folder / f"monitor-{round}"
        out.mkdir()
        with Silent().stage("monitor") as bar:
            answers = Answers(self.ledger, spec.answers, 4, bar)
            summary = monitor_round(self.ledger, recipe, steps, spec.seed or 0, Scratch(out, out, bar, answers))
        return self.ledger.publish(spec, out, summary, 1.0)


def problems() -> list[Problem]:
    return [Problem(f"p{n}", (Message("user", f"{n}+1=?"),), str(n + 1)) for n in range(NUM_PROBLEMS)]


def samples() -> list[Sample]:
    """Of problem n the first n % 5 draws are right."""
    return [
        Sample(f"{one.id}/{i}", one.id, i, f"It is {n + 1 + (i >= n % 5)}", FinishReason.STOP, 3, None, "m1")
        for n, one in enumerate(problems())
        for i in range(NUM_DRAWS)
    ]


def is_right(one: Sample) -> bool:
    return one.index < int(one.problem_id[1:]) % 5


def held_out() -> dict[str, tuple[type, Iterable[Any]]]:
    return {
        "select.parquet": (Problem, [Problem("s0", (Message("user", "What is rain?"),), "water")]),
        "report.parquet": (Problem, [Problem("r0", (Message("user", HELD_OUT),), "Ob")]),
    }


def publish_round(store: Store, verdicts: list[Verdict], selection: dict[str, Any], **more: Any) -> RoundSteps:
    published = store.publish("problems", {"train.parquet": (Problem, problems()), **held_out()})
    drawn = store.publish("generate", {"shard-00000.parquet": (Sample, samples())})
    judged = store.publish("judge", {"verdicts.parquet": (Verdict, verdicts), **more})
    kept = store.publish("select", selection)
    return RoundSteps(drawn, judged, kept, published, published, None)


def example(one: Sample) -> Example:
    return Example(one.id, one.problem_id, (Message("user", "?"),), one.text)


def test_a_round_with_an_answer_judge(tmp_path: Path) -> None:
    store = Store(tmp_path)
    verdicts = [
        Verdict(one.id, one.problem_id, "answer", Label.CORRECT if is_right(one) else Label.WRONG, float(is_right(one)))
        for one in samples()
    ]
    kept = [example(one) for one in samples() if is_right(one)]
    steps = publish_round(store, verdicts, {"examples.parquet": (Example, kept)})
    first = store.run(recipe(), steps)
    summary = first.summary
    assert summary["share_never_solved"] == pytest.approx(3 / 12)
    assert summary["explore_pass_at_1"] == pytest.approx(len(kept) / 48)
    assert summary["kept_precision"] == 1
    assert summary["verifier_error_rate"] == 0
    assert summary["contamination_share"] == 0
    assert not [name for name in summary if name.startswith(("judge_", "exploit_", "gap_", "pseudo_"))]
    assert set(read_histograms(store.ledger, first)) == {"difficulty", "length"}

    second = store.run(recipe(), replace(steps, first=first), round=2)
    assert second.summary["tail_tv_to_first"] == 0
    assert second.summary["tail_hard_ratio"] == 1


@pytest.mark.slow
def test_a_self_judging_round_is_measured_against_gold_by_verifying_here(tmp_path: Path) -> None:
    store = Store(tmp_path)
    scores = {one.id: 4.0 if is_right(one) or one.index == 3 else 1.0 for one in samples()}
    verdicts = [Verdict(one.id, one.problem_id, "rubric", Label.UNSCORED, scores[one.id]) for one in samples()]
    chat = (Message("user", "Judge this."),)
    judgements = [Judgement("rubric", one.problem_id, one.id, n, chat, "", 4.0 if n else None)
                  for one in samples() for n in range(3)]  # fmt: skip
    pairs = [Pair(f"p{n}", chat, "right and long", "wrong", f"p{n}/0", f"p{n}/1") for n in range(NUM_PROBLEMS)]
    pairs[0] = Pair("p0", (Message("user", HELD_OUT),), "Ob", "Nile", "p0/0", "p0/1")
    steps = publish_round(
        store, verdicts, {"pairs.parquet": (Pair, pairs)},
        **{"judgements-rubric.parquet": (Judgement, judgements)},
    )  # fmt: skip
    asked = recipe(
        judge=[{"kind": "rubric"}],
        evaluate={"verifier": {"kind": "number"}},
        pair={"kind": "best_vs_worst"},
        train={"objective": {"kind": "dpo"}},
    )
    step = store.run(asked, steps)
    summary = step.summary
    num_right = sum(is_right(one) for one in samples())
    num_yes = sum(score > 2.5 for score in scores.values())
    assert summary["judge_precision"] == pytest.approx(num_right / num_yes)
    assert summary["judge_recall"] == 1
    assert summary["judge_parse_rate"] == pytest.approx(2 / 3)
    assert summary["explore_pass_at_1"] == pytest.approx(num_right / 48)
    assert summary["length_gap_pairs"] == pytest.approx((11 * 9 - 2) / 12)
    assert summary["contamination_share"] == pytest.approx(1 / 12)
    assert summary["contamination_items_report"] == 1
    assert read_histograms(store.ledger, step)["score_rubric"].classes == ("0", "1", "2", "3", "4", "5")
    flagged = json.loads(store.ledger.fetch(step, "contamination.json").read_text())
    assert flagged == {"report": {"r0": 1.0}}


def test_later_judges_have_their_name_before_their_metrics() -> None:
    one = group("10", scores=[4.0, 1.0])
    two = RubricJudge(name="second")
    verdicts = {**one.verdicts, "second": one.verdicts["rubric"], "answer": one.verdicts["rubric"]}
    both = replace(one, verdicts=verdicts)
    monitor = Monitor([AnswerJudge(), RubricJudge(), two], (), seed=0)
    monitor.add(both)
    numbers: Summary = monitor.numbers()
    assert numbers["judge_precision"] == numbers["second_judge_precision"] == 1
    assert not [name for name in numbers if name.startswith("answer_")]
    assert set(monitor.histograms()) == {"difficulty", "length", "score_rubric", "score_second"}


def test_a_monitor_is_new_when_what_it_reads_is(tmp_path: Path) -> None:
    def ref(key: str) -> StepRef:
        return StepRef(stage="s", round=1, key=key, prefix="p", files=())

    def key(samples: str = "a", first: StepRef | None = None, settings: Recipe | None = None) -> str:
        steps = (ref(samples), ref("v"), ref("s"), ref("p"), ref("p"))
        return monitor_spec(settings or recipe(), 1, RoundSteps(*steps, first)).key

    verifier = recipe(judge=[{"kind": "answer", "verifier": {"kind": "exact"}}])
    assert len({key(), key("b"), key(first=ref("f")), key(settings=verifier)}) == 4
    assert key() == key(settings=recipe(rounds={"max": 9}, guards=[]))
