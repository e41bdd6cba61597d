"""Recipes of online rounds, which together have every part that such a round can have."""

from __future__ import annotations

from typing import Any


def online_recipe(objective: dict[str, Any], **online: Any) -> dict[str, Any]:
    """The shortest recipe of a segment with that objective."""
    return {
        "name": f"online_{objective['kind']}",
        "model": {"kind": "tiny_llama"},
        "problems": {part: {"kind": "addition"} for part in ("train", "select", "report")},
        "train": {"objective": objective, "max_steps": 8},
        "online": {"problems_per_wave": 4, "group_size": 4, "episode": {"max_tokens": 32}, **online},
    }


TURNS: dict[str, Any] = {
    "kind": "revise", "max_tokens": 32,
    "steps": [{"part": "verdict"}, {"part": "attempt", "when": {"verdict": "wrong"}}],
}  # fmt: skip
"""an attempt, the policy's own verdict of it, and a second attempt where that says wrong"""

ONLINE: dict[str, dict[str, Any]] = {
    f"online_{kind}": online_recipe({"kind": kind})
    for kind in ("dr_grpo", "gspo", "max_rl", "cispo", "sapo", "luspo", "vespo", "ppo", "raft", "nft")
} | {
    "online_grpo": online_recipe(
        {"kind": "grpo", "kl_weight": {"start": 0.1, "end": 0.0, "over": 4}},
        reward=[
            {"kind": "judge"}, {"kind": "format", "pattern": "[0-9]"}, {"kind": "length"}, {"kind": "turn_count"},
        ],
    ),
    "online_dapo": online_recipe(
        {"kind": "dapo"}, curriculum={"kind": "window"}, steps_per_wave=2, sampler={"where": "session"}
    ),
    "online_rloo": online_recipe(
        {"kind": "rloo"}, reward=[{"of": "vote"}], curriculum={"kind": "vote_share"}, choice="([0-9])"
    )
    | {"judge": [{"kind": "vote"}], "evaluate": {"verifier": {"kind": "number"}}},
    "online_derived": online_recipe(
        {"kind": "grpo"}, flat_groups="keep", episode=TURNS | {"steps": [{"part": "critique"}, *TURNS["steps"]]},
        reward=[{"kind": "judge"}, {"kind": "likeness", "shift": -0.5}],
        credit={"train_parts": ["attempt", "verdict"]}, derived=[
            {"kind": "attempts", "weight": {"start": 0.1, "end": 0.0, "over": 4}}, {"kind": "verdicts"},
            {"kind": "copies", "prompt": "predict_feedback"},
        ],
    ),
    "online_sdpo": online_recipe({"kind": "sdpo"}, moving={}),
    "online_twins": online_recipe({"kind": "grpo"}, starts="twins")
    | {"judge": [{"kind": "vote", "electorate": "linked"}], "evaluate": {"verifier": {"kind": "number"}}},
    "online_reinforce_pp": online_recipe(
        {"kind": "reinforce_pp"}, curriculum={"kind": "pools"}, episode=TURNS, reward=[
            {"kind": "judge"}, {"kind": "progress"}, {"kind": "verdict_match"}, {"kind": "kl"}
        ], credit={"unit": "turn", "turn_discount": 0.5, "group_by": ["fork", "turn"], "normalise_by": "part"},
    ),
}  # fmt: skip
