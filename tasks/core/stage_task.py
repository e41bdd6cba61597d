"""How a stage appears in Prefect: its task-run name, no result caching, and the state `Reused` for found steps.

Besides flows/ and each stage's task.py this is the only place that imports Prefect.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext
from prefect.states import Completed, State

from tasks.core.bench import current
from tasks.core.refs import ModelRef, StepRef

Inputs = ParamSpec("Inputs")
Output = TypeVar("Output")


def stage_task(stage: str) -> Callable[[Callable[Inputs, Output]], Callable[Inputs, Output]]:
    """Make a function the Prefect task of a stage.

    The function's first parameter is `round`. Prefect's own caching stays off: its INPUTS policy could hand round
    k+1 the model of round k. Our store decides what is done; a found step ends in a state named Reused.
    In a plan, and outside of a flow run, it is the plain function.
    """

    def wrap(function: Callable[Inputs, Output]) -> Callable[Inputs, Output]:
        @wraps(function)
        def run(*args: Inputs.args, **kwargs: Inputs.kwargs) -> State[Output] | Output:
            value = function(*args, **kwargs)
            return Completed(name="Reused", message="found in the store", data=value) if _is_reused(value) else value

        name = "round {round} \u00b7 " + stage.replace("_", " ")
        prefect_task = task(name=stage, task_run_name=name, cache_policy=NO_CACHE, persist_result=False)(run)

        @wraps(function)
        def call(*args: Inputs.args, **kwargs: Inputs.kwargs) -> Output:
            if current().is_planning or FlowRunContext.get() is None:
                return function(*args, **kwargs)
            value = prefect_task(*args, **kwargs)
            return value.result() if isinstance(value, State) else value

        return call

    return wrap


def _is_reused(value: object) -> bool:
    if isinstance(value, ModelRef):
        made_by = value.adapter or value.weights
        return made_by is not None and made_by.is_reused
    return isinstance(value, StepRef) and value.is_reused
