"""What people decide at the command line: promotions, rollbacks, and answers to runs that ask."""

from __future__ import annotations

import re
import sys
from typing import Literal
from uuid import UUID

from configs.errors import TrackingError, UserError
from flows.champion.current import find_champion, find_round
from flows.services.addresses import Addresses, resolve_addresses
from infra.store.base import Store
from infra.store.lease.holder import name_user
from tasks.promote.records import (
    Approval,
    Promotion,
    Question,
    find_approval,
    find_question,
    utc_now,
    write_approval,
    write_promotion,
)
from tasks.report.entry import read_entries


def answer_question(store: Store, experiment: str, model: str, is_approved: bool, note: str) -> str | None:
    """Answer the run that asks about a round; what was done, in words. None where nobody asks."""
    found = re.fullmatch(r"round-(\d+)", model)
    question = find_question(store, experiment, int(found[1])) if found else None
    if question is None or find_approval(store, experiment, question.round, question.digest):
        return None
    approval = Approval(
        round=question.round, candidate=question.candidate, digest=question.digest, is_approved=is_approved,
        by=name_user(), at=utc_now(), note=note,
    )  # fmt: skip
    holds = write_approval(store, experiment, approval)
    word = "approved" if holds.is_approved else "rejected"
    how = _resume(question, holds) if question.flow_run else "run the experiment again to go on"
    return f"{question.candidate} of {experiment} is {word} by {holds.by}; {how}"


def make_champion(
    store: Store,
    addresses: Addresses,
    experiment: str,
    model: str,
    kind: Literal["promote", "rollback"],
    note: str,
    is_rejected: bool = False,
) -> str:
    """Record a promotion and move MLflow's alias; what was done, in words.

    Raises:
        UserError: there is no such model, it is the champion already, or its weights were cleared away.
    """
    entries = read_entries(store, experiment)
    chosen, before = find_round(entries, model), find_champion(store, experiment)
    assert chosen.model is not None and before.model is not None, "find_round and find_champion name models"
    if is_rejected:
        raise UserError(f"no run asks about {model} of {experiment}", "to go back to another model: selfloop rollback")
    if chosen.report.round == before.report.round:
        raise UserError(f"{model} is the champion of {experiment} already", "name another round")
    step = chosen.model.adapter or chosen.model.weights
    if step is not None and store.read(f"{step.prefix}/record.json") is None:
        raise UserError(f"the weights of {model} were cleared away by housekeeping", "name a round that was kept")
    promotion = Promotion(
        number=1, kind=kind, round=chosen.report.round, model=chosen.model.name, digest=chosen.model.digest,
        previous=before.model.name, by=name_user(), at=utc_now(), note=note, after_round=len(entries) - 1,
    )  # fmt: skip
    made = write_promotion(store, experiment, promotion)
    alias = _move_alias(addresses, experiment, chosen.report.round)
    return (
        f"{chosen.model.name} is the champion of {experiment}, before: {before.model.name} "
        f"(promotion {made.number}); the next round goes on from it; {alias}"
    )


def _move_alias(addresses: Addresses, experiment: str, round: int) -> str:
    """Point MLflow's alias at a round's version; what came of it, in words."""
    from infra.tracking.tracker import Tracker

    try:
        tracker = Tracker(addresses.tracking, addresses.artifact_root)
        if tracker.find_version(experiment, f"round-{round}") is None:
            return f"MLflow has no version of it: selfloop sync {experiment}"
        tracker.settle_alias(experiment, "champion", f"round-{round}")
    except TrackingError as error:
        print(f"warning: {error.message}", file=sys.stderr)
        return f"MLflow's alias follows later: selfloop sync {experiment}"
    return "MLflow's alias champion names it"


def _resume(question: Question, approval: Approval) -> str:
    """Wake the suspended run that asked."""
    address = resolve_addresses().prefect
    by_hand = f"resume the run {question.flow_run} in Prefect to go on"
    if address is None or question.flow_run is None:
        return by_hand
    import httpx
    from prefect.exceptions import PrefectException
    from prefect.flow_runs import resume_flow_run

    answer = {"approve": approval.is_approved, "name": approval.by, "note": approval.note}
    try:
        resume_flow_run(UUID(question.flow_run), run_input=answer)
    except (PrefectException, httpx.HTTPError) as error:
        return f"{by_hand} ({type(error).__name__}: it could not be resumed from here)"
    return f"the run {question.flow_run} goes on"
