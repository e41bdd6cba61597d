"""Program: tasks of lm-evaluation-harness. Started by `run.py`.

    python -m infra.engines.harness.program REQUEST.json

It loads tasks and their data, builds prompts, and reads answers; the answers come from whoever started it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from configs.errors import EngineError
from infra.engines.one_shot import answer_asking_job

Message = dict[str, Any]


def main() -> None:
    answer_asking_job(work)


def work(request: Message, ask: Callable[[Message], Message]) -> Message:
    """Look at tasks, or run them.

    Raises:
        EngineError: what the request asks for cannot be had.
    """
    try:
        import_module("lm_eval")
    except ModuleNotFoundError as error:
        raise EngineError(
            f"the Python package lm-eval is needed, and '{error.name}' is not installed",
            "install selfloop[benchmarks], or leave evaluate.benchmarks out",
        ) from None
    from infra.engines.harness.tasks import Library

    os.chdir(request["base_dir"])
    library = Library(request["wanted"])
    if "model" not in request:
        return {"tasks": library.describe(with_data=request["with_data"])}

    from infra.engines.harness.results import write_results
    from infra.engines.harness.session_model import SessionModel
    from infra.engines.models.model_files import ModelFiles

    folder = Path(request["work_dir"])
    files, length, beyond = ModelFiles.from_json(request["model"]), request["max_length"], request["beyond"]
    model = SessionModel(files, length, beyond, request["seed"], folder, ask)
    write_results(folder, [library.evaluate(one, model, request["prompts"]) for one in request["wanted"]])
    return {}


if __name__ == "__main__":
    main()
