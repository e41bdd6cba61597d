"""The stage at a real ledger: two steps of samples, the numbers of the step, and what makes it new."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from configs.schema.marks import as_written
from tasks.core.bench import Workbench
from tasks.core.ledger import Ledger
from tasks.core.records import Drop, Example, Judgement, Label, Message, Pair, Sample, Verdict, spell
from tasks.core.refs import StepRef
from tasks.core.step import StepSpec, Summary
from tasks.core.tables import read_records
from tasks.select.stage import SELECT
from tests.build.benches import make_ledger, publish_tables
from tests.build.records import make_problem, make_recipe, make_sample, make_verdict

pytestmark = pytest.mark.slow

PROBLEMS = [make_problem(name, gold="1", solution="one") for name in ("p", "q", "r")]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    yield make_ledger(tmp_path)


def publish(ledger: Ledger, stage: str, summary: Summary | None = None, **tables: Sequence[Any]) -> StepRef:
    return publish_tables(ledger, StepSpec("t", stage, 1, {"tables": sorted(tables)}), summary, **tables)


def judged(samples: Sequence[Sample], labels: str) -> list[Verdict]:
    of = {"+": Label.CORRECT, "-": Label.WRONG}
    return [make_verdict(sample, label=of[label]) for sample, label in zip(samples, labels, strict=True)]


def published(ledger: Ledger) -> dict[str, Any]:
    """Inputs of the stage: three problems, two samples each of p and r, and a hinted one of q."""
    own = [make_sample(problem, index) for problem in ("p", "r") for index in range(2)]
    guided = [make_sample("q", 0, draw="hinted"), make_sample("r", 2, draw="hinted", text="a hint")]
    generate = publish(ledger, "generate", **{"shard-00000": own[:2], "shard-00001": own[2:]})
    judge = publish(ledger, "judge", verdicts=judged(own, "+-++"))
    problems = publish(ledger, "problems", train=PROBLEMS)
    guide = publish(ledger, "guide", **{"shard-00000": guided, "verdicts": judged(guided, "++")})
    return {"samples": [generate, guide], "verdicts": [judge, guide], "problems": problems}


def test_the_stage_merges_steps_in_the_order_of_problems(ledger: Ledger, tmp_path: Path) -> None:
    from tasks.select.task import select

    recipe = make_recipe(guide={"kind": "answer"})
    with Workbench(recipe, ledger, tmp_path) as bench:
        inputs = published(ledger)
        step = select(bench, 1, **inputs)
        again = select(bench, 1, **inputs)
    rows = list(read_records(ledger.fetch(step, "examples.parquet"), Example))
    assert [row.sample_id for row in rows] == ["p/0", "q/0", "r/0", "r/1"]
    drops = [(drop.sample_id, drop.reason) for drop in read_records(ledger.fetch(step, "drops.parquet"), Drop)]
    assert drops == [("p/1", "wrong"), ("r/2", "hint_shows")]
    assert step.summary["num_kept_hinted"] == 1 and step.summary["num_rows"] == 4
    assert step.summary["mean_tokens"] == len("text 0") and step.summary["distinct_rate"] == 1
    assert again.is_reused and again.key == step.key


def test_the_calibrations_threshold_and_formats_are_used(ledger: Ledger, tmp_path: Path) -> None:
    from tasks.select.task import select

    (tmp_path / "own.j2").write_text("Say: {{ prompt }}")
    recipe = make_recipe(
        select=[{"kind": "threshold", "above": "calibrated"}],
        calibrate={"kind": "balance"},
        train={"formats": [{"prompt": "own.j2"}, {"prompt": "few_shot_reasoning"}]},
    )
    with Workbench(recipe, ledger, tmp_path) as bench:
        inputs = published(ledger)
        picked = {"threshold": 0.5, "temperature": 1.0}
        calibration = publish(ledger, "calibrate", picked, train=PROBLEMS)
        step = select(bench, 1, **inputs, calibration=calibration)
    rows = list(read_records(ledger.fetch(step, "examples.parquet"), Example))
    assert len(rows) == 10 and step.summary["num_kept"] == 5, "the wrong one has score 0"
    assert rows[0].messages[0].content == "Say: question p"
    assert rows[1].messages[0].content.startswith("Question: question q\nAnswer: one")


def spec(recipe: Any, round: int = 1, calibration: StepRef | None = None) -> StepSpec:
    def step(stage: str) -> StepRef:
        return StepRef(stage=stage, round=1, key=stage, prefix=stage, files=())

    names = [step("generate")], [step("judge")]
    inputs = {"samples": names[0], "verdicts": names[1], "problems": step("problems"), "calibration": calibration}
    return SELECT.spec(recipe, as_written, round, inputs)


def test_what_makes_a_select_step_new() -> None:
    plain = spec(make_recipe())
    judged = {"select": [{"kind": "judged"}, {"kind": "drop_truncated"}]}  # pairs need wrong samples
    dpo = {**judged, "train": {"objective": {"kind": "dpo"}}, "pair": {"kind": "right_vs_wrong"}}
    calibration = StepRef(stage="calibrate", round=1, key="c", prefix="c", files=())
    roles = {"critic": {"like": "policy", "train": {"objective": {"kind": "dpo"}, "pair": {"kind": "right_vs_wrong"}}}}
    critic = make_recipe(roles=roles).for_learner("critic")
    changed = [
        spec(make_recipe(select=[{"kind": "correct"}])),
        spec(make_recipe(**judged)),
        spec(make_recipe(weigh={"kind": "by_problem"})),
        spec(make_recipe(train={"objective": {"kind": "kto"}})),
        spec(make_recipe(**dpo)),
        spec(critic),
        spec(make_recipe(guide={"kind": "answer"})),
        spec(make_recipe(guide={"kind": "answer", "leak_words": ["clue"]})),
        spec(make_recipe(select=[{"kind": "python", "function": "mine.py:keep"}])),
        spec(make_recipe(rows=[{"kind": "turn"}])),
        spec(make_recipe(rows=[{"kind": "answer"}, {"kind": "answer", "given": 0}])),
        spec(make_recipe(train={"formats": [{"prompt": "a"}]})),
        spec(make_recipe(train={"formats": [{"prompt": "b"}]})),
        spec(make_recipe(), calibration=calibration),
    ]
    assert len({one.key for one in (plain, *changed)}) == len(changed) + 1
    same = [
        spec(make_recipe(train={"epochs": 3})),
        spec(make_recipe(judge=[{"kind": "answer", "verifier": {"kind": "exact"}}])),
    ]
    assert {one.key for one in same} == {plain.key}
    assert spec(make_recipe(roles=roles)).key == plain.key  # what a role learns from is nothing to the policy
    assert spec(critic).versions["pair.right_vs_wrong"] == 1


def test_a_schedule_enters_with_the_rounds_value() -> None:
    def with_rho(*rho: float) -> Any:
        pair = {"kind": "shortest_best_longest_worst", "rho": list(rho)}
        return make_recipe(train={"objective": {"kind": "dpo"}}, pair=pair)

    assert spec(with_rho(0.0, 0.1), 1).key == spec(with_rho(0.0, 0.2, 0.3), 1).key
    assert spec(with_rho(0.0, 0.1), 2).key != spec(with_rho(0.0, 0.2), 2).key


def test_pairs_of_judgements_are_read_from_the_judge_step(ledger: Ledger, tmp_path: Path) -> None:
    from tasks.select.task import select

    samples = [make_sample("p", index) for index in range(2)]
    verdicts = [
        make_verdict(sample, judge=judge, label=Label.CORRECT if judge == "answer" else Label.UNSCORED, score=1.0)
        for sample in samples
        for judge in ("answer", "style")
    ]
    asked = (Message("user", "how good?"),)
    wrote = [
        Judgement("style", "p", sample.id, place, asked, f"{sample.id} {score}", float(score))
        for sample in samples
        for place, score in enumerate((5, 1))
    ]
    inputs = {
        "samples": [publish(ledger, "generate", **{"shard-00000": samples})],
        "verdicts": [publish(ledger, "judge", verdicts=verdicts, **{"judgements-style": wrote})],
        "problems": publish(ledger, "problems", train=PROBLEMS),
    }
    recipe = make_recipe(
        judge=[{"kind": "answer"}, {"kind": "rubric", "name": "style"}],
        select=[{"kind": "judged"}],
        pair={"kind": "judgements", "rule": "side", "cut": 3},
        train={"objective": {"kind": "dpo"}},
    )
    with Workbench(recipe, ledger, tmp_path) as bench:
        step = select(bench, 1, **inputs)
    rows = list(read_records(ledger.fetch(step, "pairs.parquet"), Pair))
    assert [(spell(row.chosen), spell(row.rejected)) for row in rows] == [("p/0 5", "p/0 1"), ("p/1 5", "p/1 1")]
    assert {(row.role, row.messages) for row in rows} == {("judge", asked)}
    assert step.summary["num_pairs"] == step.summary["num_kept"] == 2
