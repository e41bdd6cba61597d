"""Guided tries in waves: one try of every open problem, judged before the next wave is planned.

Called by `run.py`. Each wave's samples and verdicts are kept in the work folder, so a kill costs one wave; the same
call after it reads them again and goes on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from configs.schema.generate import Guide, Sampling
from infra.engines.wire import Completion, Request, Shard
from tasks.core.progress import StageProgress
from tasks.core.records import Label, Sample, Verdict
from tasks.core.roles import Pool
from tasks.core.step import derive_seed
from tasks.core.tables import read_records, write_records
from tasks.sample.guide.help import DRAWS, Ask
from tasks.sample.guide.plan import Standing, still_open

Record = TypeVar("Record")


@dataclass(frozen=True)
class Drawing:
    """How texts are drawn: settings of a draw, requests in a shard, and the seed."""

    sampling: Sampling
    shard_size: int
    seed: int
    progress: StageProgress


@dataclass
class Tries:
    """Guided samples of each problem in order, each with the first judge's verdict."""

    samples: dict[str, list[Sample]] = field(default_factory=dict)
    verdicts: dict[str, list[Verdict]] = field(default_factory=dict)

    def add(self, samples: Iterable[Sample], verdicts: Iterable[Verdict]) -> None:
        """One wave; its verdicts lie in the order of its samples."""
        for sample, verdict in zip(samples, verdicts, strict=True):
            assert sample.id == verdict.sample_id, f"verdict on {verdict.sample_id} where {sample.id} was judged"
            self.samples.setdefault(sample.problem_id, []).append(sample)
            self.verdicts.setdefault(sample.problem_id, []).append(verdict)

    def outcomes(self) -> dict[str, list[bool]]:
        """Whether each try was correct, by problem id."""
        return {key: [row.label == Label.CORRECT for row in rows] for key, rows in self.verdicts.items()}


def run_waves(
    standing: Sequence[Standing],
    config: Guide,
    draw: Callable[[int, Sequence[Standing]], list[Sample]],
    judge: Callable[[list[Sample]], list[Verdict]],
    work: Path,
) -> Tries:
    """Wave after wave until no problem is open.

    Args:
        draw: the number of a wave and its problems to one try of each, in their order.
        judge: one verdict of the first judge for each try, in their order.
        work: what is found here is not drawn or judged again.
    """
    tries = Tries()
    for wave in range(config.max_extra):
        open_now = still_open(standing, tries.outcomes(), config)
        if not open_now:
            break
        path = work / f"wave-{wave:03d}.parquet"
        samples = keep_rows(path, Sample, lambda wave=wave, open_now=open_now: draw(wave, open_now))  # type: ignore[misc]
        verdicts = keep_rows(path.with_suffix(".verdicts.parquet"), Verdict, lambda samples=samples: judge(samples))  # type: ignore[misc]
        tries.add(samples, verdicts)
    return tries


def keep_rows(path: Path, record: type[Record], make: Callable[[], list[Record]]) -> list[Record]:
    """The rows of a file, or those that `make` gives, which are then kept there whole or not at all."""
    if not path.exists():
        part = path.with_suffix(".part")
        write_records(part, record, make())
        os.replace(part, path)
    return list(read_records(path, record))


def draw_texts(
    pool: Pool, asks: Mapping[str, Ask], num_samples: int, drawing: Drawing, name: str
) -> dict[str, list[Completion]]:
    """`num_samples` completions of each chat, by its key, in order of the draw.

    Args:
        name: of the draw; seeds and shard names come from it.
    """
    requests = [
        Request(key, _chat(ask), num_samples, ask.prefix, derive_seed(drawing.seed, name, key))
        for key, ask in asks.items()
    ]
    shards = [
        Shard(f"{name}-{number:05d}", tuple(requests[start : start + drawing.shard_size]), drawing.sampling)
        for number, start in enumerate(range(0, len(requests), drawing.shard_size))
    ]
    total = len(requests) * num_samples
    found: dict[str, list[Completion]] = {key: [] for key in asks}

    def show(done: int, tokens: int) -> None:
        drawing.progress.update(done, total, f"{name}, {tokens} tokens")

    for _, completions in pool.generate(shards, show):
        for completion in completions:
            found[completion.request_id].append(completion)
    return {key: sorted(rows, key=lambda row: row.index) for key, rows in found.items()}


def to_sample(standing: Standing, wave: int, ask: Ask, completion: Completion, kind: str, model: str) -> Sample:
    """A guided try as a sample of the original problem.

    The log-probability is kept where the chat is the original one; under a chat with help it is that of other text.
    """
    index = standing.num_samples + wave
    return Sample(
        id=f"{standing.problem_id}/g{index}",
        problem_id=standing.problem_id,
        index=index,
        text=ask.prefix + completion.text,
        finish_reason=completion.finish_reason,
        num_tokens=completion.num_tokens,
        logprob=completion.logprob if kind == "state_reset" else None,
        model=model,
        parent_id=standing.failed.id if standing.failed and kind == "interactive" else None,
        draw=DRAWS[kind],
        prefix=ask.prefix,
        messages=() if kind == "state_reset" else ask.messages,
        privileged=True,
    )


def _chat(ask: Ask) -> tuple[tuple[str, str], ...]:
    return tuple((message.role, message.content) for message in ask.messages)
