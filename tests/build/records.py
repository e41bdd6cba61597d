"""Records and recipes for tests: what a test does not name has a harmless value, what it checks it names itself.

Every table's record has one builder, so that a new field of a record is a change of one line here. A value's identity
follows from its problem and its index, as in a real step: sample 2 of problem `p` is `p/2`.
"""

from __future__ import annotations

from typing import Any

from configs.schema.load import check_recipe
from configs.schema.recipe import Recipe
from tasks.core.records import (
    Example,
    FinishReason,
    ItemResult,
    Judgement,
    Label,
    Message,
    Pair,
    Problem,
    Sample,
    Verdict,
    written,
)
from tests.flows.micro import micro_recipe

SCORES = {Label.CORRECT: 1.0, Label.WRONG: 0.0}
"""what a judge by rule gives with a label; no score with any other"""


def make_recipe(**sections: Any) -> Recipe:
    """The micro recipe with these sections replaced, read and checked as a file is."""
    return check_recipe(micro_recipe(**sections))


def ask(question: str, system: str | None = None) -> tuple[Message, ...]:
    """A chat before the model's turn."""
    before = () if system is None else (Message("system", system),)
    return (*before, Message("user", question))


def make_problem(problem_id: str = "p", gold: str | None = "72", question: str | None = None, **fields: Any) -> Problem:
    """A problem without a solution.

    Args:
        question: default: `question ID`, so that problems differ.
        fields: others of `Problem`, such as solution and tags.
    """
    chat = ask(f"question {problem_id}" if question is None else question)
    return Problem(**{"id": problem_id, "messages": chat, "gold": gold, **fields})


def make_sample(
    problem_id: str = "p", index: int = 0, text: str | None = None, *, is_truncated: bool = False, **fields: Any
) -> Sample:
    """A draw of the model `model`, one token a character, which ended by itself.

    Args:
        text: default: `text INDEX`, so that draws differ.
        fields: others of `Sample`, such as draw, prefix and num_tokens. A draw named hinted or guided saw help.
    """
    text = f"text {index}" if text is None else text
    reason = FinishReason.LENGTH if is_truncated else FinishReason.STOP
    made = {"id": f"{problem_id}/{index}", "finish_reason": reason, "num_tokens": len(text), "logprob": -1.0}
    made["privileged"] = fields.get("draw") in ("hinted", "guided")
    return Sample(**{**made, "problem_id": problem_id, "index": index, "text": text, "model": "model", **fields})


def make_verdict(sample: Sample, label: str = Label.CORRECT, judge: str = "answer", **fields: Any) -> Verdict:
    """A judge's opinion of a sample.

    Args:
        fields: others of `Verdict`; the default of score is 1 for correct, 0 for wrong, none for all else.
    """
    made = {"sample_id": sample.id, "problem_id": sample.problem_id, "judge": judge, "label": Label(label)}
    return Verdict(**{**made, "score": SCORES.get(Label(label)), **fields})


def make_scored(sample: Sample, score: float | None, judge: str = "rubric", **fields: Any) -> Verdict:
    """The opinion of a judge that scores without calling right or wrong; no score: it could not be read."""
    label = Label.UNPARSEABLE if score is None else Label.UNSCORED
    return make_verdict(sample, label, judge, **{"score": score, **fields})


def make_judgement(
    sample_id: str = "p/0", score: float | None = 1.0, judge: str = "rubric", **fields: Any
) -> Judgement:
    """One text of a judging model; with `other_id` of a comparison."""
    made = {"problem_id": sample_id.split("/")[0], "sample_id": sample_id, "index": 0, "messages": (), "text": ""}
    return Judgement(**{**made, "judge": judge, "score": score, **fields})


def make_example(sample: Sample, **fields: Any) -> Example:
    """A row that trains on the whole sample."""
    made = {"sample_id": sample.id, "problem_id": sample.problem_id, "completion": written(sample.text)}
    return Example(**{**made, "messages": make_problem(sample.problem_id).messages, **fields})


def make_pair(chosen: Sample, rejected: Sample, **fields: Any) -> Pair:
    """A row that prefers one sample to another of its problem."""
    sides = {"chosen": written(chosen.text), "rejected": written(rejected.text)}
    ids = {"problem_id": chosen.problem_id, "chosen_id": chosen.id, "rejected_id": rejected.id}
    return Pair(**{**ids, **sides, "messages": make_problem(chosen.problem_id).messages, **fields})


def make_item(suite: str, problem_id: str, label: str = Label.CORRECT, **fields: Any) -> ItemResult:
    """One problem's outcome in an evaluation, without further draws."""
    made = {"suite": suite, "problem_id": problem_id, "label": Label(label), "text": "", "answer": None, "gold": None}
    return ItemResult(**{**made, "num_tokens": 1, **fields})
