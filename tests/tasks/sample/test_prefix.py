"""Steps that a solution is left with: which are wrong, what is said of them, and what is stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from configs.errors import ProblemsError, RecipeError
from configs.schema.judges.kinds import Judge
from configs.schema.rows import RowKind
from infra.engines.questions import Completion, Missing, Request
from tasks.core.joined import Candidate, with_chains
from tasks.core.paths import check_depth_first
from tasks.core.records import Label, Problem, Sample, Verdict, spell
from tasks.sample.drive import Partners, drive
from tasks.sample.episode import POLICY
from tasks.sample.revision.cutting import steps_of
from tasks.sample.samplers.given import Given
from tasks.sample.samplers.prefix import Branching, Prefix
from tasks.sample.samplers.registry import make_sampler
from tasks.select.filters.filter import Draw
from tasks.select.rows.kinds import rows_of
from tests.build.records import make_problem, make_recipe, make_sample, make_verdict
from tests.tasks.core.scripted import ScriptedPool, answerer, make_answers

PROBLEM = make_problem(question="Q?", solution="s1|s2|R", gold="72")
SPLICE: dict[str, Any] = {"kind": "splice", "given": 1}


def sampler(folder: Path, **generate: Any) -> Prefix:
    (folder / "why.j2").write_text("{{ prompt }} {{ steps }} [{{ step }}] {{ solution }}")
    section = {"kind": "prefix", "max_tokens": 16, "step_end": "|", "prompt": "why.j2", "rollouts": 8, **generate}
    recipe = make_recipe(generate=section, rows=[SPLICE])
    made = make_sampler(Given(recipe, "model", base_dir=folder))
    assert isinstance(made, Prefix)
    return made


def run(
    folder: Path, texts: Mapping[str, Any], problem: Problem = PROBLEM, pool: Any = None, **generate: Any
) -> tuple[Branching, Any]:
    """Texts by REQUEST/DRAW, or by REQUEST; a text that ends with the step's end is a step. All others: W."""

    def write(request: Request, draw: int) -> Any:
        return texts.get(f"{request.id}/{draw}", texts.get(request.id, "W"))

    class Steps(ScriptedPool):
        """A text that ends a step was stopped by that."""

        def generate(self, *args: Any, **kwargs: Any) -> Any:
            for shard, rows in super().generate(*args, **kwargs):
                yield shard, [self._row(row) for row in rows]

        @staticmethod
        def _row(row: Completion | Missing) -> Completion | Missing:
            if isinstance(row, Completion) and row.text.endswith("|"):
                return replace(row, text=row.text[:-1], stop_text="|")
            return row

    pool = Steps(write=write, **(pool or {}))
    made = sampler(folder, **generate)
    partners = Partners(make_answers(folder / "answers"), {POLICY: answerer(pool)}, by_last_letter)
    (episode,) = drive(made, [problem], partners, 3)
    return episode, pool


def by_last_letter(judge: Judge, samples: Sequence[Sample], problems: Mapping[str, Problem]) -> Iterator[Verdict]:
    """An answer is right that ends with R."""
    for one in samples:
        yield make_verdict(one, Label.CORRECT if one.text.endswith("R") else Label.WRONG)


def test_the_steps_of_a_text() -> None:
    assert steps_of("a|b|c", "|") == ["a|", "b|", "c"] and steps_of("a|b|", "|") == ["a|", "b|"]
    assert steps_of("a\n\nb", "\n") == ["a\n\n", "b"] and steps_of("one", "|") == ["one"]
    assert steps_of("", "|") == steps_of("  ", "|") == []
    for text in ("a|b|c", "|a||b|", "x", "||x"):
        assert "".join(steps_of(text, "|")) == text


def test_a_step_is_wrong_if_no_continuation_is_right(tmp_path: Path) -> None:
    """0 of 8: wrong; 1 of 8: right. Chains are stored depth first, with what the judge would not know."""
    texts = {"p:step/0": "bad|", "p:step/1": "good|", "p:1/7": "R", "p/0:critique": "Wait"}
    found, _ = run(tmp_path, texts, width=2)
    before, after = steps_of(found.before, "|"), steps_of(found.after, "|")
    check_depth_first(found.nodes)
    first, critique, last = found.nodes
    assert (first.text, first.prefix, first.privileged) == ("".join(before) + "bad|", "".join(before), True)
    assert (critique.text, critique.parent_id, critique.part, critique.privileged) == ("Wait", "p/0", "critique", True)
    assert (last.text, last.by, last.parent_id) == ("".join(after), "solution", "p/0:critique0")
    assert critique.messages[0].content == f"Q? {''.join(before)} [bad|] s1|s2|R"
    of_step, of_rest = found.verdicts
    told = (of_step.sample_id, of_step.label, of_step.note)
    assert told == ("p/0", "wrong", "none of 8 continuations is right") and of_rest.sample_id == last.id
    assert found.counts == {"num_steps_tried": 2, "num_rollouts": 16, "num_wrong_steps": 1}


