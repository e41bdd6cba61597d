"""`selfloop study`: methods side by side, on the same model, problems and budget."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def study(
    file: Path,
    *,
    jobs: int = 1,
    skip: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    show: bool = False,
) -> None:
    """Run methods on the same model, problems and budget, and compare them. The same command again goes on.

    Parameters
    ----------
    file
        A YAML file: methods, a common section, a budget (configs/studies has ready ones).
    jobs
        Runs at the same time.
    skip
        A method that is left out; may be repeated.
    show
        Show what is finished, and run nothing.
    """
    from configs.schema.study import load_study
    from configs.schema.study_runs import runs_of
    from flows.services.addresses import resolve_addresses
    from flows.services.prefect_server import PrefectServer
    from flows.study.study import collect, refuse_unfit, run_study, track_results, write_results
    from tasks.study.show import markdown

    told = load_study(file)
    runs = runs_of(told, file.parent, skip)
    addresses = resolve_addresses()
    if not show:
        refuse_unfit(told, runs, Path.cwd())
    if show:
        results = collect(told, runs, addresses, {})
    else:
        with PrefectServer(addresses) as server:
            server.wait()
            results = run_study(told, runs, file, addresses, jobs, lambda line: print(line, flush=True))
    print(markdown(told, results.rows, results.failures))
    files = write_results(told, results, addresses)
    print(f"\npage     {files['study.html']}")
    track_results(told, results, files, addresses)
