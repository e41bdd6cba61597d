"""A verifier on trial: does it read a gold answer in every spelling, and tell it from other answers?

Called by `selfloop doctor --verifiers`. A gold answer that a verifier cannot tell from another one makes wrong samples
right; one that it does not read makes right samples wrong, without a word in any report.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import tee

from configs.schema.judges.by_rule import AnswerJudge
from configs.schema.verifiers.code import CodeVerifier
from configs.schema.verifiers.gym import ReasoningGymVerifier
from configs.schema.verifiers.kinds import Verifier
from infra.gym.package import from_json
from tasks.answer.choices import read_choice
from tasks.core.records import FinishReason, Label, Problem, Sample
from tasks.judge.kinds.answer import make_verdict
from tasks.judge.trials.changes import changed_golds
from tasks.judge.trials.spellings import program_spellings, spellings
from tasks.judge.verifiers.code_extract import defines
from tasks.judge.verifiers.code_layouts import read_problem
from tasks.judge.verifiers.pool import verify_in_pool
from tasks.judge.verifiers.registry import Item, explain_gold

EMPTIED = "pass\n"
"""a program that does nothing: no tests may call it right"""


@dataclass(frozen=True, slots=True)
class Trial:
    """One text that a verifier is asked about.

    Attributes:
        spelling: its name, or `changed`.
        is_same: whether the text gives the gold answer.
    """

    problem: Problem
    spelling: str
    text: str
    is_same: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a verifier said of a trial: a label of verdicts."""

    trial: Trial
    label: str
    note: str | None = None

    @property
    def is_right(self) -> bool:
        """The same answer is correct, and another one is not, however it is called."""
        return (self.label == Label.CORRECT) == self.trial.is_same


def refusal(problem: Problem, verifier: Verifier) -> str | None:
    """Why a problem's gold answer cannot be tried, in words; None where it can."""
    reason = explain_gold(problem.gold, verifier)
    if reason is not None or next(trials_of(problem, verifier), None) is not None:
        return reason
    return "is not found by `pattern` in any usual way to give an answer"


def trials_of(problem: Problem, verifier: Verifier) -> Iterator[Trial]:
    """Everything that is tried with one problem's gold answer, or with its worked solution for the verifier `code`."""
    if isinstance(verifier, CodeVerifier):
        yield from _program_trials(problem, verifier)
        return
    if isinstance(verifier, ReasoningGymVerifier):
        yield from _puzzle_trials(problem, verifier)
        return
    gold = problem.gold or ""
    for spelling, text in spellings(gold, verifier):
        yield Trial(problem, spelling, text, True)
    for other in _others(gold, verifier):
        for _, text in spellings(other, verifier)[:1]:
            yield Trial(problem, "changed", text, False)


def run_trials(problems: Iterable[Problem], verifier: Verifier) -> Generator[Outcome, None, None]:
    """One outcome a trial, in order, from killable workers. Bounded memory.

    Raises:
        UserError: the verifier could not be made, as where no sandbox can be.
    """
    judge = AnswerJudge(verifier=verifier)
    trials, again = tee(trial for problem in problems for trial in trials_of(problem, verifier))
    with closing(verify_in_pool(judge, map(_item, again))) as outcomes:
        for trial, found in zip(trials, outcomes, strict=True):
            verdict = make_verdict(_item(trial)[1], judge.name, found)
            yield Outcome(trial, verdict.label, verdict.note)


def _item(trial: Trial) -> Item:
    sample_id = f"{trial.problem.id}/0"
    sample = Sample(
        sample_id, trial.problem.id, 0, trial.text, FinishReason.STOP, len(trial.text), None, "selfloop doctor"
    )
    return trial.problem, sample


def _others(gold: str, verifier: Verifier) -> list[str]:
    """Other answers in the gold answer's form; for choices, the choice after it."""
    if verifier.kind != "choice":
        return changed_golds(gold)
    choices = verifier.choices.upper()
    return [choices[(choices.find(read_choice(gold, choices)) + 1) % len(choices)]]


def _program_trials(problem: Problem, verifier: CodeVerifier) -> Iterator[Trial]:
    """The worked solution passes, in every spelling; a program that does nothing does not."""
    if problem.solution:
        for spelling, text in program_spellings(_whole(problem.solution, problem, verifier), verifier):
            yield Trial(problem, spelling, text, True)
    emptied = _whole(EMPTIED if verifier.layout != "humaneval" else f"    {EMPTIED}", problem, verifier)
    for _, text in program_spellings(emptied, verifier)[:1]:
        yield Trial(problem, "emptied", text, False)


def _puzzle_trials(problem: Problem, verifier: ReasoningGymVerifier) -> Iterator[Trial]:
    """The package's own answer, where it has one, is right in every spelling; a question mark answers nothing."""
    own = from_json(problem.gold or "")["entry"]["answer"]
    for spelling, text in spellings(own, verifier) if own else ():
        yield Trial(problem, spelling, text, True)
    for _, text in spellings("?", verifier)[:1]:
        yield Trial(problem, "changed", text, False)


def _whole(program: str, problem: Problem, verifier: CodeVerifier) -> str:
    """In a fenced block models write the function anew, and not only what goes on from the prompt."""
    asked = read_problem(problem.gold or "", verifier.layout)
    is_anew = asked.entry_point is not None and defines(program, asked.entry_point)
    return program if is_anew or verifier.extract == "whole" else asked.prompt + program
