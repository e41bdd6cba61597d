"""`selfloop promote`: a person makes a model the champion, or answers a run that asks."""

from __future__ import annotations


def promote(experiment: str, model: str, *, reject: bool = False, note: str = "") -> None:
    """Promote a round's model. Where a run asks for approval of that round, this is the answer.

    Parameters
    ----------
    experiment
        Name of the experiment.
    model
        The round, such as round-3.
    reject
        Answer no: the incumbent stays.
    note
        Why; kept in the record.
    """
    from flows.champion.promote import answer_question, make_champion
    from flows.services.addresses import resolve_addresses
    from infra.store.address import open_store

    addresses = resolve_addresses()
    store = open_store(addresses.store)
    print(
        answer_question(store, experiment, model, not reject, note)
        or make_champion(store, addresses, experiment, model, "promote", note, is_rejected=reject)
    )
