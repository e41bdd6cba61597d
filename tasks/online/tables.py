"""What is published of a wave, and how the waves of a segment become the tables of its step."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from heapq import merge
from pathlib import Path
from typing import Any

from infra.engines.learn.rows import Span as StreamSpan
from infra.engines.learn.rows import StreamRow
from tasks.core.files import CREDIT, DROPS, EXAMPLES, JUDGEMENTS, REWARDS, SAMPLES, TOKEN_ROWS, VERDICTS, Table
from tasks.core.records import (
    Credit,
    Drop,
    Example,
    Judgement,
    Message,
    Problem,
    Reward,
    Sample,
    Span,
    TokenRow,
    written,
)
from tasks.core.tables import write_records
from tasks.core.usage import WRITTEN
from tasks.judge.judgements import judgement_file
from tasks.online.draw import Collected, Drawn
from tasks.online.stage import WAVES_FILE
from tasks.online.token_rows import join_rows
from tasks.online.wave_folder import Wave, WaveFolder, waves_line

PROBED: Table[Sample] = Table("probe.parquet", Sample)
"""greedy answers to the problems of the probe; of waves that were probed"""
ELECTORS: Table[Sample] = Table("electors.parquet", Sample)
"""what the moving copy of the policy answered, where it votes"""
WAVE_SAMPLES: Table[Sample] = Table(SAMPLES.file(0), Sample)


def write_wave(
    folder: Path,
    wave: int,
    policy_step: int,
    groups: Sequence[Drawn],
    rewards: Iterable[Reward],
    credit: Sequence[Credit],
    drops: Mapping[str, str],
) -> None:
    """The tables of a wave.

    Args:
        groups: in the order of the problem set.
        drops: by the id of an answer that is not trained on, why.
    """
    folder.mkdir(parents=True, exist_ok=True)
    trained = {row.sample_id for row in credit}
    WAVE_SAMPLES.write(folder, (node for group in groups for node in group.nodes))
    VERDICTS.write(folder, (verdict for group in groups for verdict in group.verdicts))
    REWARDS.write(folder, rewards)
    CREDIT.write(folder, credit)
    TOKEN_ROWS.write(folder, (
        TokenRow(node.id, node.problem_id, wave, policy_step, tokens.prompt, tokens.written, tokens.logprobs,
                 node.id in trained, group.contexts.get(node.id, ()),
                 group.teachers.get(node.id, ()))
        for group in groups for node in group.nodes if (tokens := group.tokens.get(node.id)) is not None
    ))  # fmt: skip
    answers = (node for group in groups for node in group.nodes if node.is_answer)
    DROPS.write(folder, (
        Drop(node.id, node.problem_id, drops[node.id]) for node in answers if node.id in drops
    ))  # fmt: skip


def write_judgements(folder: Path, kept: Collected, problems: Sequence[Problem]) -> None:
    """What judging models said of a wave, a file a judge and pass, in the order of the problem set."""
    places = {problem.id: place for place, problem in enumerate(problems)}
    for (judge, part), rows in kept.all.items():
        ordered = sorted(rows, key=lambda row: places[row.problem_id])
        write_records(folder / judgement_file(judge, part), Judgement, ordered)


def stream_rows(folder: WaveFolder, wave: Wave) -> list[StreamRow]:
    """A wave's rows as a learner reads them: those that some stream has a number for."""
    spans: dict[str, list[StreamSpan]] = {}
    for row in folder.read(wave, CREDIT):
        spans.setdefault(row.sample_id, []).append((row.stream, row.start, row.end, row.value))
    parents = {node.id: node.parent_id for node in folder.read(wave, WAVE_SAMPLES)}
    return join_rows(folder.read(wave, TOKEN_ROWS), spans, parents)


def write_segment(out: Path, folder: WaveFolder, waves: Sequence[Wave], problems: Sequence[Problem]) -> dict[str, int]:
    """The step's tables out of the waves': a problem's samples lie together, wave after wave. Returns their numbers."""
    places = {problem.id: place for place, problem in enumerate(problems)}
    known = {problem.id: problem for problem in problems}

    def of_problem(row: Any) -> int:
        return places[row.problem_id]

    def merged(table: Table[Any]) -> Iterator[Any]:
        return merge(*(folder.read(wave, table) for wave in waves), key=of_problem)

    def in_turn(table: Table[Any]) -> Iterator[Any]:
        return (row for wave in waves if _has(wave, table) for row in folder.read(wave, table))

    num_samples = Table(SAMPLES.file(0), Sample).write(out, merged(WAVE_SAMPLES))
    VERDICTS.write(out, merged(VERDICTS))
    DROPS.write(out, merged(DROPS))
    REWARDS.write(out, in_turn(REWARDS))
    CREDIT.write(out, in_turn(CREDIT))
    TOKEN_ROWS.write(out, merged(TOKEN_ROWS))
    if any(_has(wave, PROBED) for wave in waves):
        PROBED.write(out, in_turn(PROBED))
    if any(_has(wave, ELECTORS) for wave in waves):
        ELECTORS.write(out, in_turn(ELECTORS))
    said = sorted({file.name for wave in waves for file in wave.files if file.name.startswith(f"{JUDGEMENTS.name}-")})
    for name in said:
        table = Table(name, Judgement)
        table.write(out, merge(*(folder.read(wave, table) for wave in waves if _has(wave, table)), key=of_problem))
    trained = {row.sample_id for row in in_turn(TOKEN_ROWS) if row.is_trained}
    EXAMPLES.write(out, _examples(merged(WAVE_SAMPLES), trained, known))
    with (out / WAVES_FILE).open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(waves_line(wave)) + "\n" for wave in waves)
    answers = sum(node.is_answer for node in merged(WAVE_SAMPLES))
    written = sum(node.num_tokens for node in merged(WAVE_SAMPLES))
    return {
        "num_samples": answers, "num_texts": num_samples, "num_kept": len(trained), "num_rows": len(trained),
        WRITTEN: written,
    }  # fmt: skip


def _has(wave: Wave, table: Table[Any]) -> bool:
    return any(file.name == table.name for file in wave.files)


def _examples(nodes: Iterable[Sample], trained: Set[str], problems: Mapping[str, Problem]) -> Iterator[Example]:
    """The texts that were trained on as rows; what stands before one in the model's own turn carries no loss.

    Args:
        nodes: each after its parent.
        problems: by id.
    """
    turns: dict[str, tuple[tuple[Message, ...], str]] = {}
    for node in nodes:
        asked = node.messages or problems[node.problem_id].messages
        before = turns.get(node.parent_id or "", ((), ""))
        begun = before[1] if before[0] == asked else ""  # asked the same as its parent: it goes on in that one's turn
        turns[node.id] = asked, begun + node.text
        if node.id in trained:
            given = begun + node.prefix
            text = node.text.removeprefix(node.prefix)
            completion = (Span(given, 0.0), Span(text)) if given else written(text)
            yield Example(node.id, node.problem_id, node.stored or asked, completion, ends=not node.is_truncated)


def sorted_by(problems: Sequence[Problem]) -> Callable[[Drawn], int]:
    """Places of groups in the order of the problem set."""
    places = {problem.id: place for place, problem in enumerate(problems)}
    return lambda group: places[group.problem.id]
