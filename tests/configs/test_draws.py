"""Draws that do not fit together are refused, each with one message that names the field and the fix."""

from __future__ import annotations

from typing import Any

import pytest

from configs.errors import RecipeError
from configs.schema.generate import IndependentGenerate
from tests.build.records import make_recipe

PLAIN = {"name": "plain"}
TOLD = {"name": "told", "prompt": "hint_answer", "sees": "answer"}


def drawn(*draws: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"max_tokens": 8, "num_samples": 2, "draws": [*draws], **fields}


REFUSED: list[tuple[dict[str, Any], str]] = [
    (drawn(PLAIN, PLAIN), "draws.1.name: two draws are called 'plain': give each its own name"),
    (drawn({"name": "a"}, {"name": "b"}, {"name": "a", "temperature": 2}), "draws.2.name: two draws are called 'a'"),
    (drawn({"name": "iid"}), "name: samples are counted under 'iid' already: choose another"),
    (drawn({**PLAIN, "temperature": 2}), "name: 'plain' is the problem as it is"),
    (drawn({**PLAIN, "state": "base"}), "name: 'plain' is the problem as it is"),
    (drawn({**PLAIN, "system": "revise"}), "name: 'plain' is the problem as it is"),
    (drawn({**PLAIN, "strip": ["a"]}), "name: 'plain' is the problem as it is"),
    (drawn({"name": "a", "variants": 2}), "variants: it is asked the problem as it is: write a prompt or a system"),
    (drawn({"name": "a", "sees": "answer"}), "sees: it is asked the problem as it is"),
    (drawn({"name": "a", "stored_prompt": "plain"}), "stored_prompt: it is asked the problem as it is"),
    (drawn(TOLD), "stored_prompt: it sees the answer, .* there is no stored_prompt: write stored_prompt: plain"),
    (drawn({**TOLD, "stored_prompt": "as_sampled"}), "stored_prompt: it sees the answer, .* training would show that"),
    (drawn({**TOLD, "sees": "solution"}), "stored_prompt: it sees the solution"),
    (drawn({"name": "a", "strip": ["("]}), "strip: not a regular expression"),
    (drawn({"name": "a", "temperature": 0}), "draws.0: temperature 0 draws the same text 2 times"),
    (drawn({"name": "a"}, temperature=0), "draws.0: temperature 0 draws the same text 2 times"),
    (drawn({"name": "a", "temperature": 0, "num_samples": [1, 2]}), "draws.0: temperature 0 draws the same text 2"),
    (drawn(PLAIN, temperature=0), "generate: temperature 0 draws the same text 2 times"),
    (drawn(), "generate.draws: .*at least 1 item"),
    (drawn({"name": "a", "num_samples": []}), "draws.0.num_samples"),
    (drawn({"name": "a", "num_samples": [1, 0]}, {"name": "b", "num_samples": [0]}), "nothing is drawn in round 2"),
    (drawn({"name": "a", "num_samples": 0}), "draws: nothing is drawn in round 1: write a num_samples above 0"),
    (drawn({"name": "a", "num_samples": 99_999}, PLAIN), "draws: one problem may be asked for more than 100,000 texts"),
    (drawn({"name": "a", "role": "nobody"}), "generate.draws.0.role: no role is called 'nobody': add it to roles"),
    ({"max_tokens": 8, "hot_samples": 3}, "generate.hot_samples: unknown key"),
]  # fmt: skip


@pytest.mark.parametrize(("generate", "message"), REFUSED)
def test_what_does_not_fit_together_is_one_message(generate: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message) as refused:
        make_recipe(generate=generate)
    assert "1 mistake\n" in str(refused.value)


BESIDE: list[tuple[dict[str, Any], str]] = [
    ({"generate": drawn(PLAIN, {"name": "old", "state": "base"}), "warm_start": None, "train": {}},
     r"draws.1.state: in round 1 'base' and 'round_start' are the base, so that the draws 'plain' and 'old' would be "
     r"of one model: add a warm_start, or write num_samples: \[0, 1\]"),
    ({"generate": drawn({"name": "a", "state": "previous"}, {"name": "b", "state": "base"}), "warm_start": None,
      "train": {}}, "draws.1.state: in round 1 'base' and 'previous' are the base"),
    ({"generate": drawn({"name": "old", "state": "seed"}), "warm_start": None, "train": {}},
     "draws.0.state: 'seed' is the model of the warm start"),
    ({"generate": drawn({"name": "a", "role": "rater"}),
      "roles": {"rater": {"model": {"base": "x"}, "engine": {"kind": "reward"}}}},
     "draws.0.role: needs text, which the engine reward of role 'rater' does not give"),
    ({"generate": drawn(PLAIN, {"name": "a", "prompt": "revise", "stored_prompt": "as_sampled"}),
      "pair": {"kind": "right_vs_wrong"}, "train": {"objective": {"kind": "dpo"}}, "select": [{"kind": "judged"}]},
     "draws.1.stored_prompt: both sides of a pair are trained under one chat"),
    ({"generate": drawn({"name": "a", "prompt": "revise", "stored_prompt": "verdict"}),
      "train": {"formats": [{"prompt": "zero_shot_direct"}]}}, "draws.0.stored_prompt: train.formats say what"),
]  # fmt: skip


@pytest.mark.parametrize(("sections", "message"), BESIDE)
def test_what_does_not_fit_to_other_sections_is_one_message(sections: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        make_recipe(**sections)


@pytest.mark.parametrize("draws", [
    [PLAIN, {"name": "old", "state": "base", "num_samples": [0, 1]}],
    [PLAIN, {"name": "old", "state": "base", "temperature": 1.5}],
    [{"name": "a", "prompt": "revise"}, {"name": "b", "prompt": "revise", "temperature": 0, "num_samples": 1}],
])  # fmt: skip
def test_draws_of_one_model_may_differ_in_more_than_its_state(draws: list[dict[str, Any]]) -> None:
    recipe = make_recipe(generate=drawn(*draws), warm_start=None, train={})
    assert [draw.name for draw in recipe.generate.draws] == [draw["name"] for draw in draws]


def test_a_recipe_without_draws_has_the_plain_one() -> None:
    generate = make_recipe(generate={"num_samples": 5, "max_tokens": 8}).generate
    assert isinstance(generate, IndependentGenerate)
    assert [(draw.name, draw.texts_in(3, 5)) for draw in generate.draws] == [("plain", 5)]
    assert generate.writers == ()


def test_numbers_go_by_round_and_the_last_one_goes_on() -> None:
    ladder = drawn({"name": "good", "num_samples": 1}, {"name": "worst", "num_samples": [1, 0, 0]},
                   {"name": "bad", "num_samples": [0, 1, 0]}, {"name": "plain", "num_samples": [0, 0, 1]},
                   {"name": "worded", "prompt": "reworded", "variants": 3})  # fmt: skip
    generate = make_recipe(generate=ladder).generate
    told = [[draw.texts_in(round, 2) for draw in generate.draws] for round in (1, 2, 3, 7)]
    assert told == [[1, 1, 0, 0, 6], [1, 0, 1, 0, 6], [1, 0, 0, 1, 6], [1, 0, 0, 1, 6]]
    assert [generate.texts_in(round) for round in (1, 2, 3)] == [8, 8, 8]
