"""`selfloop housekeeping`: say what the store no longer needs, and remove it."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter


def housekeeping(
    *experiments: str,
    keep_rounds: int | None = None,
    apply: Annotated[bool, Parameter(negative="")] = False,
    check_files: bool = True,
    reconcile: bool = True,
    pin: str | None = None,
    unpin: str | None = None,
) -> None:
    """Say what could go, what is damaged, and what Prefect and MLflow show wrongly. Changes nothing without --apply.

    Exit status 1 if something is damaged.

    Parameters
    ----------
    experiments
        Names; default: all experiments of the store.
    keep_rounds
        Keep the last rounds, the baseline, the champion and pinned rounds; what other rounds made goes. Default: all
        rounds stay.
    apply
        Do it.
    check_files
        Compare every published file with its digest.
    reconcile
        Also look at Prefect and MLflow.
    pin
        Keep this round whatever the rules say, such as my-experiment/round-3; nothing else is done.
    unpin
        Leave this round to the rules again.
    """
    from flows.services.addresses import resolve_addresses

    addresses = resolve_addresses()
    if pin or unpin:
        from flows.champion.pin import change_pin

        print(change_pin(addresses, pin or unpin or "", is_kept=pin is not None))
        return
    from flows.services.prefect_server import PrefectServer

    with PrefectServer(addresses) as server:
        from flows.housekeeping import Finding, HousekeepingParameters, housekeeping

        server.wait()
        parameters = HousekeepingParameters(
            experiments=list(experiments), dry_run=not apply, keep_rounds=keep_rounds, check_files=check_files,
            reconcile=reconcile,
        )  # fmt: skip
        state = housekeeping(parameters, return_state=True)
        found = state.result(raise_on_failure=False)
        findings: list[Finding] = found if isinstance(found, list) else []
    for finding in findings:
        print(f"{finding.experiment:<20} {finding.what:<10} {finding.detail}")
    print(state.message)
    if state.is_failed():
        raise SystemExit(1)
