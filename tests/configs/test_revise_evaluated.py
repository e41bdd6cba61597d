"""What `evaluate.revise` draws by default, and what no model has at test time."""

from __future__ import annotations

from typing import Any

import pytest

from configs.errors import RecipeError
from configs.schema.generate import ReviseGenerate
from configs.schema.revision.evaluated import revision_evaluated, trees_evaluated
from tests.build.records import make_recipe

ATTEMPT = {"part": "attempt"}
VERDICT = {"part": "verdict"}
GENERATE: dict[str, Any] = {
    "kind": "revise", "max_tokens": 8, "num_samples": 4, "max_turns": 3, "stop": ["."], "until": [{"verdict": "right"}],
    "first": {"state": "base", "redraw": False},
    "steps": [{**VERDICT, "num": 8, "keep": {"true_verdict": 1}}, {**ATTEMPT, "num": 5, "temperature": 0.9}],
}  # fmt: skip


def evaluated(revise: Any = None, **sections: Any) -> ReviseGenerate:
    found = revision_evaluated(make_recipe(**{"generate": GENERATE, **sections}, evaluate={"revise": revise or {}}))
    assert found is not None
    return found


def test_steps_of_generate_are_drawn_once_and_greedily() -> None:
    found = evaluated()
    assert [(step.name, step.num, step.keep, step.changed_sampling) for step in found.steps] == [
        ("verdict", 1, None, {}), ("attempt", 1, None, {})
    ]  # fmt: skip
    assert (found.num_samples, found.temperature, found.max_turns, found.stop) == (1, 0.0, 3, (".",))
    assert found.until[0].verdict == "right" and found.first_writer.name == "policy"


def test_own_steps_take_no_stops_of_others() -> None:
    found = evaluated({"steps": [ATTEMPT], "max_turns": 4, "temperature": 0.3})
    assert (found.until, found.max_turns, found.temperature) == ((), 4, 0.3)


def test_a_recipe_without_revisions_is_asked_for_one() -> None:
    found = evaluated(generate={"max_tokens": 9, "num_samples": 2})
    assert ([step.part for step in found.steps], found.max_turns, found.max_tokens) == (["attempt"], 2, 9)
    assert revision_evaluated(make_recipe()) is None


def test_trees_branch_where_a_model_first_writes() -> None:
    told = {"part": "hint", "by": "template", "prompt": "retry"}
    steps = [told, VERDICT, {**ATTEMPT, "temperature": 0.2}]
    asked = {"steps": steps, "trees": {"num_samples": 6, "num_repairs": 3, "temperature": 0.9}}
    found = trees_evaluated(make_recipe(generate=GENERATE, evaluate={"revise": asked}))
    assert found is not None
    assert [(step.num, step.changed_sampling) for step in found.steps] == [(1, {}), (3, {}), (1, {})]
    assert (found.num_samples, found.temperature, found.max_turns) == (6, 0.9, 2)
    assert trees_evaluated(make_recipe(evaluate={"revise": {}})) is None


GATED = {**GENERATE, "steps": [{**ATTEMPT, "when": {"judge": "answer", "says": ["wrong"]}}], "until": []}
SHOWN = {**GENERATE, "steps": [{"part": "hint", "by": "peer"}, ATTEMPT], "until": []}
REFUSED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {"generate": GATED}, r"steps\.0\.when\.judge: 'answer' compares with gold.*\(it is generate's\)"),
    ({"until": [{"judge": "answer", "says": ["correct"]}]}, {}, r"until\.0\.judge: 'answer' compares with gold"),
    ({"until": [{"no_gain": "answer"}]}, {}, r"until\.0\.no_gain: 'answer' compares with gold"),
    ({}, {"generate": SHOWN}, r"steps\.0\.by: a right sibling is not there at test time \(it is generate's\)"),
    ({"steps": [{**ATTEMPT, "by": "solution"}]}, {}, r"steps\.0\.by: the worked solution is not there at test time: "),
    ({"steps": [{**ATTEMPT, "num": 2}], "temperature": 1}, {}, r"steps\.0\.num: each problem has one chain here"),
    ({"steps": [{**ATTEMPT, "keep": {"first": 1}}]}, {}, r"steps\.0\.keep: each problem has one chain here"),
    ({"steps": [{**ATTEMPT, "peers": None}]}, {}, r"steps\.0\.peers: each problem has one chain here"),
    ({"steps": [{**VERDICT, "also_by": ["critic"]}, ATTEMPT]}, {}, r"steps\.0\.also_by: each problem has one chain"),
    ({"steps": [ATTEMPT], "until": [{"verdict": "right"}]}, {}, r"until\.0\.verdict: no step writes a verdict"),
    ({"steps": []}, {}, r"steps: exactly one has part attempt"),
    ({"steps": [VERDICT]}, {}, r"steps: exactly one has part attempt"),
    ({"steps": [{**ATTEMPT, "by": "nobody"}]}, {}, r"steps\.0\.by: no role is called 'nobody'"),
    ({"until": [{"no_gain": "nobody"}]}, {}, r"until\.0\.no_gain: no judge is called 'nobody'"),
    ({"steps": [{"part": "execution", "by": "judge:answer"}, ATTEMPT]}, {}, r"steps\.0: an execution is what a code"),
    ({"trees": {"budgets": [[9, 1]]}}, {}, r"trees: budgets: 9 attempts with 1 repairs each need num_samples: 9"),
    ({"trees": {"budgets": [[1, 0]]}}, {}, r"trees\.budgets"),
    ({"max_turns": 1}, {}, r"max_turns"),
    ({"resample": {"num_samples": 1}}, {}, r"resample\.num_samples"),
]  # fmt: skip


@pytest.mark.parametrize(("revise", "sections", "words"), REFUSED)
def test_what_no_model_has_at_test_time_is_refused(
    revise: dict[str, Any], sections: dict[str, Any], words: str
) -> None:
    with pytest.raises(RecipeError, match=rf"evaluate\.revise\.{words}"):
        evaluated(revise, **sections)


def test_a_judge_made_of_one_that_compares_with_gold_is_no_judge_either() -> None:
    judges = [{"kind": "answer"}, {"kind": "rubric", "name": "taste"}, {"kind": "combine", "name": "both",
              "of": ["answer", "taste"]}]  # fmt: skip
    with pytest.raises(RecipeError, match=r"evaluate\.revise\.until\.0\.no_gain: 'both' compares with gold"):
        evaluated({"until": [{"no_gain": "both"}]}, judge=judges)
    named = [{"kind": "answer"}, {"kind": "rubric", "name": "evaluation"}]
    with pytest.raises(RecipeError, match=r"until\.0\.no_gain: 'evaluation' is what evaluation calls its own verifier"):
        evaluated({"until": [{"no_gain": "evaluation"}]}, judge=named)
    assert evaluated({"until": [{"no_gain": "taste"}]}, judge=judges).until[0].no_gain == "taste"
