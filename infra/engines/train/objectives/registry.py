"""Every objective by its `kind`, which is the name of its file in this folder."""

from __future__ import annotations

from typing import Any

from configs.errors import EngineError
from configs.schema import objective as schema
from configs.schema.kinds import load_kinds
from infra.engines.train.objectives.objective import Objective

OBJECTIVES: dict[str, Objective] = load_kinds(schema.Objective, "infra.engines.train.objectives", "OBJECTIVE")


def objective_of(settings: Any) -> Objective:
    """The object of a recipe's objective.

    Raises:
        EngineError: nobody wrote it.
    """
    found = OBJECTIVES.get(settings.kind)
    if found is None:
        raise EngineError(
            f"there is no objective {settings.kind}",
            f"take one of {', '.join(OBJECTIVES)}, or add its settings to configs/schema/objective.py, "
            "and a file of its name to infra/engines/train/objectives",
        )
    return found
