"""`selfloop compare`: rounds and experiments side by side."""

from __future__ import annotations

import sys
from pathlib import Path


def compare(*experiments: str, out: Path = Path("report.html")) -> None:
    """Print the table of rounds and write a report page that opens offline.

    Parameters
    ----------
    experiments
        Names; default: all experiments of the store.
    out
        Where the page is written.
    """
    from configs.errors import UserError
    from flows.report.stored import open_experiment
    from flows.services.addresses import resolve_addresses
    from infra.store.address import open_store
    from infra.store.files import replace_durably
    from tasks.report.entry import list_experiments
    from tasks.report.html import render_report
    from tasks.report.table import print_table

    addresses = resolve_addresses()
    store = open_store(addresses.store)
    names = experiments or tuple(list_experiments(store))
    if not names:
        raise UserError(f"{store.uri} holds no experiments", "run one: selfloop run configs/recipes/demo.yaml")
    reports = [open_experiment(store, name, addresses).report for name in names]
    print_table([round for report in reports for round in report.rounds], sys.stdout)
    replace_durably(out, render_report(reports).encode())
    print(f"\nreport   {out}")
