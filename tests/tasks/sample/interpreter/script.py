"""A scripted model that writes code: drawing stops where an engine would stop, and programs run in real sandboxes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configs.schema.drawing import Sampling
from configs.schema.interpreter import Interpreter
from infra.engines.generate.prompts import cut_at
from infra.engines.questions import Completion, Missing, Request
from infra.engines.wire import Shard
from tasks.core.records import Problem, Sample
from tasks.sample.draws.independent import Draws, Independent
from tasks.sample.drive import Partners, drive
from tasks.sample.episode import POLICY
from tasks.sample.interpreter.tool import Tool
from tests.build.records import make_problem
from tests.tasks.core.scripted import ScriptedPool, answerer, make_answers

SETTINGS = Sampling(temperature=1.0, max_tokens=400)


@dataclass
class CodingPool(ScriptedPool):
    """Stops at stop texts, and at the most characters asked for: one token a character."""

    def generate(
        self, shards: Iterable[Shard], on_progress: Any = None
    ) -> Iterator[tuple[Shard, list[Completion | Missing]]]:
        for shard, rows in super().generate(shards, on_progress):
            limits = {request.id: request.max_tokens or shard.sampling.max_tokens for request in shard.requests}
            yield (
                shard,
                [
                    row if isinstance(row, Missing) else _stopped(row, shard.sampling, limits[row.request_id])
                    for row in rows
                ],
            )


def _stopped(row: Completion, sampling: Sampling, limit: int) -> Completion:
    text, stop = cut_at(row.text, sampling.stop)
    length = len(text) + len(stop or "")
    if length > limit:
        return Completion(row.request_id, row.index, row.text[:limit], "length", limit, -1.5)
    return Completion(row.request_id, row.index, text, "stop", length, -1.5, stop)


def block(code: str) -> str:
    """Code in the default markers."""
    return f"```python\n{code}\n```\n"


def output(text: str) -> str:
    """An output as the default puts it in."""
    return f"```output\n{text}\n```\n"


def goes_on(first: Mapping[str, str] | str, *after: tuple[str, str]) -> Callable[[Request, int], str]:
    """What is written: first a text, by problem or of all; and behind a turn that ends with some text, another."""

    def write(request: Request, draw: int) -> str:
        if not request.prefix:
            return first if isinstance(first, str) else first[request.messages[-1][1]]
        return next((text for end, text in after if request.prefix.endswith(end)), "")

    return write


def draw(
    folder: Path,
    pool: ScriptedPool,
    problems: Sequence[Problem] = (make_problem(),),
    num_samples: int = 1,
    sampling: Sampling = SETTINGS,
    **config: Any,
) -> list[Sample]:
    """Independent draws with an interpreter; answers are published in the folder."""
    tool = Tool(Interpreter.model_validate(config))
    partners = Partners(make_answers(folder, shard_size=2), {POLICY: answerer(pool)}, tool=tool)
    sampler = Independent([Draws(sampling, num_samples)], "m")
    return [node for episode in drive(sampler, problems, partners, 5) for node in episode.nodes]


def outputs(sample: Sample) -> list[str]:
    """What was put in."""
    return [sample.text[one.start : one.end] for one in sample.inserted]
