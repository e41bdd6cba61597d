"""The whole monitor over a round's published steps: files in, metrics and histograms out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from configs.schema.judges.by_rule import AnswerJudge
from configs.schema.judges.opinions import RubricJudge
from configs.schema.marks import as_written
from configs.schema.recipe import Recipe
from tasks.core.answer_folder import count_answers
from tasks.core.answers import Answers
from tasks.core.progress import Silent
from tasks.core.records import Example, Judgement, Label, Pair, Part, Problem, Sample, Verdict, written
from tasks.core.refs import StepRef
from tasks.core.scratch import Scratch
from tasks.core.step import StepSpec, Summary
from tasks.core.tables import write_records
from tasks.monitor.histograms import read_histograms
from tasks.monitor.measure import Monitor
from tasks.monitor.run import monitor_round
from tasks.monitor.stage import MONITOR
from tasks.monitor.steps import RoundSteps
from tests.build.benches import make_ledger
from tests.build.records import (
    ask,
    make_example,
    make_judgement,
    make_pair,
    make_problem,
    make_recipe,
    make_sample,
    make_scored,
    make_verdict,
)
from tests.tasks.monitor.make import group

HELD_OUT = "What is the name of the largest river that flows north of here?"
NUM_PROBLEMS, NUM_DRAWS = 12, 4


class Store:
    """Publishes what the stages before the monitor publish."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = make_ledger(folder)

    def publish(self, stage: str, tables: dict[str, tuple[type, Iterable[Any]]], round: int = 1) -> StepRef:
        out = self.folder / "out" / f"{stage}-{round}"
        out.mkdir(parents=True)
        for name, (record, rows) in tables.items():
            write_records(out / name, record, rows)
        return self.ledger.publish(StepSpec("demo", stage, round, {"round": round}), out, {}, 1.0)

    def run(self, recipe: Recipe, steps: RoundSteps, round: int = 1) -> StepRef:
        spec = MONITOR.spec(recipe, as_written, round, vars(steps))
        out = self.folder / f"monitor-{round}"
        out.mkdir()
        with Silent().stage("monitor") as bar:
            answers = Answers(self.ledger, spec.answers, 4, bar, as_written)
            scratch = Scratch(out, out, bar, answers)
            summary = monitor_round(self.ledger, recipe, steps, spec.seed or 0, scratch, self.folder)
        return self.ledger.publish(spec, out, summary, 1.0)


def problems() -> list[Problem]:
    return [make_problem(f"p{n}", str(n + 1), f"{n}+1=?") for n in range(NUM_PROBLEMS)]


def samples() -> list[Sample]:
    """Of problem n the first n % 5 draws are right."""
    return [
        make_sample(one.id, i, f"It is {n + 1 + (i >= n % 5)}")
        for n, one in enumerate(problems())
        for i in range(NUM_DRAWS)
    ]


def is_right(one: Sample) -> bool:
    return one.index < int(one.problem_id[1:]) % 5


def held_out() -> dict[str, tuple[type, Iterable[Any]]]:
    return {
        "select.parquet": (Problem, [make_problem("s0", "water", "What is rain?")]),
        "report.parquet": (Problem, [make_problem("r0", "Ob", HELD_OUT)]),
    }


def publish_round(store: Store, verdicts: list[Verdict], selection: dict[str, Any], **more: Any) -> RoundSteps:
    published = store.publish("problems", {"train.parquet": (Problem, problems()), **held_out()})
    drawn = store.publish("generate", {"shard-00000.parquet": (Sample, samples())})
    judged = store.publish("judge", {"verdicts.parquet": (Verdict, verdicts), **more})
    kept = store.publish("select", selection)
    return RoundSteps((drawn,), (judged,), kept, published, published, None)


