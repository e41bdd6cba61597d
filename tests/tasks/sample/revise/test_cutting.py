"""First attempts that end at their first wrong step: what continuations say, what is stored, and what reviewers see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from configs.errors import RecipeError
from configs.schema.judges.kinds import Judge
from configs.schema.rows import SpliceRow
from infra.engines.questions import Request
from tasks.core.joined import Candidate, with_chains
from tasks.core.records import Label, Problem, Sample, Verdict
from tasks.sample.revision.cutting import cut_at, first_wrong_step
from tasks.sample.revision.revising import Revising
from tasks.select.filters.filter import Draw
from tasks.select.rows.kinds import rows_of
from tests.build.records import make_problem, make_sample, make_verdict
from tests.tasks.core.scripted import ScriptedPool
from tests.tasks.sample.revise.script import by_place, revise_sampler, run

R, W, MISSING = Label.CORRECT, Label.WRONG, Label.MISSING
STEPS = [{"part": "attempt", "when": {"judge": "answer", "says": ["wrong"]}, "prompt": "fix.j2"}]


def by_last_letter(judge: Judge, samples: Sequence[Sample], problems: Mapping[str, Problem]) -> Iterable[Verdict]:
    """An answer is right that ends with R."""
    for one in samples:
        yield make_verdict(one, R if one.text.endswith("R") else W)


@pytest.fixture
def revised(tmp_path: Path) -> Callable[..., Revising]:
    """One problem's episode; texts by REQUEST/DRAW, all others W."""
    (tmp_path / "fix.j2").write_text("Fix it: {{ attempt }}")

    def run_one(texts: Mapping[str, str], pool: Mapping[str, Any] | None = None, **first: Any) -> Revising:
        cut = {"step_end": "|", "rollouts": 2, **first}
        generate = {"first": {"cut": cut}, "steps": STEPS, "temperature": 1.0}
        sampler = revise_sampler(tmp_path, generate=generate)
        scripted = ScriptedPool(write=by_place(texts), **(pool or {}))
        (episode,) = run(sampler, tmp_path / "answers", pool=scripted, judge=by_last_letter)
        return episode

    return run_one


@pytest.mark.parametrize(
    ("labels", "number"),
    [
        ([[R, W], [W, W], [W, R]], 2),
        ([[W, W], [R, R]], 1),
        ([[R], [R], [W, R]], 4),
        ([], 1),
        ([[R], [MISSING, W]], None),
        ([[MISSING, R], [W]], 2),
        ([[R], []], None),
    ],
)
def test_the_first_step_after_which_nothing_is_right(labels: list[list[Label]], number: int | None) -> None:
    """Missing continuations leave it open, but where another is right."""
    sample = make_sample()
    assert first_wrong_step([[make_verdict(sample, one) for one in step] for step in labels]) == number


def test_a_cut_attempt_has_its_right_steps_as_given() -> None:
    whole = replace(make_sample(), text="s1|s2|s3|W")
    cut = cut_at(whole, 3, "|")
    assert (cut.text, cut.prefix, cut.finish_reason, cut.logprob) == ("s1|s2|s3|", "s1|s2|", "step", None)
    last = cut_at(whole, 4, "|")
    assert (last.text, last.prefix, last.finish_reason) == (whole.text, "s1|s2|s3|", whole.finish_reason)
    assert cut_at(whole, 1, "|").prefix == ""


def test_a_wrong_attempt_ends_at_its_first_wrong_step(revised: Callable[..., Revising]) -> None:
    """s1 can still be saved, s2 cannot; the reviser sees s1 and s2."""
    found = revised({"p/0": "s1|s2|s3|W", "p/0:from1/1": "R", "p/0:attempt/0": "R"})
    first, second = found.nodes
    assert (first.text, first.prefix, second.text) == ("s1|s2|", "s1|", "R")
    assert second.messages[1].content == "s1|s2|" and second.messages[2].content == "Fix it: s1|s2|"
    assert [one.label for one in found.verdicts] == [W, R], "of the whole attempt, and of its revision"
    assert found.counts["num_cut"] == 1 and found.counts["num_rollouts"] == 6


def test_in_a_row_the_right_steps_are_given_and_the_wrong_one_is_not_learnt(revised: Callable[..., Revising]) -> None:
    found = revised({"p/0": "s1|s2|s3|W", "p/0:from1/1": "R", "p/0:attempt/0": "R"})
    verdicts = {one.sample_id: {"answer": one} for one in found.verdicts}
    joined = with_chains([Candidate(node, verdicts[node.id], make_problem(question="Q?")) for node in found.nodes])
    (row,) = rows_of(joined[-1], SpliceRow(given=1), Draw(0, 0))
    assert [(span.text, span.weight) for span in row.completion] == [("s1|", 1), ("s2|", 0), ("R", 1)]


@pytest.mark.parametrize("text", ["s1|s2|R", "W", ""])
def test_right_attempts_and_those_of_one_step_are_not_looked_at(revised: Callable[..., Revising], text: str) -> None:
    found = revised({"p/0": text, "p/0:attempt/0": "R"})
    assert found.nodes[0].text == text and "num_rollouts" not in found.counts


def test_where_continuations_are_missing_the_attempt_stays_whole(revised: Callable[..., Revising]) -> None:
    refuses = {"refuses": lambda request: "too_long" if ":from" in request.id else None}
    found = revised({"p/0": "s1|s2|W"}, refuses)
    assert found.nodes[0].text == "s1|s2|W" and found.counts["num_without_wrong_step"] == 1


def test_what_is_counted_is_in_the_summary_where_attempts_are_cut(tmp_path: Path) -> None:
    (tmp_path / "fix.j2").write_text("Fix it")
    plain = revise_sampler(tmp_path, generate={"steps": STEPS})
    cutting = revise_sampler(tmp_path, generate={"steps": STEPS, "first": {"cut": {}}})
    assert "num_cut" not in plain.summary(1, {}) and cutting.summary(1, {"num_cut": 3})["num_cut"] == 3


@pytest.mark.parametrize(
    ("generate", "says"),
    [
        ({"first": {"cut": {}, "pool": "rounds"}}, "generate.first.cut: .*pool"),
        ({"first": {"cut": {}}, "interpreter": {}}, "generate.first.cut: .*interpreter"),
        ({"first": {"cut": {"rollouts": 0}}}, "rollouts"),
    ],
)
def test_what_cannot_be_cut_is_told(generate: dict[str, Any], says: str) -> None:
    with pytest.raises(RecipeError, match=says):
        revise_sampler(None, generate=generate)


def test_the_request_of_a_step_depends_on_the_step_alone(tmp_path: Path) -> None:
    """More rollouts keep the first ones."""
    (tmp_path / "fix.j2").write_text("Fix it")
    seeds: list[dict[str, int]] = []
    for number in (2, 3):
        asked: dict[str, int] = {}

        def write(request: Request, draw: int, asked: dict[str, int] = asked) -> str:
            asked[request.id] = request.seed
            return "s1|s2|W" if request.id == "p" else "W"

        cut = {"step_end": "|", "rollouts": number}
        sampler = revise_sampler(tmp_path, generate={"steps": STEPS, "first": {"cut": cut}})
        run(sampler, tmp_path / str(number), write, judge=by_last_letter)
        seeds.append({name: seed for name, seed in asked.items() if ":from" in name})
    assert seeds[0] == seeds[1] and len(set(seeds[0].values())) == 2
