"""Judge `probe`: follow-up questions whose right answers are known. Pure.

score = of the questions about a sample: how many were answered as expected (count), their share, the least, or the
mean; spread = the population variance over the questions. With `read: choices` an answer counts by its probability,
p(expected) / sum over the choices.

CREST (arXiv 2411.06387): for each option of a question "is it right?", given the rationale; f counts the options that
are answered as the key says. Peer counselling (arXiv 2403.15482): a part of the sample is put into the conversation,
and the model says how likely that is perfect.

Where this differs from the papers:
1. A question that the model could not answer (`Missing`) leaves its sample without a score: it is no miss.
2. A problem without options, or whose gold answer is none of them, leaves its samples without a score, and says so.
3. Answers are compared without signs at their ends and without regard to capitals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import fmean, pvariance
from typing import Any

from configs.schema.judges.probes import ProbeJudge
from infra.engines.questions import (
    Completion,
    Missing,
    Request,
    Score,
    Scoring,
)
from tasks.core.joined import Group
from tasks.core.records import Judgement, Label, Sample, Verdict
from tasks.judge.kind import SHARES, Evidence, JudgeKind, Scale, missing_judgement, verdict_without_score
from tasks.judge.kinds.probe_items import Item, items_of, plain
from tasks.judge.kinds.questions import ask_user, scored_choices, to_messages
from tasks.judge.kinds.reading import expect, first_missing, read_answer

ASSUMED_OPTIONS = 4
"""of a problem, in estimates of what a round costs"""


def probe_questions(judge: ProbeJudge, template: str, groups: Sequence[Group]) -> list[Request] | list[Scoring]:
    """One request an item, or one scoring a choice of an item; equal for all samples of a problem with of: problem.

    The template gets prompt, messages, response, item (its text) and option (its name).
    """
    asked = [
        (_name(judge, sample, place), ask_user(template, group.problem, **_shown(judge, sample, item)))
        for group, sample, items in _probed(judge, groups)
        for place, item in enumerate(items)
    ]
    if judge.read == "text":
        return [Request(name, messages, judge.repeats, judge.begins) for name, messages in asked]
    return [row for name, messages in asked for row in scored_choices(name, messages, judge.begins, judge.choices)]


def probe_judgements(
    judge: ProbeJudge, groups: Sequence[Group], questions: Sequence[Any], answers: Sequence[Any]
) -> list[Judgement]:
    """One row an item and draw, which `index` counts: score 1 where the answer is the expected one, or its
    probability."""
    step = len(judge.choices) if judge.read == "choices" else 1
    asked = iter([(questions[place], answers[place : place + step]) for place in range(0, len(questions), step)])
    rows = []
    for _, sample, items in _probed(judge, groups):
        for place, item in enumerate(items):
            question, found = next(asked)
            read = _read_choices if judge.read == "choices" else _read_texts
            rows += read(judge, sample, item, place, question, found)
    return rows


def probe_verdicts(judge: ProbeJudge, group: Group, evidence: Evidence) -> list[Verdict]:
    """What the answers about each sample come to."""
    rows: dict[str, list[Judgement]] = {sample.id: [] for sample in group.whole_samples}
    for row in evidence.judgements[""]:
        rows[row.sample_id].append(row)
    return [_verdict(judge, group, sample, rows[sample.id]) for sample in group.whole_samples]


def reduce_hits(hits: Sequence[float], how: str) -> float:
    """One number of the items' hits, each in [0, 1]: count, share, min or mean."""
    if how in ("min", "mean"):
        return min(hits) if how == "min" else fmean(hits)
    count = sum(hit > 0.5 for hit in hits)
    return float(count) if how == "count" else count / len(hits)


