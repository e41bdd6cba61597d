"""How a stage appears in Prefect: its task-run name, no result caching, and the state `Reused` for found steps.

Besides flows/ this is the only place that imports Prefect.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext
from prefect.states import Completed, State

from configs.schema.role import POLICY
from tasks.core.bench import Workbench
from tasks.core.refs import ModelRef, StepRef
from tasks.core.stage import Stage

Inputs = ParamSpec("Inputs")
Output = TypeVar("Output")


def stage_task(
    stage: Stage,
) -> Callable[[Callable[Concatenate[Workbench, Inputs], Output]], Callable[Concatenate[Workbench, Inputs], Output]]:
    """Make a function the Prefect task of a stage; the stage is its attribute `stage`.

    The function's parameters are the bench, `round`, and small handles; the keyword `learner` names the model whose
    stage it is, where there may be several. Prefect sees all but the bench. Its own caching stays off: its INPUTS
    policy could hand round k+1 the model of round k. Our store decides what is done; a found step ends in a state named
    Reused. In a plan, and outside of a flow run, it is the plain function.
    """

    def wrap(function: Callable[Concatenate[Workbench, Inputs], Output]) -> Callable[..., Output]:
        @wraps(function)
        def call(bench: Workbench, *args: Inputs.args, **kwargs: Inputs.kwargs) -> Output:
            if bench.is_planning or FlowRunContext.get() is None:
                return function(bench, *args, **kwargs)
            name = stage.of(str(kwargs.get("learner", POLICY)))
            value = _task_at(bench, name, function)(*args, **kwargs)
            return value.result() if isinstance(value, State) else value

        call.stage = stage  # type: ignore[attr-defined]
        return call

    return wrap


def _task_at(bench: Workbench, stage: str, function: Callable[..., Output]) -> Task[..., State[Output] | Output]:
    """The stage as a Prefect task that works at one bench."""

    def run(*args: object, **kwargs: object) -> State[Output] | Output:
        value = function(bench, *args, **kwargs)
        return Completed(name="Reused", message="found in the store", data=value) if _is_reused(value) else value

    signature = inspect.signature(function)
    run.__name__, run.__doc__ = function.__name__, function.__doc__
    run.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])  # type: ignore[attr-defined]
    name = "round {round} \u00b7 " + stage.replace("_", " ")
    return task(name=stage, task_run_name=name, cache_policy=NO_CACHE, persist_result=False)(run)


def _is_reused(value: object) -> bool:
    if isinstance(value, ModelRef):
        made_by = value.adapter or value.weights
        return made_by is not None and made_by.is_reused
    return isinstance(value, StepRef) and value.is_reused
