"""What a model is asked beside the held-out sets: tasks of lm-evaluation-harness, and problem sets of one's own."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from configs.schema.base import Component
from configs.schema.marks import Content, Horizon, Later
from configs.schema.problems import Source
from configs.schema.verifiers.kinds import Verifier

TASK_FILES = (".yaml", ".yml")
"""ends of a name that is the path of a task's file"""


class BenchmarkTask(Component):
    """A task, a group or a tag of lm-evaluation-harness, or the YAML file of one's own."""

    task: Annotated[str, Content("task")] = Field(
        min_length=1, description="a name that lm-eval knows, such as gsm8k, or the path of a task's YAML file"
    )
    num_fewshot: int | None = Field(None, ge=0, description="examples before each item; default: the task's own")
    limit: int | float | None = Field(
        None, gt=0, description="first items of each task that are read: a number of 1 or more, or a share below 1"
    )

    @model_validator(mode="after")
    def _limit_is_a_number_or_a_share(self) -> BenchmarkTask:
        if self.limit is not None and self.limit >= 1 and self.limit != int(self.limit):
            raise ValueError(f"limit {self.limit} is neither a number of items nor a share below 1")
        return self


def _by_name(value: Any) -> Any:
    return {"task": value} if isinstance(value, str) else value


class BenchmarkSet(Component):
    """Problems of one's own, each answered once, greedily: another task, or the same at another difficulty. No problem
    of it may be among those that are trained on."""

    source: Source = Field(description="the problems, with their gold answers")
    verifier: Verifier | None = Field(None, description="what compares; default: that of the evaluation")
    max_tokens: int | None = Field(None, ge=1, description="of an answer; default: that of the evaluation")


SET_PREFIX = "benchmark_"
"""begin of the names that these sets have among the recipe's other sets of problems"""
SetName = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]*$")]


class Benchmarks(Component):
    """What the round's open model is asked beside the held-out sets. It chooses nothing: no gate reads it.

    Tasks are those of lm-evaluation-harness (the extra `benchmarks`): few-shot examples, limits, prompts and metrics
    as there. Sets are problems of one's own, as `problems` has them.
    """

    tasks: tuple[Annotated[BenchmarkTask, BeforeValidator(_by_name)], ...] = Field(
        (), description="a name alone stands for a task with its own settings: [gsm8k, arc_easy]"
    )
    sets: Annotated[dict[SetName, BenchmarkSet], Later] = Field(
        {}, description="problem sets of one's own, by name: what a loop does to other things that the model could do"
    )
    every: Annotated[int, Horizon] = Field(
        1, ge=1, description="in round 0 and every n-th round, and for the champion when the experiment ends"
    )
    chat: bool = Field(
        False, description="prompts are chats, and few-shot examples turns of them; else plain text, as lm-eval has it"
    )
    system: str | None = Field(None, min_length=1, description="a system message before every item")

    @model_validator(mode="after")
    def _once_each(self) -> Benchmarks:
        if twice := [name for name, count in Counter(one.task for one in self.tasks).items() if count > 1]:
            raise ValueError(f"the task {twice[0]} stands here twice: its numbers have one name")
        if not (self.tasks or self.sets):
            raise ValueError("nothing is asked: write tasks, such as [gsm8k], or sets: {NAME: {source: ...}}")
        if both := next((name for name in self.sets if any(one.task == name for one in self.tasks)), None):
            raise ValueError(f"a task and a set are called {both}: their numbers would have one name")
        return self
