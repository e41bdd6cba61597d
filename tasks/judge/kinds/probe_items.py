"""What a probe asks about a sample (options, paraphrases, a part of a text, a list), and which answer counts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from configs.schema.judges.probes import ProbeJudge
from tasks.core.joined import Group
from tasks.core.records import Message, Problem, Sample
from tasks.judge.kinds.questions import last_user_message
from tasks.judge.verifiers.finding import find_last

_AROUND = " \t\n\r.,;:!?*_`'\"()[]{}"
"""signs at the ends of an answer that are no part of it"""


@dataclass(frozen=True, slots=True)
class Item:
    """One question.

    Attributes:
        text: what is asked about.
        option: name of the option that it is; empty for others.
        expected: the answer that counts.
    """

    text: str
    expected: str
    option: str = ""


def items_of(judge: ProbeJudge, group: Group, sample: Sample) -> tuple[list[Item], str]:
    """The questions about one sample of a group, and why there are none."""
    if judge.items == "options":
        return _options(judge, group.problem)
    expected, note = _expected(judge, group.problem, sample)
    if expected is None:
        return [], note
    texts, note = _texts(judge, group, sample)
    return [Item(text, expected) for text in texts], note


def plain(answer: str) -> str:
    """An answer as it is compared: without signs at its ends, in small letters."""
    return answer.strip(_AROUND).casefold()


def _options(judge: ProbeJudge, problem: Problem) -> tuple[list[Item], str]:
    """Every option of the problem; with expect: key one of them has to be the key, by its name or its text."""
    found = [match.groups() for match in re.finditer(judge.options, last_user_message(problem))]
    if not found:
        return [], "no options are found in the problem"
    if judge.literal is not None:
        return [Item(text, judge.literal, name) for name, text in found], ""
    key = plain(problem.gold or "")
    is_key = [plain(name) == key for name, _ in found]
    if not any(is_key):
        is_key = [plain(text) == key for _, text in found]
    if not key or sum(is_key) != 1:
        return [], "the problem's gold answer is none of its options" if key else "the problem has no gold answer"
    right, wrong = judge.choices[:2]
    pairs = zip(found, is_key, strict=True)
    return [Item(text, right if is_right else wrong, name) for (name, text), is_right in pairs], ""


def _expected(judge: ProbeJudge, problem: Problem, sample: Sample) -> tuple[str | None, str]:
    if judge.expect == "literal":
        return judge.literal, ""
    if judge.expect == "key":
        return problem.gold or None, "the problem has no gold answer"
    assert judge.extract is not None, "the schema asks for it"
    return find_part(sample.text, judge.extract), "the sample has no answer to compare with"


def _texts(judge: ProbeJudge, group: Group, sample: Sample) -> tuple[Sequence[str], str]:
    if judge.items == "list":
        return judge.texts, ""
    if judge.items == "paraphrases":
        own = _question(sample.messages or group.problem.messages)
        shown = last_user_message(group.problem) if judge.of == "problem" else own
        others = [text for text in dict.fromkeys(_wordings(group)) if text != shown]
        return others, "the problem was asked in one wording alone"
    text = sample.text if judge.of == "sample" else last_user_message(group.problem)
    part = text if judge.extract is None else find_part(text, judge.extract)
    return [part] if part and part.strip() else [], "there is nothing to put in"


def _wordings(group: Group) -> Iterator[str]:
    """The problem's question, then those that its samples were asked; of a chain the first alone."""
    yield last_user_message(group.problem)
    for sample in group.samples:
        if sample.parent_id is None and sample.messages:
            yield _question(sample.messages)


def _question(messages: Sequence[Message]) -> str:
    user = [message.content for message in messages if message.role == "user"]
    return user[-1] if user else messages[-1].content


def find_part(text: str, pattern: str) -> str | None:
    """The first group of the last match, without white space around it; None where nothing is found."""
    match = find_last(re.compile(pattern), text)
    return (match.group(1) or "").strip() or None if match else None
