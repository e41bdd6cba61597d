"""What a gate asks for, in problems; numbers worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.plan.promotion import describe_promotion, least_gain
from tests.build.records import make_recipe


def gate(**fields: Any) -> Any:
    return make_recipe(decide={"gate": fields}).decide.gate


@pytest.mark.parametrize(
    ("fields", "size", "gain"),
    [
        ({"kind": "better"}, 15, 1),
        ({"kind": "better", "margin": 0.1}, 15, 2),  # 1/15 is 6.7 %, 2/15 is 13 %
        ({"kind": "better", "margin": 0.1}, 20, 3),  # 2/20 is not above 10 %
        ({"kind": "significant"}, 100, 6),  # two-sided 2 / 2^6 is .031, 2 / 2^5 is .0625
        ({"kind": "significant", "alpha": 0.01}, 100, 8),  # 2 / 2^8 is .0078
        ({"kind": "significant"}, 5, None),
        ({"kind": "always"}, 5, 0),
    ],
)
def test_the_fewest_problems_that_a_gate_promotes_on(fields: dict[str, Any], size: int, gain: int | None) -> None:
    assert least_gain(gate(**fields), size) == gain


def told(size: int, **fields: Any) -> str:
    return "\n".join(describe_promotion(make_recipe(decide={"gate": fields}), {"select": size}))


def test_a_plan_says_where_chance_would_promote_and_where_nothing_can() -> None:
    assert "1 of 15 select problems more right, which chance does easily" in told(15, kind="better")
    assert "kind: significant" in told(15, kind="better")
    assert told(100, kind="significant").endswith("6 of 100 select problems more right, or more where others are lost")
    assert "never, for 5 select problems are too few" in told(5, kind="significant")
    assert "every candidate" in told(5, kind="always")
