"""Guidance end to end: a real tiny model, real judges, a real store.

A problem is two letters and a digit nobody can guess from them; its worked solution says the digit twice: `qx=` gives
`7;7`. Whoever is given the beginning of the solution can finish it, and the model learns to.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from random import Random
from string import ascii_lowercase
from typing import Any

import pytest

from configs.errors import ProblemsError
from tasks.core.records import Judgement, Label, Problem, Sample, Verdict
from tasks.core.refs import StepRef
from tasks.core.scratch import Scratch
from tasks.core.step import StepSpec, Summary
from tasks.core.tables import read_records, write_records
from tasks.judge.task import judge
from tasks.sample.guide.task import guide
from tests.build.seeded import Seeded, seeded
from tests.flows.micro import micro_recipe
from tests.tasks.core.killed import check_kill

pytestmark = pytest.mark.slow

JUDGES = [{"kind": "answer"}, {"kind": "vote"}, {"kind": "combine", "of": ["answer", "vote"]}]
NUM_DRAWN = 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("guide")
    random = Random(0)
    pairs = [first + second for first in ascii_lowercase for second in ascii_lowercase]
    random.shuffle(pairs)
    for name, names in (("warm", pairs[:80]), ("train", pairs[80:100])):
        digits = [(pair, random.randrange(1, 10)) for pair in names]
        lines: list[dict[str, Any]] = [
            {"question": f"{pair}=", "answer": str(d), "solution": f"{d};{d}"} for pair, d in digits
        ]
        if name == "train":
            lines[-1]["solution"] = None
        (made / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return made


def sections(folder: Path, **guide_section: Any) -> dict[str, Any]:
    """The micro recipe on these problems, with a context long enough for comments, and with guidance."""
    mapping = {name: {"field": name} for name in ("answer", "solution")}
    sources = {name: {"kind": "file", "path": f"{name}.jsonl", "mapping": mapping} for name in ("warm", "train")}
    micro = micro_recipe()
    return {
        "model": {**micro["model"], "max_length": 512},
        "problems": {**micro["problems"], "train": sources["train"]},
        "warm_start": {**micro["warm_start"], "source": sources["warm"]},
        "judge": JUDGES,
        "guide": guide_section,
    }


def read_problems(start: Seeded) -> list[Problem]:
    return list(read_records(start.bench.ledger.fetch(start.problems, "train.parquet"), Problem))


def publish_samples(start: Seeded, num_correct: Mapping[str, int]) -> StepRef:
    """Samples as a generate step would publish them: `num_correct` of 3 are right, the last ones."""

    def produce(scratch: Scratch) -> Summary:
        drawn = []
        for problem in (row for row in read_problems(start) if row.id in num_correct):
            for index in range(NUM_DRAWN):
                is_right = index >= NUM_DRAWN - num_correct[problem.id]
                text = str(problem.solution) if is_right else "no"
                row = (f"{problem.id}/{index}", problem.id, index, text, "stop", len(text) + 1, -1.0, start.seed.digest)
                drawn.append(Sample(*row))
        write_records(scratch.out / "shard-00000.parquet", Sample, drawn)
        return {}

    return start.bench.step(StepSpec("micro", "generate", 1, {"planted": dict(num_correct)}), produce)


def run(start: Seeded, num_correct: Mapping[str, int]) -> tuple[StepRef, list[Sample], list[Verdict]]:
    samples = publish_samples(start, num_correct)
    verdicts = judge(start.bench, 1, samples, start.problems, start.cast)
    step = guide(start.bench, 1, start.seed, start.problems, samples, verdicts, start.cast)
    fetch = start.bench.ledger.fetch
    tries = list(read_records(fetch(step, "shard-00000.parquet"), Sample))
    return step, tries, list(read_records(fetch(step, "verdicts.parquet"), Verdict))


def check_tries(
    start: Seeded, step: StepRef, tries: list[Sample], verdicts: list[Verdict], counts: Mapping[str, int]
) -> None:
    """What holds for every kind of guidance."""
    config = start.bench.recipe.guide
    assert config is not None
    assert [row.sample_id for row in verdicts] == [sample.id for sample in tries for _ in JUDGES]
    assert [row.judge for row in verdicts] == ["answer", "vote", "combine"] * len(tries)
    right = [row.label == Label.CORRECT for row in verdicts if row.judge == "answer"]
    for answer, vote, total in zip(*(verdicts[place::3] for place in range(3)), strict=True):
        if answer.score is not None and vote.score is not None:
            assert total.score == pytest.approx(answer.score + vote.score)
    for problem_id, before in counts.items():
        own = [place for place, sample in enumerate(tries) if sample.problem_id == problem_id]
        if before >= config.min_correct:
            assert own == []
            continue
        assert [tries[place].index for place in own] == list(range(NUM_DRAWN, NUM_DRAWN + len(own)))
        gained = sum(right[place] for place in own)
        assert before + gained <= config.min_correct
        assert before + gained == config.min_correct or len(own) == config.max_extra
        if before + gained == config.min_correct:
            assert right[own[-1]], "the try that reached the goal is the last"
    train = [problem.id for problem in read_problems(start)]
    assert sorted(tries, key=lambda row: (train.index(row.problem_id), row.index)) == tries
    parents = {f"{key}/0" if config.kind == "interactive" else None for key in counts}
    assert {sample.parent_id for sample in tries} <= parents
    assert all(sample.id == f"{sample.problem_id}/g{sample.index}" for sample in tries)
    assert step.summary["num_guided_samples"] == len(tries)
    assert step.summary["num_guided_correct"] == sum(right)


def planted(start: Seeded) -> dict[str, int]:
    """Eight problems with 0, 1, 2, 3, 0, ... correct samples of three."""
    return {problem.id: place % 4 for place, problem in enumerate(read_problems(start)[:8])}


def test_state_reset_continues_the_solution_and_gains_correct_samples(folder: Path) -> None:
    with seeded(folder, **sections(folder, kind="state_reset", prefix_share=0.7, min_correct=2, max_extra=4)) as start:
        counts = planted(start)
        step, tries, verdicts = run(start, counts)
        check_tries(start, step, tries, verdicts, counts)
        solutions = {problem.id: str(problem.solution) for problem in read_problems(start)}
        for sample in tries:
            assert sample.draw == "guided"
            assert len(sample.prefix) == 2 and sample.text.startswith(sample.prefix)
            assert solutions[sample.problem_id].startswith(sample.prefix)
            assert sample.logprob is not None and sample.logprob < 0
        assert step.summary["num_guided_correct"] >= 4, "what is left is easy"
        assert step.summary["num_short_problems"] == 4
        assert step.summary["rate_0_num_guided_problems"] == 2


def test_the_same_call_finds_the_step_and_a_lost_record_gives_the_same_bytes(folder: Path) -> None:
    with seeded(folder, **sections(folder, kind="state_reset", prefix_share=0.7, min_correct=2, max_extra=4)) as start:
        first, *_ = run(start, planted(start))
        assert first.is_reused
        (folder / "store" / first.prefix / "record.json").unlink()
        again, *_ = run(start, planted(start))
        assert not again.is_reused
        assert (again.files, again.summary) == (first.files, first.summary)


KILLED: tuple[dict[str, Any], ...] = (
    {"kind": "state_reset", "prefix_share": 0.7, "min_correct": 2, "max_extra": 4},
    {"kind": "interactive", "prompt": "teach.j2", "min_correct": 1, "max_extra": 2},
)


@pytest.mark.parametrize("section", KILLED, ids=lambda section: section["kind"])
def test_killed_guidance_asks_nothing_twice(folder: Path, tmp_path: Path, section: dict[str, Any]) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    (tmp_path / "teach.j2").write_text("{{ prompt }} {{ attempt }} {{ answer }}", encoding="utf-8")
    with seeded(tmp_path, **sections(tmp_path, **section)) as start:
        shutil.rmtree(tmp_path / "store" / "micro" / "round-001", ignore_errors=True)
        samples = publish_samples(start, planted(start))
        verdicts = judge(start.bench, 1, samples, start.problems, start.cast)

        def run_again() -> StepRef:
            return guide(start.bench, 1, start.seed, start.problems, samples, verdicts, start.cast)

        step = check_kill(start.bench, "guide", run_again, (1, 1))
        shutil.rmtree(tmp_path / "store" / "micro" / "round-001" / "guide")
        assert (run_again().files, run_again().summary) == (step.files, step.summary)


@pytest.mark.parametrize(
    ("kind", "prompt", "draw"),
    [("answer", "{{ answer }} {{ prompt }}", "hinted"), ("rationale", "{{ solution }} {{ prompt }}", "guided")],
)
def test_hints_stand_in_the_prompt_only(folder: Path, kind: str, prompt: str, draw: str) -> None:
    (folder / f"{kind}.j2").write_text(prompt, encoding="utf-8")
    with seeded(folder, **sections(folder, kind=kind, prompt=f"{kind}.j2", min_correct=1, max_extra=2)) as start:
        counts = planted(start)
        step, tries, verdicts = run(start, counts)
        check_tries(start, step, tries, verdicts, counts)
        assert tries and {sample.draw for sample in tries} == {draw}
        assert {(sample.prefix, sample.logprob) for sample in tries} == {("", None)}
        assert not any(file.name == "feedback.parquet" for file in step.files)


def test_a_teacher_comments_on_the_failed_try(folder: Path) -> None:
    (folder / "teach.j2").write_text("{{ prompt }} {{ attempt }} {{ answer }}", encoding="utf-8")
    section = {"kind": "interactive", "prompt": "teach.j2", "min_correct": 1, "max_extra": 2}
    with seeded(folder, **sections(folder, **section)) as start:
        counts = planted(start)
        step, tries, verdicts = run(start, counts)
        check_tries(start, step, tries, verdicts, counts)
        comments = list(read_records(start.bench.ledger.fetch(step, "feedback.parquet"), Judgement))
    unsolved = [problem_id for problem_id, number in counts.items() if number == 0]
    assert [(row.sample_id, row.index) for row in comments] == [(f"{key}/0", n) for key in unsolved for n in (0, 1)]
    assert all("no" in row.messages[0].content and row.judge == "policy" for row in comments)


def test_where_nothing_needs_guidance_the_step_is_empty_and_loads_nothing(folder: Path) -> None:
    with seeded(folder, **sections(folder, kind="interactive", min_correct=1, max_extra=2)) as start:
        step, tries, verdicts = run(start, {problem.id: 2 for problem in read_problems(start)[:3]})
        assert (tries, verdicts) == ([], [])
        assert step.summary["num_guided_samples"] == 0 and step.summary["tries_per_correct"] is None
        assert start.bench.spending()["generator_loads"] == 0


def test_a_problem_without_a_worked_solution_is_named(folder: Path) -> None:
    with seeded(folder, **sections(folder, kind="rationale")) as start:
        counts = {problem.id: 0 for problem in read_problems(start)[-2:]}
        with pytest.raises(ProblemsError, match="worked solution of every problem, and 1 of 2 have none"):
            run(start, counts)
