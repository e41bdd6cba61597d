"""Several ways to write one kept sample for training (`train.formats`). Called by `makers.py`.

"Large Language Models Can Self-Improve" (LMSI, arXiv 2210.11610) writes each kept chain in four formats, so that the
model does not fit a single prompt: few-shot with reasoning, few-shot with the bare answer, zero-shot with a cue to
think step by step, zero-shot with the bare answer. They are the prompts few_shot_reasoning, few_shot_direct,
zero_shot_reasoning and zero_shot_direct of configs/prompts.

A prompt becomes the one user message of the row. It sees

    prompt     text of the problem's last message
    messages   all of the problem's messages, each with role and content
    answer     what the first judge read from the sample, or none
    examples   up to four solved problems, each with prompt, completion and answer; never the problem itself

Where the code differs from the paper's:
1. Examples are the first problems with a worked solution: of those that sampling shows (`generate.few_shot`), else of
   the warm start, else of the train set; the same for all.
2. The wording of the prompts is ours; only the four kinds are the paper's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from configs.errors import RecipeError
from configs.schema.train import Format
from tasks.core.prompts import read_prompt, render
from tasks.core.records import Example, Message, Problem, written

VERSION = 1
NUM_SHOWN = 4


@dataclass(frozen=True, slots=True)
class LoadedFormat:
    """A format with its prompt's text."""

    text: str
    completion: Literal["text", "answer"]


@dataclass(frozen=True)
class Formats:
    """All formats of a recipe, and the solved problems that they may show."""

    formats: tuple[LoadedFormat, ...] = ()
    shown: tuple[Problem, ...] = ()

    def write(self, example: Example, problem: Problem, answer: str | None) -> Iterator[Example]:
        """The example in every format; the example itself where there are none.

        A format of bare answers is left out for a sample without an answer.

        Raises:
            RecipeError: a prompt cannot be filled in.
        """
        if not self.formats:
            yield example
        for config in self.formats:
            if config.completion == "text" or answer is not None:
                yield self._write(config, example, problem, answer)

    def _write(self, config: LoadedFormat, example: Example, problem: Problem, answer: str | None) -> Example:
        text = render(config.text, **self._values(problem), answer=answer)
        row = replace(example, messages=(Message("user", text),))
        return row if config.completion == "text" else replace(row, completion=written(str(answer)), ends=True)

    def _values(self, problem: Problem) -> dict[str, Any]:
        others = islice((shown for shown in self.shown if shown.id != problem.id), NUM_SHOWN)
        return {
            "prompt": problem.messages[-1].content,
            "messages": [{"role": message.role, "content": message.content} for message in problem.messages],
            "examples": [
                {"prompt": shown.messages[-1].content, "completion": shown.solution, "answer": shown.gold}
                for shown in others
            ],
        }


AS_IT_IS = Formats()
"""one row a sample: the problem's own messages"""


def read_formats(formats: Sequence[Format], base_dir: Path) -> tuple[LoadedFormat, ...]:
    """The formats with their prompts' texts. Raises RecipeError where a prompt cannot be read."""
    return tuple(LoadedFormat(read_prompt(config.prompt, base_dir), config.completion) for config in formats)


def with_examples(formats: tuple[LoadedFormat, ...], solved: Iterable[Problem]) -> Formats:
    """The formats with the first solved problems.

    Args:
        solved: problems in the order of preference; those without solution or gold answer are passed over.

    Raises:
        RecipeError: a prompt shows examples, and no problem has a worked solution and a gold answer.
    """
    if not any(re.search(r"\bexamples\b", config.text) for config in formats):
        return Formats(formats)
    usable = (problem for problem in solved if problem.solution is not None and problem.gold is not None)
    shown = tuple(islice(usable, NUM_SHOWN + 1))
    if len(shown) < 2:
        raise RecipeError(
            "train.formats: a prompt shows worked examples, and fewer than two problems of the warm start or the train "
            "set have a solution and a gold answer",
            "say where they are: mapping.solution: {field: ...}; or leave the few-shot prompts out",
        )
    return Formats(formats, shown)