def test_a_round_with_an_answer_judge(tmp_path: Path) -> None:
    store = Store(tmp_path)
    verdicts = [make_verdict(one, Label.CORRECT if is_right(one) else Label.WRONG) for one in samples()]
    kept = [make_example(one) for one in samples() if is_right(one)]
    steps = publish_round(store, verdicts, {"examples.parquet": (Example, kept)})
    first = store.run(make_recipe(), steps)
    summary = first.summary
    assert summary["share_never_solved"] == pytest.approx(3 / 12)
    assert summary["explore_pass_at_1"] == pytest.approx(len(kept) / 48)
    assert summary["kept_precision"] == 1
    assert summary["verifier_error_rate"] == 0
    assert summary["contamination_share"] == 0
    assert not [name for name in summary if name.startswith(("judge_", "exploit_", "gap_", "pseudo_"))]
    assert set(read_histograms(store.ledger, first)) == {"difficulty", "length"}

    second = store.run(make_recipe(), replace(steps, first=first), round=2)
    assert second.summary["tail_tv_to_first"] == 0
    assert second.summary["tail_hard_ratio"] == 1


def test_texts_around_answers_are_not_measured(tmp_path: Path) -> None:
    verdicts = [make_verdict(one, Label.CORRECT if is_right(one) else Label.WRONG) for one in samples()]
    selection = {"examples.parquet": (Example, [make_example(one) for one in samples() if is_right(one)])}
    store, other = Store(tmp_path / "plain"), Store(tmp_path / "talk")
    plain = store.run(make_recipe(), publish_round(store, verdicts, selection))
    steps = publish_round(other, verdicts, selection)
    around = [
        text
        for one in samples()
        for text in (one, replace(one, id=f"{one.id}/c", text="Is it?" * 9, part=Part.CRITIQUE, parent_id=one.id))
    ]
    drawn = other.publish("generate", {"shard-00000.parquet": (Sample, around)}, round=2)
    assert other.run(make_recipe(), replace(steps, samples=(drawn,))).summary == plain.summary


def test_samples_drawn_with_help_are_in_the_tail_and_in_no_rate(tmp_path: Path) -> None:
    """Problems 0, 5 and 10 are never solved; each gets two guided tries, one of them right, and that one is kept."""
    store = Store(tmp_path)
    verdicts = [make_verdict(one, Label.CORRECT if is_right(one) else Label.WRONG) for one in samples()]
    kept = [one for one in samples() if is_right(one)]
    hard = [one for n, one in enumerate(problems()) if n % 5 == 0]
    tries = [
        make_sample(one.id, NUM_DRAWS + i, f"It is so: {i}", id=f"{one.id}/g{NUM_DRAWS + i}", draw="hinted",
                    privileged=True)
        for one in hard
        for i in range(2)
    ]  # fmt: skip
    guided = [tries[place] for place in range(0, len(tries), 2)]
    steps = publish_round(store, verdicts, {"examples.parquet": (Example, map(make_example, [*kept, *guided]))})
    alone = store.run(make_recipe(), steps).summary
    guide = store.publish(
        "guide",
        {
            "shard-00000.parquet": (Sample, tries),
            "verdicts.parquet": (
                Verdict,
                [make_verdict(one, Label.CORRECT if one in guided else Label.WRONG) for one in tries],
            ),
        },
    )
    both = replace(steps, samples=(*steps.samples, guide), verdicts=(*steps.verdicts, guide))
    step = store.run(make_recipe(), both, round=2)
    summary = step.summary
    assert alone["tail_bin_0"] == 0 and alone["tail_share_without_kept"] == pytest.approx(3 / 12)
    assert summary["tail_bin_0"] == pytest.approx(3 / (len(kept) + 3))
    assert summary["tail_share_without_kept"] == 0
    assert summary["kept_precision"] == 1
    assert summary["explore_pass_at_1"] == alone["explore_pass_at_1"] == pytest.approx(len(kept) / 48)
    assert summary["share_never_solved"] == alone["share_never_solved"] == pytest.approx(3 / 12)
    tail = read_histograms(store.ledger, step)["difficulty"].series
    assert tail["all samples"][0] == pytest.approx((3 * 4 + 6) / (48 + 6))


