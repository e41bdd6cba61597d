r"""How judging models are asked: chats, and given texts whose probability is taken. Pure.

`read: choices`: no text is written; each possible verdict's probability is taken instead. The model's turn begins with
the literal beginning of the judge's pattern (`Score:` of `Score:\s*([0-9]+)`), and each choice is scored as what
follows, after a blank. A pattern without a literal beginning has no such prefix, and the choices stand alone. The end
token is scored too where one choice begins another (1 and 10).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from infra.engines.questions import (
    Messages,
    Missing,
    Score,
    Scoring,
)
from tasks.core.joined import Group
from tasks.core.prompts import render
from tasks.core.records import Judgement, Message, Problem, Sample
from tasks.judge.kind import missing_judgement

_FLAGS = re.compile(r"^(?:\(\?[aiLmsux]+\))?\^?")
_LITERAL = re.compile(r"[^\\.\[\](){}*+?|^$]*")
_QUANTIFIERS = "*+?{"
_MAY_BE_NOTHING = re.compile(r"\\b|(?:\[(?:[^\]\\]|\\.)*\]|\\[sW])[*?]\??")
"""in a pattern: the border of a word, and signs that may be left out"""


def ask_user(template: str, problem: Problem, **values: object) -> Messages:
    """A chat of one user message: the prompt, filled in with the problem's question, chat and further values."""
    text = render(template, prompt=last_user_message(problem), messages=problem.messages, **values)
    return (("user", text),)


def to_messages(messages: Messages) -> tuple[Message, ...]:
    """What was asked, as it stands in a Judgement."""
    return tuple(Message(role, content) for role, content in messages)


def given_chat(problem: Problem) -> Messages:
    """The chat that a sample answers, as an engine reads it."""
    return tuple((message.role, message.content) for message in problem.messages)


def written_part(sample: Sample) -> str:
    """The sample's text without the beginning that was given to the model."""
    return sample.text.removeprefix(sample.prefix)


def score_sample(problem: Problem, sample: Sample) -> Scoring:
    """The question for a sample's log-probability: what the model wrote, its end included, after what was given."""
    return Scoring(sample.id, given_chat(problem), written_part(sample), sample.prefix)


def score_samples(judge: Any, template: str, groups: Sequence[Group]) -> list[Scoring]:
    """One scoring a sample: the questions of a judge that measures samples by their log-probability."""
    return [score_sample(group.problem, sample) for group in groups for sample in group.whole_samples]


def measurements(
    judge: Any,
    groups: Sequence[Group],
    questions: Sequence[Scoring],
    answers: Sequence[Score | Missing],
    number: Callable[[Score], float],
) -> list[Judgement]:
    """One row a sample, with the number that its log-probability comes to; without one where it has none."""

    def row(sample: Sample, question: Scoring, answer: Score | Missing) -> Judgement:
        messages = to_messages(question.messages)
        if isinstance(answer, Missing):
            return missing_judgement(judge.name, sample, messages, answer)
        return Judgement(judge.name, sample.problem_id, sample.id, 0, messages, "", number(answer))

    samples = [sample for group in groups for sample in group.whole_samples]
    return [row(*asked) for asked in zip(samples, questions, answers, strict=True)]


def last_user_message(problem: Problem) -> str:
    """What was asked: the problem's last user message."""
    user = [message.content for message in problem.messages if message.role == "user"]
    return user[-1] if user else problem.messages[-1].content


def literal_beginning(pattern: str) -> str:
    """The text that the plainest match begins with, as far as it is plain in the pattern: without what may be left out,
    and without white space at its end."""
    rest, literal = _FLAGS.sub("", pattern, count=1), ""
    while rest:
        found = _MAY_BE_NOTHING.match(rest)
        if found is None:
            found = _LITERAL.match(rest)
            if found is None or not found.group():
                break
            literal += found.group()
        rest = rest[found.end() :]
        if rest.startswith(tuple(_QUANTIFIERS)):
            literal = literal[:-1]  # the last letter is repeated or optional
            break
    return literal.rstrip()


def choice_scorings(name: str, messages: Messages, pattern: str, choices: Sequence[str]) -> list[Scoring]:
    """One scoring a choice, in order, after the literal beginning of a pattern; ids are `NAME CHOICE`."""
    return scored_choices(name, messages, literal_beginning(pattern), choices)


def scored_choices(name: str, messages: Messages, prefix: str, choices: Sequence[str]) -> list[Scoring]:
    """The same after a text that the model's turn begins with."""
    blank = " " if prefix else ""
    with_end = any(other != choice and other.startswith(choice) for choice in choices for other in choices)
    return [Scoring(f"{name} {choice}", messages, blank + choice, prefix, with_end) for choice in choices]
