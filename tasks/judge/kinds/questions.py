"""What a judging model can be asked, and what it answers: three forms, one for each service of a pool.

Request   it writes text                              -> Completions, one for each draw
Scoring   the log-probability of a given text         -> Score
Rating    a reward model's opinion of a given text    -> Rated
"""

from __future__ import annotations

from configs.schema.judge import ImplicitJudge, ImportanceJudge, PairwiseJudge, RewardModelJudge, RubricJudge
from infra.engines.wire import Completion, Messages, Rated, Rating, Request, Score, Scoring
from tasks.core.prompts import render
from tasks.core.records import Message, Problem, Sample
from tasks.judge.groups import last_user_message

ModelJudge = RubricJudge | PairwiseJudge | ImplicitJudge | RewardModelJudge | ImportanceJudge
Question = Request | Scoring | Rating
Answer = tuple[Completion, ...] | Score | Rated
"""In place of its question: the draws of a Request lie together, in order of index."""


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
