"""Why a step is new: what differs between the value its key is the digest of and that of a published step. Pure.

Called by `selfloop plan --why`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tasks.core.step import flatten

NOTHING = "nothing"
LONGEST = 60
_DIGEST = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Lines such as `train.learning_rate: 0.001 -> 0.002`, for every field of two payloads that differs.

    Fields of the recipe go by their section; inputs, versions and seed by these words. Seeds follow the round, so that
    between steps of two rounds they say nothing.
    """
    before, after = _fields(old), _fields(new)
    if old["round"] != new["round"]:
        before.pop("seed", None)
        after.pop("seed", None)
    for name in dict.fromkeys([*after, *before]):
        values = [side.get(name, NOTHING) for side in (before, after)]
        if values[0] != values[1]:
            yield f"{name}: {_shown(values[0])} -> {_shown(values[1])}"


def _fields(payload: Mapping[str, Any]) -> dict[str, str]:
    told = {name: value for name, value in payload.items() if name not in ("stage", "round", "config")}
    return flatten({**payload["config"], **told})


def _shown(value: str) -> str:
    short = _DIGEST.sub(r"\1", value)
    return repr(short[: LONGEST - 3] + "...") if len(short) > LONGEST else short
