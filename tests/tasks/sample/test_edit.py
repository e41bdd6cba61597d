"""A step that the model spoils: which edits fit it, what is dropped, and the pairs that come of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from configs.errors import RecipeError
from configs.schema.generate import GIVEN_AWAY
from configs.schema.judges.kinds import Judge
from configs.schema.load import check_recipe
from configs.schema.pair import RightVsWrong
from infra.engines.questions import Request
from tasks.core.joined import Candidate
from tasks.core.paths import check_depth_first
from tasks.core.records import Label, Problem, Sample, Verdict, spell
from tasks.sample.drive import Partners, drive
from tasks.sample.episode import POLICY
from tasks.sample.samplers.edit import Editing, Edits, edits_of, gives_away, last_sentences
from tasks.sample.samplers.given import Given
from tasks.sample.samplers.registry import make_sampler
from tasks.select.filters.filter import Draw
from tasks.select.pairs.right_vs_wrong import make as right_vs_wrong
from tests.build.records import make_problem, make_recipe, make_verdict
from tests.tasks.core.scripted import ScriptedPool, answerer, make_answers

PROBLEM = make_problem(question="Q?", gold="72")
VERIFIER = {"verifier": {"kind": "number"}}


def sampler(folder: Path, **generate: Any) -> Edits:
    folder.mkdir(exist_ok=True)
    (folder / "spoil.j2").write_text("{{ edit }} {{ prompt }} {{ steps }}[{{ step }}]")
    section = {"kind": "edit", "max_tokens": 16, "step_end": "|", "prompt": "spoil.j2", "num_samples": 3, **generate}
    made = make_sampler(Given(make_recipe(generate=section), "model", base_dir=folder))
    assert isinstance(made, Edits)
    return made


def run(
    folder: Path, texts: Mapping[str, Any], pool: Any = None, problem: Problem = PROBLEM, **generate: Any
) -> Editing:
    """Texts by REQUEST/DRAW, or by REQUEST; all others: W."""

    def write(request: Request, draw: int) -> Any:
        return texts.get(f"{request.id}/{draw}", texts.get(request.id, "W"))

    made = sampler(folder, **generate)
    partners = Partners(
        make_answers(folder / "answers"), {POLICY: answerer(ScriptedPool(write=write, **(pool or {})))}, by_last_letter
    )
    (episode,) = drive(made, [PROBLEM], partners, 3)
    return episode


def by_last_letter(judge: Judge, samples: Sequence[Sample], problems: Mapping[str, Problem]) -> Iterator[Verdict]:
    """An answer is right that ends with R."""
    for one in samples:
        yield make_verdict(one, Label.CORRECT if one.text.endswith("R") else Label.WRONG)


@pytest.mark.parametrize(
    ("step", "edits"),
    [
        ("3 + 4 = 7", ["values", "substitution", "deletion", "operator", "swap"]),
        ("He has 3 apples.", ["value"]),
        ("She pays 2 for 1,200 of them.", ["values"]),
        ("x = y", ["substitution", "deletion", "operator", "swap"]),
        ("n = 4", ["value", "substitution", "deletion", "operator", "swap"]),
        ("The red ball rolls.", ["adjective"]),
    ],
)
def test_the_edits_that_fit_a_step(step: str, edits: list[str]) -> None:
    assert list(edits_of(step)) == edits


def test_the_editor_sees_four_sentences_at_most() -> None:
    assert last_sentences("A. B! C? D. E.", 4) == "B! C? D. E." and last_sentences("A. B.", 4) == "A. B."
    assert last_sentences("1.5 and 2.5 make 4.", 1) == "1.5 and 2.5 make 4.", "a point inside a number ends nothing"


@pytest.mark.parametrize(
    ("edit", "question", "is_so"),
    [
        ("That is a mistake.", "Q?", True),
        ("Mistaken or not, 8.", "Q?", False),
        ("Let's correct it: 8", "Q?", True),
        ("the WRONG sum is 8", "Q?", True),
        ("the wrong sum is 8", "Which sum is wrong?", False),
        ("4 + 4 = 8", "Q?", False),
    ],
)
def test_words_that_give_an_edit_away(edit: str, question: str, is_so: bool) -> None:
    assert gives_away(edit, GIVEN_AWAY, question) == is_so


def test_the_right_step_and_the_edited_one_are_a_problem_of_their_own(tmp_path: Path) -> None:
    found = run(tmp_path, {"p/1": "3+4=7|8-1=7|R", "p:edit": "3+4=8"}, rollouts=5)
    assert found.counts == {"num_edited": 1} and [one.id for one in found.problems] == ["p", "p#1"]
    check_depth_first(found.nodes)
    own, spoilt = found.nodes[3:]
    assert own.text.startswith(own.prefix) and "3+4=7|8-1=7|R".startswith(own.text)
    assert spoilt.text == own.prefix + "3+4=8" + own.text[-1] and spoilt.prefix == own.prefix
    assert {node.problem_id for node in (own, spoilt)} == {"p#1"} and {node.part for node in (own, spoilt)} == {"step"}
    labels = {one.sample_id: (one.label, one.note) for one in found.verdicts}
    assert labels["p#1/0"] == ("correct", "of a right attempt")
    assert labels["p#1/1"] == ("wrong", "none of 5 continuations is right")
    shown = spoilt.messages[0].content
    assert shown.split(" ")[0] in {"values", "substitution", "deletion", "operator", "swap"}
    assert shown.endswith(f"Q? {own.prefix}[{own.text[len(own.prefix) : -1]}]") and spoilt.stored == PROBLEM.messages


def test_pairs_of_answers_and_of_the_step(tmp_path: Path) -> None:
    """Both sides of the second share problem and prefix, and differ in one span; 100 and 60 such make 160."""
    found = run(tmp_path, {"p/1": "3+4=7|R", "p:edit": "3+4=8"}, rollouts=1)
    pairs = []
    config = RightVsWrong(per_problem=1)
    for problem in found.problems:
        verdicts = {one.sample_id: one for one in found.verdicts}
        group = [Candidate(node, {"answer": verdicts[node.id]}, problem) for node in found.nodes
                 if node.problem_id == problem.id]  # fmt: skip
        made = right_vs_wrong(group, config, Draw(0, 0))
        assert isinstance(made, list)
        pairs += made
    full, step = pairs
    assert (spell(full.chosen), full.chosen_ends) == ("3+4=7|R", True) and spell(full.rejected) == "W"
    assert (step.chosen_id, step.rejected_id) == ("p#1/0", "p#1/1") and step.messages == PROBLEM.messages
    assert step.chosen[:-1] == step.rejected[:-1] and step.chosen[-1].weight == step.rejected[-1].weight == 1


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        ({}, "num_without_right"),
        ({"p/1": "3+4=7|R", "p:edit": " 3+4=7 "}, None),
        ({"p/1": "3+4=7|8-1=7|R", "p:edit": ""}, "num_unchanged"),
        ({"p/1": "3+4=7|8-1=7|R", "p:edit": "3+4=8, a mistake"}, "num_given_away"),
        ({"p/1": "3+4=7|8-1=7|", "p/2": "7R", "p:edit": "8R"}, "num_still_right"),
        ({"p/1": "R", "p:edit": "W2"}, "num_edited"),
        ({"p/1": "a=1|a=1|a=1|R1=R", "p:edit": "b=2R", "p:rollout/0": "R"}, "num_still_right"),
    ],
)
def test_what_becomes_of_an_edit_is_counted(tmp_path: Path, texts: dict[str, str], reason: str | None) -> None:
    found = run(tmp_path, texts, rollouts=2)
    (counted,) = found.counts
    assert reason is None or counted == reason
    has_step = len(found.problems) == 2
    assert has_step == (counted == "num_edited") and len(found.nodes) == (5 if has_step else 3)


def test_edits_that_nobody_went_on_from_are_not_called_wrong(tmp_path: Path) -> None:
    """A continuation that is missing says nothing; with rollouts: 0 nobody looks."""
    texts = {"p/1": "3+4=7|8-1=7|9-2=7|1+6=7|R", "p:edit": "3+4=8"}
    refuses = {"refuses": lambda question: "too_long" if question.id in ("p:rollout", "p:edit") else None}
    assert run(tmp_path / "a", texts, refuses).counts == {"num_unjudged_edits": 1}
    found = run(tmp_path / "b", texts, rollouts=0)
    assert found.counts == {"num_edited": 1} and found.verdicts[-1].note == "nobody went on from it"
    assert run(tmp_path / "c", {}, {"refuses": lambda question: "too_long"}).nodes == ()


def test_edits_that_are_not_asked_for_are_not_drawn(tmp_path: Path) -> None:
    found = run(tmp_path, {"p/1": "3+4=7|R", "p:edit": "3-4=7"}, edits=["operator"])
    assert found.edit in ("operator", "")
    with pytest.raises(RecipeError, match="the prompt 'none' cannot be read"):
        sampler(tmp_path, prompt="none")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"judge": [{"kind": "rubric"}], "evaluate": {"verifier": {"kind": "number"}}},
            "generate.kind edit looks for steps that lead to no right answer",
        ),
        ({"guide": {"kind": "answer"}}, "guide: generate.kind edit draws no answers to be helped with"),
        ({"generate": {"kind": "edit", "edits": []}}, "edits"),
        ({"generate": {"kind": "edit", "temperature": 0}}, "temperature"),
    ],
)
def test_recipes_that_cannot_work_are_told(changes: dict[str, Any], says: str) -> None:
    told = make_recipe().model_dump(mode="json") | {"generate": {"kind": "edit"}} | changes
    with pytest.raises(Exception, match=says):
        check_recipe(told)
