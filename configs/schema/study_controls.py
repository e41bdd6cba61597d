"""The controls of a study, made of a method's recipe: what it gains without what it is said to learn from. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from configs.errors import RecipeError
from configs.schema.study import Control
from configs.schema.study_layers import READS_ANSWERS, VERIFIER, judges_of, map_judges

BY_CHANCE = {"kind": "python", "function": f"{Path(__file__).parents[1] / 'studies' / 'controls.py'}:by_chance"}
SHARED = ("model", "engine", "problems", "warm_start", "evaluate", "decide", "guards", "services", "rounds")
"""sections that a control by training alone has of its method"""
NOT_OF_ROUNDS = ("source", "stop_epochs")
"""fields of a warm start that its repetitions have not"""


def control_of(tree: Mapping[str, Any], control: Control) -> dict[str, Any]:
    """The recipe of a control.

    Raises:
        RecipeError: this method has no such control.
    """
    first = next((judge for judge in judges_of(tree) if judge.get("kind") in READS_ANSWERS), None)
    evaluate = {VERIFIER: (first or {}).get(VERIFIER, {"kind": "number"}), **tree.get("evaluate", {})}
    made = {**tree, "evaluate": evaluate}
    if control == "training_only":
        return _training_only(made)
    if first is None:
        raise RecipeError(
            "by_chance: the method has no judge of kind answer or vote, whose verdicts could be those of chance",
            "write control: by_chance at another method",
        )
    return {**_by_chance(made), "evaluate": evaluate}


def _by_chance(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Everything as it is, but for verdicts that know nothing of the answer. Those of votes too: a majority knows."""

    def change(judge: Mapping[str, Any]) -> Mapping[str, Any]:
        if judge.get("kind") not in READS_ANSWERS:
            return judge
        return {"kind": "answer", "name": judge.get("name", judge["kind"]), VERIFIER: BY_CHANCE}

    changed: dict[str, Any] = map_judges(tree, change)
    return changed


def _training_only(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Rounds that repeat the warm start from where the last one ended, all epochs with the same course of the learning
    rate: a shorter round, which is over before the rate falls, would make a model worse that little data has made. A
    round has to have a row of its own: one sample, whatever it is."""
    if "warm_start" not in tree:
        raise RecipeError("training_only: the method has no warm start to go on with",
                          "write a warm_start in the common section")  # fmt: skip
    drawn = tree.get("online", {}).get("episode", {}) if "online" in tree else tree.get("generate", {})
    settings = {name: value for name, value in tree["warm_start"].items() if name not in NOT_OF_ROUNDS}
    return {
        **{name: tree[name] for name in SHARED if name in tree},
        "generate": {"num_samples": 1, "num_problems": 1, "max_tokens": drawn.get("max_tokens", 64)},
        "judge": [{"kind": "answer", VERIFIER: tree["evaluate"][VERIFIER]}],
        "select": [{"kind": "length", "min_tokens": 0}],
        "train": {**settings, "start_from": "previous", "with_seed_data": True},
    }