def _verdict(judge: ProbeJudge, group: Group, sample: Sample, rows: Sequence[Judgement]) -> Verdict:
    items, why = items_of(judge, group, sample)
    if not items:
        return verdict_without_score(judge.name, sample, [], why)
    if missing := [row for row in rows if row.missing]:
        return verdict_without_score(judge.name, sample, missing, "a question has no answer")
    by_item = [[row for row in rows if row.index // judge.repeats == place] for place in range(len(items))]
    found = [[_hit(judge, item, row) for row in own] for item, own in zip(items, by_item, strict=True)]
    hits = [fmean(known) for known in ([hit for hit in own if hit is not None] for own in found) if known]
    if not hits:
        words = f"none of {len(rows)} answers could be read"
        return verdict_without_score(judge.name, sample, rows, words)
    spread = pvariance(hits) if len(hits) > 1 else None
    score = reduce_hits(hits, judge.reduce)
    return Verdict(sample.id, sample.problem_id, judge.name, str(Label.UNSCORED), score, spread=spread)


def _hit(judge: ProbeJudge, item: Item, row: Judgement) -> float | None:
    """1 for the expected answer, 0 for another one; None: it is left out, as are choices none of which is possible."""
    if row.score is not None or judge.unparseable == "skip" or judge.read == "choices":
        return row.score
    return float(judge.unparseable != "miss" and plain(judge.unparseable) == plain(item.expected))


def _probed(judge: ProbeJudge, groups: Sequence[Group]) -> Iterator[tuple[Group, Sample, list[Item]]]:
    for group in groups:
        for sample in group.whole_samples:
            yield group, sample, items_of(judge, group, sample)[0]


def _name(judge: ProbeJudge, sample: Sample, place: int) -> str:
    """Id of a question. Of a problem it is one for all its samples, and so is the answer."""
    return f"{sample.id if judge.of == 'sample' else sample.problem_id} {place}"


def _shown(judge: ProbeJudge, sample: Sample, item: Item) -> dict[str, str]:
    response = sample.text if judge.of == "sample" else ""
    return {"response": response, "item": item.text, "option": item.option}


def _read_texts(
    judge: ProbeJudge, sample: Sample, item: Item, place: int, question: Request, found: Sequence[Any]
) -> list[Judgement]:
    messages, rows = to_messages(question.messages), []
    for draw in found[0]:
        index = place * judge.repeats + draw.index
        if isinstance(draw, Missing):
            rows.append(missing_judgement(judge.name, sample, messages, replace(draw, index=index)))
            continue
        answer, note = _answer(judge, draw)
        score = None if answer is None else float(plain(answer) == plain(item.expected))
        rows.append(Judgement(judge.name, sample.problem_id, sample.id, index, messages, draw.text, score, note=note))
    return rows


def _answer(judge: ProbeJudge, completion: Completion) -> tuple[str | None, str | None]:
    """The answer in a text, or why there is none."""
    if judge.words:
        found = next((word for word, pattern in judge.words.items() if re.search(pattern, completion.text)), None)
        return found, None if found else "none of the words is found"
    pattern = judge.pattern or r"(?s)^(.*\S)"
    if judge.pattern is None and judge.items == "options":
        pattern = rf"(?i)(?<!\w)({'|'.join(map(re.escape, judge.choices))})(?!\w)"
    return read_answer(completion, pattern)


def _read_choices(
    judge: ProbeJudge, sample: Sample, item: Item, place: int, question: Scoring, found: Sequence[Score | Missing]
) -> list[Judgement]:
    messages = to_messages(question.messages)
    if (why := first_missing(found)) is not None:
        return [missing_judgement(judge.name, sample, messages, replace(why, index=place))]
    values = [float(plain(choice) == plain(item.expected)) for choice in judge.choices]
    score = expect(values, [answer.logprob for answer in found if isinstance(answer, Score)]) if any(values) else None
    note = None if score is not None else "the expected answer is none of the choices, or none is possible"
    return [Judgement(judge.name, sample.problem_id, sample.id, place, messages, "", score, note=note)]


def _num_judgements(judge: ProbeJudge, number: int) -> int:
    items = {"options": ASSUMED_OPTIONS, "paraphrases": number - 1, "substitute": 1, "list": len(judge.texts)}
    return (number if judge.of == "sample" else 1) * items[judge.items] * judge.repeats


def _scale(judge: ProbeJudge) -> Scale | None:
    return None if judge.reduce == "count" else SHARES


SILENCE = {
    "options": "options tells how an option is found in the problem's question, and mapping.answer how its key is",
    "paraphrases": "draw the samples under several wordings: generate.draws",
    "substitute": "extract tells how the part is found; leave it out for the whole text",
    "list": "expect tells which answer counts",
}

KIND = JudgeKind(
    version=1,
    verdicts=probe_verdicts,
    questions=probe_questions,
    judgements=probe_judgements,
    gives_opinions=True,
    num_judgements=_num_judgements,
    scale=_scale,
    silence=lambda judge: SILENCE[judge.items],
)
