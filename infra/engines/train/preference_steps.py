"""What training on rows with a given reference has in common. Base of the DPO and KTO trainers.

Used inside the engine program `train_program.py`.
"""

from __future__ import annotations

from typing import Any

from infra.engines.train.steps import CountedSteps


class GivenReferenceSteps(CountedSteps):
    """Rows come as token ids with the reference's log-probabilities: TRL prepares nothing and keeps no reference.

    To be mixed into a trainer of TRL, left of it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # TRL copies a continued adapter to have a reference.
        if "ref" in getattr(self.model, "peft_config", {}):
            self.model.delete_adapter("ref")

    def _prepare_dataset(self, dataset: Any, *_: Any, **__: Any) -> Any:
        return dataset

    def _precompute_ref_logps(self, dataset: Any, *_: Any) -> Any:
        return dataset