def test_held_out_problems_are_looked_for_in_all_that_is_trained_on(tmp_path: Path) -> None:
    """Ten rows are selected, and none holds one; a worked example, a replayed row and a pair of judgements do."""
    store = Store(tmp_path)
    verdicts = [make_verdict(one, Label.CORRECT if is_right(one) else Label.WRONG) for one in samples()]
    kept = [one for one in samples() if is_right(one)][:10]
    steps = publish_round(store, verdicts, {"examples.parquet": (Example, map(make_example, kept))})
    worked = [make_problem(f"w{n}", "1", HELD_OUT if n == 0 else f"{n}*1=?", solution="so") for n in range(2)]
    sets = {"train.parquet": (Problem, problems()), "warm_start.parquet": (Problem, worked), **held_out()}
    steps = replace(steps, problems=store.publish("problems", sets, round=9))
    rows = [{"prompt": HELD_OUT, "completion": "Ob"}, {"prompt": "1+1=?", "completion": "2"}]
    (tmp_path / "more.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    judged = make_pair(make_sample(text="good"), make_sample(index=1, text="bad"), messages=ask(HELD_OUT), role="judge")
    meta = store.publish("meta", {"pairs.parquet": (Pair, [judged])})

    def shares(recipe: Recipe, steps: RoundSteps, round: int) -> tuple[Any, Any]:
        summary = store.run(recipe, steps, round).summary
        assert summary["kept_precision"] == 1, "what the round selected is measured as before"
        return summary["contamination_share"], summary["contamination_items_report"]

    plain, replay = make_recipe(), {"path": "more.jsonl"}
    seeded = make_recipe(train={"with_seed_data": True, "start_from": "seed", "tune": {"kind": "full"}})
    outside = make_recipe(train={"replay": replay, "start_from": "seed", "tune": {"kind": "full"}})
    assert shares(plain, steps, 1) == (0, 0)
    assert shares(seeded, steps, 2) == (pytest.approx(1 / 12), 1)
    assert shares(outside, steps, 3) == (pytest.approx(1 / 12), 1)
    assert shares(plain, replace(steps, meta=meta), 4) == (pytest.approx(1 / 11), 1)


@pytest.mark.slow
def test_a_self_judging_round_is_measured_against_gold_by_verifying_here(tmp_path: Path) -> None:
    store = Store(tmp_path)
    scores = {one.id: 4.0 if is_right(one) or one.index == 3 else 1.0 for one in samples()}
    verdicts = [make_scored(one, scores[one.id]) for one in samples()]
    judgements = [
        make_judgement(one.id, 4 if n else None, index=n, messages=ask("Judge this."))
        for one in samples()
        for n in range(3)
    ]
    chosen, rejected = make_sample(text="right and long"), make_sample(index=1, text="wrong")
    pairs = [make_pair(chosen, rejected, problem_id=f"p{n}") for n in range(NUM_PROBLEMS)]
    pairs[0] = replace(pairs[0], messages=ask(HELD_OUT), chosen=written("Ob"), rejected=written("Nile"))
    steps = publish_round(
        store, verdicts, {"pairs.parquet": (Pair, pairs)},
        **{"judgements-rubric.parquet": (Judgement, judgements)},
    )  # fmt: skip
    asked = make_recipe(
        judge=[{"kind": "rubric"}],
        select=[{"kind": "drop_truncated"}],
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
    known = count_answers(store.ledger.store, [MONITOR.spec(asked, as_written, 1, vars(steps)).answers])
    assert known == len({(one.problem_id, one.text) for one in samples()}), "what the rule found outlives the step"
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

    def key(samples: str = "a", *more: StepRef, first: StepRef | None = None, settings: Recipe | None = None) -> str:
        steps = ((ref(samples), *more), (ref("v"),), ref("s"), ref("p"), ref("p"))
        return MONITOR.spec(settings or make_recipe(), as_written, 1, vars(RoundSteps(*steps, first))).key

    verifier = make_recipe(judge=[{"kind": "answer", "verifier": {"kind": "exact"}}])
    assert len({key(), key("b"), key("a", ref("g")), key(first=ref("f")), key(settings=verifier)}) == 5
    assert key() == key(settings=make_recipe(rounds={"max": 9}, guards=[]))
