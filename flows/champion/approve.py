"""Asking a person whether a candidate may be promoted. The answer is a record in the store, and is looked for first.

In a deployment the run suspends: its process ends, Prefect's page of the run asks, and the answer starts the run
again, which finds every finished step. Elsewhere the run ends; `selfloop promote EXPERIMENT round-3` answers, and the
same command goes on.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.exceptions import ObjectNotFound
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from pydantic import Field

from flows.champion.current import check_lease
from flows.report.artifacts import show_markdown
from infra.store.base import Store
from infra.store.lease.holder import name_user
from tasks.core.bench import Workbench
from tasks.core.refs import ModelRef
from tasks.decide.state import LoopState, RoundOutcome
from tasks.promote.apply import answered, would_promote
from tasks.promote.records import (
    Approval,
    Question,
    find_approval,
    find_question,
    read_questions,
    utc_now,
    write_approval,
    write_question,
)
from tasks.report.entry import find_entry

PATIENCE = timedelta(days=30)
"""after this time without an answer a suspended run fails; the next run asks again"""


class HumanDecision(RunInput):
    """What Prefect's page asks."""

    approve: bool = Field(False, title="Promote the candidate", description="No keeps the incumbent.")
    name: str = Field("", title="Who decides")
    note: str = Field("", title="Why", description="Kept in the record of the decision.")


def settle(bench: Workbench, outcome: RoundOutcome, before: LoopState) -> RoundOutcome | None:
    """The round after what is known of a person's decision; None where a person has to be asked.

    An answer holds whatever the recipe says now, and a round that was finished without a question stays as it was: so
    switching `decide.approval` on or off changes rounds to come, never finished ones.
    """
    if not would_promote(outcome):
        return outcome
    store, name, candidate = bench.ledger.store, bench.recipe.name, _candidate(outcome)
    if answer := find_approval(store, name, outcome.state.round, candidate.digest):
        return answered(outcome, before, answer, bench.recipe.in_round(outcome.state.round))
    entry = find_entry(store, name, outcome.state.round)
    was_finished = entry is not None and entry.model is not None and entry.model.digest == candidate.digest
    return outcome if was_finished or not bench.recipe.in_round(outcome.state.round).decide.approval else None


def ask_person(bench: Workbench, outcome: RoundOutcome) -> Question:
    """Publish the question, and say how it is answered; the run has to end or to suspend then.

    Returns:
        the question that stands: that of another run, if it is suspended for it already.
    """
    store, name, round = bench.ledger.store, bench.recipe.name, outcome.state.round
    asked, run = find_question(store, name, round), _deployed_run()
    question = _question(outcome, run)
    if asked and asked.digest == question.digest and asked.flow_run not in (None, run) and _is_suspended(asked):
        bench.progress.line(f"round {round} waits for a person: run {asked.flow_run} asks since {asked.at}")
        return asked
    check_lease(bench)
    write_question(store, name, question)
    command = f"selfloop promote {name} round-{round}"
    text = describe(name, question)
    bench.progress.line(f"{text} A person decides: {command}, or the same with --reject")
    show_markdown(f"{name} round {round} decision", f"{text}\n\nResume this run to answer, or type `{command}`.")
    return question


def describe(experiment: str, question: Question) -> str:
    """The question in words."""
    return f"Round {question.round} of {experiment} would promote {question.candidate}: {question.reason}."


def find_own_question(store: Store, experiment: str) -> Question | None:
    """What this Prefect run asked before it was suspended, where no answer is published yet."""
    run = _deployed_run()
    for question in read_questions(store, experiment) if run else ():
        if question.flow_run == run and not find_approval(store, experiment, question.round, question.digest):
            return question
    return None


def wait_for_person(store: Store, experiment: str, question: Question) -> None:
    """Suspend this run until a person answered, then publish the answer.

    The first time Prefect leaves the run here, by an exception: its process ends. Nothing may be held by then, the
    experiment's lease least of all. The run that was resumed comes by again, and gets the answer.
    """
    if question.flow_run != _deployed_run():
        return
    form = HumanDecision.with_initial_data(description=describe(experiment, question))
    answer = suspend_flow_run(
        wait_for_input=form, key=f"round-{question.round}-{question.digest[:12]}", timeout=int(PATIENCE.total_seconds())
    )  # fmt: skip
    approval = Approval(
        round=question.round, candidate=question.candidate, digest=question.digest, is_approved=answer.approve,
        by=answer.name or "somebody in Prefect", at=utc_now(), note=answer.note,
    )  # fmt: skip
    write_approval(store, experiment, approval)


def _question(outcome: RoundOutcome, run: str | None) -> Question:
    candidate, decision = _candidate(outcome), outcome.state.decisions[-1]
    return Question(
        round=decision.round, candidate=candidate.name, digest=candidate.digest, reason=decision.reason,
        at=utc_now(), by=name_user(), flow_run=run,
    )  # fmt: skip


def _candidate(outcome: RoundOutcome) -> ModelRef:
    assert outcome.candidate is not None, "only candidates are promoted"
    return outcome.candidate


def _deployed_run() -> str | None:
    """Id of the Prefect run, if it belongs to a deployment: only such a run can be suspended."""
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    return str(run.id) if run is not None and run.deployment_id is not None else None


def _is_suspended(question: Question) -> bool:
    """Whether the run that asked still waits."""
    with get_client(sync_client=True) as client:
        try:
            state = client.read_flow_run(UUID(question.flow_run)).state
        except ObjectNotFound:
            return False
    return state is not None and state.is_paused()
