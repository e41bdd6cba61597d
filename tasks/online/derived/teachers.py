"""What the teacher of each attempt sees (SDPO, arXiv 2601.20802): a right attempt of another sample of the group, and
what the first judge notes of its own. Asked for by the objective `sdpo`, not by an entry of `online.derived`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from configs.schema.online.objectives import Sdpo
from infra.engines.questions import Missing, Scoring
from tasks.core.prompts import render
from tasks.core.records import Credit, DropReason, Label, Message, Problem
from tasks.online.credit.numbers import Returns, total
from tasks.online.derived.made import Made, Scene, chat, question_of
from tasks.online.monitors.wave import share
from tasks.online.rollout import Turn
from tasks.online.settle import Rated

THINKING = re.compile(r"<think>.*?(?:</think>\s*|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Lesson:
    """One attempt, and what its teacher sees beside the problem; empty where there is nothing."""

    one: Rated
    turn: Turn
    demonstration: str
    feedback: str


def teach(config: Sdpo, scene: Scene, prompt: str) -> Made:
    """Rows of all attempts that have a solution or feedback; the others are counted, and not trained on."""
    groups = [lessons(config, one, scene.judges[0].name) for one in scene.used]
    every = [lesson for group in groups for lesson in group]
    full = [lesson for lesson in every if lesson.demonstration or lesson.feedback]
    questions = [
        Scoring(lesson.turn.sample_id, chat(_seen(lesson, prompt)), lesson.turn.text, with_end=True) for lesson in full
    ]
    told = scene.encode(questions)
    taught = {
        lesson.turn.sample_id: (lesson, row.prompt)
        for lesson, row in zip(full, told, strict=True)
        if not isinstance(row, Missing)
    }
    left = [lesson.turn.sample_id for lesson in every if lesson.turn.sample_id not in taught]
    return Made(
        teachers={name: seen for name, (_, seen) in taught.items()},
        credit=tuple(Credit(name, "distil", 0, lesson.turn.num_tokens, 1.0) for name, (lesson, _) in taught.items()),
        drops=dict.fromkeys(left, str(DropReason.NO_ROW)),
        numbers={
            "solution_share": share(any(lesson.demonstration for lesson in group) for group in groups),
            "feedback_share": share(bool(lesson.feedback) for lesson in every),
            "taught_share": share(lesson.turn.sample_id in taught for lesson in every),
        },
    )


def demonstrations(returns: Returns, success: float) -> list[int | None]:
    """Of each attempt the place of the first that succeeded and is not itself; None where there is none."""
    good = [place for place, value in enumerate(returns) if value is not None and value >= success]
    return [next((other for other in good if other != place), None) for place in range(len(returns))]


def lessons(config: Sdpo, one: Rated, judge: str) -> list[Lesson]:
    """Of the attempts of a group, in their order.

    Args:
        judge: whose notes are feedback.
    """
    episodes = one.judged.episodes
    turns = [episode.rollout.turns[-1] for episode in episodes]
    shown = demonstrations([total(episode.rewards) for episode in episodes], config.success)
    found = []
    for turn, other in zip(turns, shown, strict=True):
        text = "" if other is None else demonstration_of(turns[other].text, config.thinking)
        wanted = {"always": True, "without_solution": not text, "never": False}[config.feedback]
        found.append(Lesson(one, turn, text, _note(turn, judge) if wanted else ""))
    return found


def demonstration_of(text: str, thinking: bool) -> str:
    """An attempt as it is shown, without its thinking unless that is wanted."""
    return text if thinking else THINKING.sub("", text).strip()


def _note(turn: Turn, judge: str) -> str:
    """What the judge says of an attempt that it does not call right."""
    verdict = turn.verdicts.get(judge)
    return "" if verdict is None or verdict.label == Label.CORRECT else (verdict.note or "")[:2000]


def _seen(lesson: Lesson, prompt: str) -> Sequence[Message]:
    problem: Problem = lesson.one.drawn.problem
    text = render(prompt, prompt=question_of(problem), demonstration=lesson.demonstration, feedback=lesson.feedback)
    place = max((at for at, turn in enumerate(problem.messages) if turn.role == "user"), default=len(problem.messages))
    return (*problem.messages[:place], Message("user", text), *problem.messages[place + 1 :])