def test_steps_that_are_no_others_are_left_out(tmp_path: Path) -> None:
    """The solution's own, one drawn twice, and an empty one."""
    drawn = ["R", "x|", "x|", " ", "y|"]
    texts = {f"p:step/{place}": text for place, text in enumerate(drawn)}
    found, _ = run(tmp_path, texts, make_problem(solution="R"), width=5)
    assert [node.text for node in found.nodes[::3]] == ["x|", "y|"] and found.counts["num_steps_tried"] == 2


def test_a_step_of_which_nothing_is_said_is_counted(tmp_path: Path) -> None:
    texts = {"p:step/0": "bad|", "p:step/1": "bad2|", "p/0:critique": " ", "p/1:critique": "Wait"}
    found, _ = run(tmp_path, texts, width=2, rollouts=1)
    assert [node.id for node in found.nodes] == ["p/1", "p/1:critique0", "p/1:critique0/0"]
    assert [one.sample_id for one in found.verdicts] == ["p/1", "p/1:critique0/0"]
    assert (found.counts["num_wrong_steps"], found.counts["num_without_critique"]) == (2, 1)


def test_a_step_whose_continuations_are_missing_is_not_called_wrong(tmp_path: Path) -> None:
    refuses = {"refuses": lambda question: "too_long" if question.id == "p:0" else None}
    found, _ = run(tmp_path, {"p:step/0": "bad|", "p:step/1": "bad2|"}, width=2, pool=refuses)
    assert (found.counts["num_wrong_steps"], found.counts["num_unjudged_steps"]) == (1, 1)


def test_nothing_is_tried_of_a_model_that_writes_the_solution(tmp_path: Path) -> None:
    found, pool = run(tmp_path, {"p:step": "R"}, make_problem(solution="R"), width=3)
    assert found.nodes == found.verdicts == () and len(pool.draws) == 3


def test_a_step_that_ends_the_answer_is_judged_as_it_is(tmp_path: Path) -> None:
    found, pool = run(tmp_path, {"p:step": "W9", "p/0:critique": "Wait"}, width=1)
    assert found.counts["num_rollouts"] == 1 and len(found.nodes) == 3 and len(pool.draws) == 2


def test_a_problem_without_a_solution(tmp_path: Path) -> None:
    with pytest.raises(ProblemsError, match="problem p has no worked solution"):
        run(tmp_path, {}, make_problem())


def test_the_loss_of_the_worked_example() -> None:
    """Right steps 10, wrong 11, reflection 9, improved 12, rest 8, end 1: 40 loss tokens, 51 with the wrong step."""
    right, wrong, told, rest = (" ".join([word] * number) + " " for word, number in
                                (("r", 10), ("w", 11), ("t", 9), ("i", 20)))  # fmt: skip
    first = make_sample("p", 0, right + wrong, prefix=right)
    critique = make_sample("p", 0, told, id="p/0:c", parent_id="p/0", part="critique")
    last = make_sample("p", 0, rest, id="p/0:c/0", parent_id="p/0:c", by="solution")
    verdicts = {first.id: make_verdict(first, "wrong"), last.id: make_verdict(last, "correct")}
    members = [Candidate(one, {"answer": verdicts[one.id]} if one.id in verdicts else {}, make_problem())
               for one in (first, critique, last)]  # fmt: skip
    chain = with_chains(members)[-1]
    for loss, expected in (({}, 40), ({"attempt_wrong": 1}, 51)):
        (row,) = rows_of(chain, TypeAdapter(RowKind).validate_python({**SPLICE, "loss": loss}), Draw(0, 1))
        assert sum(len(span.text.split()) for span in row.completion if span.weight) + 1 == expected
        assert spell(row.completion) == right + wrong + told + rest


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"judge": [{"kind": "rubric"}], "evaluate": {"verifier": {"kind": "number"}}}, "the first judge must compare"),
        ({"generate": {"kind": "prefix", "max_tokens": 8, "critic": "nobody"}}, "generate.critic: no role is called"),
        ({"generate": {"kind": "prefix", "max_tokens": 8, "critic": "scorer"},
          "roles": {"scorer": {"model": {"base": "models/a"}, "engine": {"kind": "reward"}}}}, "needs text, which"),
        ({"guide": {}}, "guide: generate.kind prefix draws no answers"),
        ({"generate": {"kind": "prefix", "max_tokens": 8, "temperature": 0}}, "temperature"),
    ],
)  # fmt: skip
def test_sections_that_do_not_fit_are_refused(sections: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError) as raised:
        make_recipe(**{"generate": {"kind": "prefix", "max_tokens": 8}, **sections})
    assert message in str(raised.value)


def test_the_chance_to_miss_a_step_that_is_seldom_right() -> None:
    assert pytest.approx(0.4305, abs=5e-5) == (1 - 0.1) ** 8
