"""What a process of a training of full weights holds in the middle of it: a program, one process a device.

python -m tests.infra.engines.shared_bytes NUMBER NUM_PROCESSES MEETING REQUEST.json FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def main(number: int, size: int, meeting: Path, request_path: Path, folder: Path) -> None:
    from transformers import AutoModelForCausalLM, TrainerCallback

    from infra.engines.train import group, phase
    from infra.engines.train.request import TrainRequest

    loads: list[str] = []
    load = AutoModelForCausalLM.from_pretrained

    def counted(*args: Any, **kwargs: Any) -> Any:
        loads.append(str(args[0]))
        return load(*args, **kwargs)

    AutoModelForCausalLM.from_pretrained = counted
    held: dict[str, int] = {}

    class Count(TrainerCallback):
        """Between the gradient and the step, when there are moments of the step before."""

        def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **now: Any) -> None:
            weights = list(now["model"].parameters())
            moments = [value for values in now["optimizer"].state.values() for value in values.values()]
            held.update(weights=count(weights), gradients=count([one.grad for one in weights]), moments=count(moments))

    group.join(number, size, meeting if size > 1 else None)
    request = TrainRequest.model_validate_json(request_path.read_text())
    folder.mkdir(parents=True, exist_ok=True)
    trainer, _ = phase.prepare(request, folder, request.fingerprint())
    trainer.add_callback(Count())
    trainer.train()
    group.wait_for_all()
    print(json.dumps({"held": held, "loads": len(loads), "whole": trainer.model.num_parameters()}))
    group.leave()


def count(tensors: list[Any]) -> int:
    """Numbers on this device of tensors that may be parts; single ones, such as counts of steps, are none."""
    own = [tensor.to_local() if hasattr(tensor, "to_local") else tensor for tensor in tensors]
    return sum(tensor.numel() for tensor in own if tensor.ndim)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]), Path(sys.argv[5]))
