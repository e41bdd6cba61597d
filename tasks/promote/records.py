"""What people decide about models, as records in the store: every decision stays readable with who, when and why.

    EXPERIMENT/approvals/round-003.asked.json     Question    a run wants to promote a candidate, and asks
    EXPERIMENT/approvals/round-003.json           Approval    the answer
    EXPERIMENT/promotions/0001.json               Promotion   a person made a model the champion, outside of a round
    EXPERIMENT/promotions/0001.taken_up.json      TakenUp     the loop goes on from that model

A promotion names the model by digest: where the recipe was edited since, and the round holds another model, it says
nothing. Used by the flows and by `selfloop promote`, `rollback` and `export`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal, TypeVar

from pydantic import ValidationError

from configs.errors import StoreError
from infra.store.base import Store
from tasks.core.refs import Ref

Record = TypeVar("Record", bound=Ref)


class Question(Ref):
    """A candidate that the gate would promote.

    Attributes:
        candidate, digest: its name, and what identifies it.
        reason: the gate's, in words.
        flow_run: id of the Prefect run that is suspended until the answer; None for a run that ended.
    """

    round: int
    candidate: str
    digest: str
    reason: str
    at: str
    by: str
    flow_run: str | None = None


class Approval(Ref):
    """A person's answer on one candidate."""

    round: int
    candidate: str
    digest: str
    is_approved: bool
    by: str
    at: str
    note: str = ""


class Promotion(Ref):
    """A person's choice of the champion.

    Attributes:
        number: 1, 2, ... within the experiment.
        round, model, digest: the model that becomes champion.
        previous: name of the champion before.
        after_round: the last round that was finished at that time.
    """

    number: int
    kind: Literal["promote", "rollback"]
    round: int
    model: str
    digest: str
    previous: str
    by: str
    at: str
    note: str = ""
    after_round: int


class TakenUp(Ref):
    """The first round that started from a promoted model."""

    before_round: int


def write_question(store: Store, experiment: str, question: Question) -> None:
    """Publish a question, replacing that of an earlier run."""
    store.put(f"{_approval(experiment, question.round)}.asked.json", _to_json(question))


def find_question(store: Store, experiment: str, round: int) -> Question | None:
    """What was asked about a round's candidate."""
    return _find(store, f"{_approval(experiment, round)}.asked.json", Question)


def read_questions(store: Store, experiment: str) -> list[Question]:
    """Everything that was asked in an experiment, in order."""
    keys = [key for key in store.keys(f"{experiment}/approvals/") if key.endswith(".asked.json")]
    return [found for key in keys if (found := _find(store, key, Question)) is not None]


def write_approval(store: Store, experiment: str, approval: Approval) -> Approval:
    """Publish an answer; the first one on a candidate holds. Returns the one that holds."""
    key = f"{_approval(experiment, approval.round)}.json"
    while not store.put_new(key, _to_json(approval)):
        content = store.read(key)
        found = _find(store, key, Approval)
        if found is not None and found.digest == approval.digest:
            return found
        if content is not None and store.replace(key, content, _to_json(approval)):
            break
    return approval


def find_approval(store: Store, experiment: str, round: int, digest: str) -> Approval | None:
    """The answer on a candidate; one on another candidate of that round, of an edited recipe, says nothing."""
    found = _find(store, f"{_approval(experiment, round)}.json", Approval)
    return found if found is not None and found.digest == digest else None


def write_promotion(store: Store, experiment: str, promotion: Promotion) -> Promotion:
    """Publish a promotion under the next free number."""
    number = len(read_promotions(store, experiment)) + 1
    while True:
        numbered = promotion.model_copy(update={"number": number})
        if store.put_new(f"{experiment}/promotions/{number:04d}.json", _to_json(numbered)):
            return numbered
        number += 1


def read_promotions(store: Store, experiment: str) -> list[tuple[Promotion, TakenUp | None]]:
    """All promotions in order, each with where the loop took it up."""
    keys = [key for key in store.keys(f"{experiment}/promotions/") if not key.endswith(".taken_up.json")]
    found = [_find(store, key, Promotion) for key in keys]
    return [(one, _find(store, _taken_up(experiment, one), TakenUp)) for one in found if one is not None]


def write_taken_up(store: Store, experiment: str, promotion: Promotion, before_round: int) -> None:
    """Note that the loop goes on from a promoted model."""
    store.put_new(_taken_up(experiment, promotion), _to_json(TakenUp(before_round=before_round)))


def utc_now() -> str:
    """The time of a record: ISO 8601, seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _approval(experiment: str, round: int) -> str:
    return f"{experiment}/approvals/round-{round:03d}"


def _taken_up(experiment: str, promotion: Promotion) -> str:
    return f"{experiment}/promotions/{promotion.number:04d}.taken_up.json"


def _to_json(record: Ref) -> bytes:
    return record.model_dump_json(indent=1).encode()


def _find(store: Store, key: str, kind: type[Record]) -> Record | None:
    content = store.read(key)
    if content is None:
        return None
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        fix = "correct it, or remove it from the store"
        raise StoreError(f"{store.uri}: {key} is damaged: {error.errors()[0]['msg']}", fix) from None
