"""Derived rows, teachers and twins in a recipe: what does not fit is one message that says what to write."""

from __future__ import annotations

from typing import Any

import pytest

from configs.schema.load import check_recipe
from tests.configs.online_recipes import TURNS, online_recipe
from tests.configs.test_online import message

COMMENTED = {"kind": "revise", "max_tokens": 32, "steps": [{"part": "critique", "by": "critic"}, {"part": "attempt"}]}
CRITIC = {"critic": {"model": {"base": "models/other"}}}
SAID = {"kind": "copies", "prompt": "predict_feedback"}
MOVED = {"kind": "copies", "part": "attempt", "stream": "advantage"}
LAST = {"unit": "turn", "train_turns": "last"}


@pytest.mark.parametrize(
    ("online", "told"),
    [
        ({"derived": [{"kind": "attempts"}]}, "online.derived.0.when: none_right: groups without a right attempt are"),
        ({"derived": [{"kind": "attempts", "when": "always", "name": "judge"}]}, "name: 'judge' is another one's"),
        ({"derived": [{"kind": "verdicts"}, {"kind": "verdicts"}]}, "online.derived.1.name: 'verdicts' is another"),
        ({"derived": [{"kind": "verdicts", "count": 1}]}, "online.derived.0.count"),
        ({"derived": [{"kind": "verdicts", "pattern": "right"}]}, "needs a group around what is looked for"),
        ({"derived": [{"kind": "verdicts", "weight": 0.5}]}, "weight: rewards say what a verdict counts"),
        ({"derived": [{"kind": "verdicts"}], "credit": {"train_parts": ["attempt"]}}, "leaves verdicts out"),
        ({"derived": [{"kind": "verdicts"}], "credit": {"combine": "normalise_then_sum"}}, "leave credit.combine out"),
        ({"derived": [{"kind": "attempts", "when": "always", "weight": -1}]}, "weight: a negative weight"),
        ({"derived": [SAID]}, "online.derived.0.part: nobody writes a text of part critique"),
        ({"derived": [{"kind": "copies"}]}, "stream: likelihood teaches the words around attempts"),
        ({"derived": [{**MOVED, "prompt": "critique"}]}, "stream: advantage moves attempts"),
        ({"derived": [MOVED], "episode": TURNS}, "online.credit: copies with stream: advantage move last attempts"),
        ({"derived": [SAID], "episode": {**TURNS, "steps": [{"part": "critique"}, {"part": "attempt"}]}},
         "online.derived.0.part: the policy's own texts of part critique are trained where they stand"),
        ({"moving": {}}, "online.moving: nobody asks the moving copy"),
        ({"moving": {"rate": 2}}, "rate: a share of the way to the policy"),
        ({"starts": "twins"}, "online.starts: a vote judge with electorate: linked reads"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_message(online: dict[str, Any], told: str) -> None:
    assert told in message(online_recipe({"kind": "grpo"}, **online) | {"roles": CRITIC})


@pytest.mark.parametrize(
    ("objective", "changes", "told"),
    [
        ({"kind": "nft"}, {"online": {"derived": [{"kind": "verdicts"}]}}, "the objective nft reads none"),
        ({"kind": "sdpo"}, {"online": {"episode": COMMENTED}, "roles": CRITIC}, "write independent"),
        ({"kind": "sdpo", "support": "sampled"}, {}, "alpha: from the drawn word alone"),
        ({"kind": "sdpo"}, {"online": {"moving": {}}, "train": {"start_from": "base"}}, "the copy would begin anew"),
        ({"kind": "grpo"}, {"judge": [{"kind": "vote", "electorate": "teacher"}]}, "a vote judge has the electorate"),
        ({"kind": "grpo"}, {"judge": [{"kind": "vote", "electorate": "linked"}]}, "write both, or neither"),
        ({"kind": "grpo"}, {"judge": [{"kind": "vote", "electorate": "linked"}],
                            "online": {"starts": "twins", "problems_per_wave": 3}}, "an even problems_per_wave"),
    ],
)  # fmt: skip
def test_what_does_not_fit_an_objective_or_a_judge_is_one_message(
    objective: dict[str, Any], changes: dict[str, Any], told: str
) -> None:
    tree = online_recipe(objective) | {"evaluate": {"verifier": {"kind": "number"}}}
    for name, section in changes.items():
        tree[name] = {**tree.get(name, {}), **section} if isinstance(section, dict) else section
    assert told in message(tree)


def test_an_electorate_is_of_segments() -> None:
    offline = {
        "name": "offline", "model": {"kind": "tiny_llama"}, "judge": [{"kind": "vote", "electorate": "teacher"}],
        "problems": {part: {"kind": "addition"} for part in ("train", "select", "report")},
        "evaluate": {"verifier": {"kind": "number"}},
    }  # fmt: skip
    assert "electorate: teacher is of segments" in message(offline)


def test_second_attempts_may_stand_under_the_problem_alone() -> None:
    tree = online_recipe({"kind": "grpo"}, episode=COMMENTED, derived=[MOVED], credit=LAST | {"baseline": "mean"})
    own = check_recipe(tree | {"roles": CRITIC}).online
    assert own is not None and own.derived[0].kind == "copies"
