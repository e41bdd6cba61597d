"""`selfloop study`: methods side by side, on the same model, problems and budget."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from configs.errors import UserError


def study(
    file: Path,
    *,
    jobs: int = 1,
    skip: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    show: bool = False,
    plan: bool = False,
    draw_speed: float | None = None,
    train_speed: float | None = None,
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
    plan
        Say how many runs are left and what they take, and run nothing: by what finished runs took, or by speeds.
    draw_speed
        Tokens that a run writes in a second, for --plan.
    train_speed
        Tokens that a run trains on in a second, for --plan.
    """
    from configs.schema.study import load_study
    from configs.schema.study_runs import runs_of
    from flows.services.addresses import resolve_addresses
    from flows.services.prefect_server import PrefectServer
    from flows.study.study import collect, plan_study, refuse_unfit, run_study
    from flows.study.written import track_results, write_results
    from tasks.study.cost import Speeds
    from tasks.study.show import markdown

    for name, amount in {"jobs": jobs, "draw-speed": draw_speed, "train-speed": train_speed}.items():
        if amount is not None and not 0 < amount < math.inf:
            raise UserError(f"--{name} cannot be {amount:g}", f"write a number above 0, such as --{name} 2")
    told = load_study(file)
    runs = runs_of(told, file.parent, skip)
    addresses = resolve_addresses()
    if plan:
        for line in plan_study(told, runs, addresses, Speeds(draw_speed, train_speed), jobs):
            print(line)
        return
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
