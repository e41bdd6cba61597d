"""Every objective by its `kind`. To add one: a file like `dpo.py`, its settings in the schema, an entry here."""

from __future__ import annotations

from typing import Any

from configs.errors import EngineError
from infra.engines.train.objectives.dpo import DPO
from infra.engines.train.objectives.kto import KTO
from infra.engines.train.objectives.objective import Objective
from infra.engines.train.objectives.sft import SFT
from infra.engines.train.objectives.soft_label_dpo import SOFT_LABEL_DPO
from infra.engines.train.objectives.weighted_dpo_nll import WEIGHTED_DPO_NLL

OBJECTIVES: dict[str, Objective] = {
    "sft": SFT,
    "dpo": DPO,
    "weighted_dpo_nll": WEIGHTED_DPO_NLL,
    "soft_label_dpo": SOFT_LABEL_DPO,
    "kto": KTO,
}


def objective_of(settings: Any) -> Objective:
    """The object of a recipe's objective.

    Raises:
        EngineError: nobody wrote it.
    """
    found = OBJECTIVES.get(settings.kind)
    if found is None:
        raise EngineError(
            f"there is no objective {settings.kind}",
            f"take one of {', '.join(OBJECTIVES)}, or add a file and an entry to infra/engines/train/objectives",
        )
    return found
