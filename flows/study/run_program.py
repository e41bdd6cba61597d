"""One run of a study, in a process of its own: `python -m flows.study.run_program STUDY.yaml METHOD SEED [TASK]`.

What goes wrong ends this process alone; its last line, `error: ...`, is what the study says of the run.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from prefect import flow

from configs.errors import UserError
from configs.schema.study import Study, load_study
from configs.schema.study_runs import StudyRun, run_of
from flows.cli import show_warnings
from flows.loop import run_rounds
from flows.study.results import may_go_on


@flow(name="study-run", flow_run_name="study/{experiment}", validate_parameters=False)
def study_run(experiment: str, study: Study, run: StudyRun) -> None:
    """Run an experiment's rounds as far as the study's budget goes.

    Of a study's hundreds of rounds nobody reads item by item, and MLflow takes longer for items than such a round does.
    """
    run_rounds(run.recipe, Path.cwd(), may_go_on=partial(may_go_on, study, run), tracks_items=False)


def main(path: Path, method: str, seed: str, task: str = "") -> int:
    """Exit status: 0 done, 3 and 4 ended early, 2 something the user can mend."""
    show_warnings()
    try:
        study = load_study(path)
        run = run_of(study, task, method, int(seed), path.parent)
        study_run(run.name, study, run)
    except UserError as error:
        print(f"error: {error}", flush=True)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
