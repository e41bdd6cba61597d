"""What a study came to, for readers: files in its folder, and a run of MLflow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from configs.schema.study import Study
from flows.services.addresses import Addresses
from flows.study.study import Results
from infra.store.files import replace_durably
from tasks.study.rows import Row
from tasks.study.show import curves, markdown, page


def write_results(study: Study, results: Results, addresses: Addresses) -> dict[str, Path]:
    """Write the table, the curves and the page, atomically; their places by file name."""
    figure = curves(study, results.outcomes)
    texts = {
        "study.svg": figure,
        "study.md": markdown(study, results.rows, results.failures),
        "study.html": page(study, results.rows, results.failures, figure),
        "study.json": json.dumps(
            {task: [_plain(row) for row in rows] for task, rows in results.rows.items()}, indent=1
        ),
    }
    folder = addresses.home / "studies" / study.name
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        replace_durably(folder / name, text.encode())
    return {name: folder / name for name in texts}


def track_results(study: Study, results: Results, files: Mapping[str, Path], addresses: Addresses) -> None:
    """The same as a run of MLflow.

    Raises:
        TrackingError: MLflow cannot be reached.
    """
    from infra.tracking.tracker import Tracker

    tracker = Tracker(addresses.tracking, addresses.artifact_root)
    run = tracker.ensure_run(tracker.ensure_experiment(f"study-{study.name}"), study.name, study.name)
    numbers = {
        "/".join(filter(None, (task, row.method, "report_accuracy"))): row.accuracy.mean
        for task, rows in results.rows.items()
        for row in rows
    }
    tracker.log_metrics(run, numbers, 0)
    for name, path in files.items():
        tracker.log_text(run, path.read_text(encoding="utf-8"), name)
    tracker.finish_run(run)


def _plain(row: Row) -> dict[str, object]:
    return asdict(row)
