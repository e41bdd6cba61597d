"""Rules look at samples while others are drawn; the judge stage finds what they found, and does the rest."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from configs.errors import UserError
from tasks.core.answer_folder import count_answers
from tasks.core.bench import Workbench
from tasks.core.files import VERDICTS
from tasks.core.records import Problem, Sample
from tasks.core.refs import ModelRef
from tasks.core.roles import Cast
from tasks.judge import meanwhile
from tasks.judge.meanwhile import watched
from tasks.judge.task import judge
from tests.build.benches import make_ledger, publish
from tests.build.judging import drawn_samples, make_problems
from tests.build.records import make_recipe

pytestmark = pytest.mark.slow
NUMBER = {"kind": "answer", "verifier": {"kind": "number"}}
SECONDS_A_PROBLEM = 0.005
"""a model that draws takes its time"""
TEXTS = ("12", "so 7", "it is 8", "no number", "cut")


@dataclass(frozen=True)
class Episode:
    nodes: tuple[Sample, ...]


def drawn(problems: list[Problem], fails_at: int | None = None) -> Iterator[Episode]:
    for number, problem in enumerate(problems):
        if number == fails_at:
            raise RuntimeError("the engine died")
        time.sleep(SECONDS_A_PROBLEM)
        yield Episode(tuple(drawn_samples([problem], [f"{text} {number}" for text in TEXTS])))


def bench_of(folder: Path, judges: list[dict[str, Any]], meanwhile: bool | None = True) -> Workbench:
    recipe = make_recipe(judge=judges)
    recipe = recipe.model_copy(update={"generate": recipe.generate.model_copy(update={"judge_meanwhile": meanwhile})})
    return Workbench(recipe, make_ledger(folder, guard=lambda: None), folder)


def look(bench: Workbench, problems: list[Problem], fails_at: int | None = None) -> list[Sample]:
    known = {problem.id: problem for problem in problems}
    return [node for one in watched(bench, 1, known, drawn(problems, fails_at), ()) for node in one.nodes]


def num_found(bench: Workbench) -> int:
    """Texts of which a rule has said something, in the place of the judge stage."""
    place = f"{bench.recipe.name}/round-001/judge/answers"
    folders = {key[: len(place) + 13] for key in bench.ledger.store.keys(place)}
    return count_answers(bench.ledger.store, sorted(folders))


def verdicts_of(bench: Workbench, samples: list[Sample], problems: list[Problem]) -> list[tuple[str, str]]:
    given = publish(bench, "problems", train=problems, select=problems[:1], report=problems[1:2])
    drawn_step = publish(bench, "generate", **{"shard-00000": samples})
    model = ModelRef(name="any", digest="f" * 64, external=".")
    cast = Cast(base=model, seed=None, previous=None, round_start=model, live=model)
    step = judge(bench, 1, drawn_step, given, cast)
    return [(row.sample_id, row.label) for row in VERDICTS.read(bench.ledger, step)]


def test_the_judge_stage_finds_what_was_found_and_says_the_same(tmp_path: Path) -> None:
    problems = make_problems(12)
    with bench_of(tmp_path / "straight", [NUMBER], meanwhile=False) as bench:
        samples = look(bench, problems)
        assert num_found(bench) == 0
        expected = verdicts_of(bench, samples, problems)
    with bench_of(tmp_path / "ahead", [NUMBER]) as bench:
        assert look(bench, problems) == samples
        known = num_found(bench)
        assert verdicts_of(bench, samples, problems) == expected
        assert 0 < known <= num_found(bench)
    assert not [one for one in threading.enumerate() if one.name.startswith("judge ")]


def test_a_draw_that_fails_keeps_what_was_found(tmp_path: Path) -> None:
    with bench_of(tmp_path, [NUMBER]) as bench:
        with pytest.raises(RuntimeError, match="the engine died"):
            look(bench, make_problems(200), fails_at=199)
        assert num_found(bench) > 0


def test_a_rule_that_cannot_be_asked_is_told_while_samples_are_drawn(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("import nowhere_to_be_found\n")
    rule = {"kind": "answer", "verifier": {"kind": "python", "function": f"{path}:score"}}
    problems = make_problems(1) * 2000
    with bench_of(tmp_path, [rule]) as bench, pytest.raises(UserError, match="nowhere_to_be_found"):
        list(watched(bench, 1, {problems[0].id: problems[0]}, drawn(problems), ()))


def test_a_rule_that_is_slower_than_the_model_leaves_the_rest_to_the_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meanwhile, "MOST_WAITING", 5)
    problems = make_problems(400)
    with bench_of(tmp_path, [NUMBER]) as bench:
        samples = look(bench, problems)
        assert num_found(bench) < len(samples)
        assert len(verdicts_of(bench, samples, problems)) == len(samples)


def test_without_a_word_nothing_is_judged_beside_a_model_on_the_processors(tmp_path: Path) -> None:
    with bench_of(tmp_path, [NUMBER], meanwhile=None) as bench:
        look(bench, make_problems(3))
        assert num_found(bench) == 0
    with bench_of(tmp_path, [NUMBER]) as bench:
        said = ({problem.id: problem for problem in make_problems(3)}, drawn(make_problems(3)))
        assert len(list(watched(bench, 1, *said, [bench.recipe.judge[0].name]))) == 3
        assert num_found(bench) == 0, "the sampler has asked it"
