"""GRPO here against TRL's GRPOTrainer used directly: the same model, prompts, reward, settings and number of samples.

    python -m benchmarks.online_against_trl [--seeds 6] [--first 0] [--waves 48]

The model is the warm start of `make demo-rl`, made first. Each side trains from it with each seed; then both answer the
same held-out problems greedily, by our decoder, and are judged by the same verifier. Printed: a line a seed, and the
difference over all seeds with its interval: by Student's t over the seeds, which differ by more than problems do.
"""

from __future__ import annotations

import argparse
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from scipy import stats

from benchmarks.online_trl import OPTIONS, sample_of
from configs.schema.drawing import Sampling
from configs.schema.engine import TransformersEngine
from configs.schema.judges.by_rule import AnswerJudge
from configs.schema.load import check_recipe
from flows.round import baseline, improvement_round
from infra.engines.local_pool import LocalPool
from infra.engines.models.model_files import ModelFiles
from infra.engines.questions import Completion, Request
from infra.engines.wire import Shard
from infra.store.folder import FolderStore
from tasks.core.bench import Workbench
from tasks.core.ledger import Ledger
from tasks.core.records import Problem
from tasks.core.tables import read_records
from tasks.evaluate.statistics import wilson_interval
from tasks.judge.verifiers.registry import build_verifier

DEMO = Path(__file__).parents[1] / "configs" / "recipes" / "demo_rl.yaml"


def demo(**sections: Any) -> dict[str, Any]:
    """The demo's recipe with sections replaced; one that is None is left out."""
    tree: dict[str, Any] = yaml.safe_load(DEMO.read_text(encoding="utf-8")) | sections
    return {name: section for name, section in tree.items() if section is not None}


def run(tree: dict[str, Any], folder: Path, rounds: int) -> Path:
    """Run a recipe as `selfloop run` does, less its services; returns its experiment in the store."""
    recipe = check_recipe(tree)
    ledger = Ledger(FolderStore(folder / "store"), folder / "work", {}, lambda: None)
    with Workbench(recipe, ledger, folder) as bench:
        state = baseline(bench).state
        for number in range(1, rounds + 1):
            state = improvement_round(bench, number, state).state
    return folder / "store" / recipe.name


def found(experiment: Path, pattern: str) -> Path:
    """The one file or folder of an experiment."""
    (path,) = experiment.glob(pattern)
    return path


def recipe_of(model: Path, seed: int, waves: int) -> dict[str, Any]:
    """One segment with the settings that TRL has too: nothing is drawn over, and there is no divergence."""
    own = demo(model={"base": str(model)}, warm_start=None, seed=seed, rounds={"max": 1})
    own["train"] = own["train"] | {
        "objective": {"kind": "grpo", "kl_weight": 0.0}, "max_steps": waves * OPTIONS["steps_per_wave"],
        "learning_rate": OPTIONS["learning_rate"], "batch_size": OPTIONS["rows"], "schedule": "linear",
        "warmup_share": OPTIONS["warmup_share"],
    }  # fmt: skip
    del own["train"]["reference"]
    own["online"] = {
        "problems_per_wave": OPTIONS["problems"], "group_size": OPTIONS["group"],
        "steps_per_wave": OPTIONS["steps_per_wave"], "episode": {"max_tokens": OPTIONS["max_tokens"]},
        "flat_groups": "keep", "probe": None,
    }  # fmt: skip
    return own


def train_here(model: Path, seed: int, waves: int, folder: Path) -> Path:
    """The folder of the model that a segment makes."""
    return found(run(recipe_of(model, seed, waves), folder, rounds=1), "round-001/segment/*/model")


def train_there(model: Path, problems: Path, seed: int, waves: int, folder: Path) -> Path:
    """The folder of the model that TRL's trainer makes, in a process of its own."""
    folder.mkdir()
    command = [sys.executable, "-m", "benchmarks.online_trl", "train", model, problems, folder, str(seed), str(waves)]
    with (folder / "log").open("w") as log:
        subprocess.run([str(word) for word in command], check=True, stdout=log, stderr=log)
    return folder / "model"


def right_of(model: Path, problems: Sequence[Problem], work: Path) -> list[bool]:
    """Which problems a model's greedy answer is right on."""
    verify = build_verifier(AnswerJudge(**demo()["judge"][0]).verifier)
    requests = tuple(
        Request(problem.id, tuple((message.role, message.content) for message in problem.messages), 1)
        for problem in problems
    )
    shard = Shard("held-out", requests, Sampling(temperature=0.0, max_tokens=OPTIONS["max_tokens"]))
    with LocalPool(TransformersEngine(batch_size=256), ModelFiles("trained", model), work) as pool:
        ((_, rows),) = pool.generate([shard])
    texts = {row.request_id: row.text for row in rows if isinstance(row, Completion)}
    return [bool(verify((problem, sample_of(problem, texts[problem.id]))).is_correct) for problem in problems]


def compare(model: Path, problems: Path, report: Sequence[Problem], seeds: range, waves: int, folder: Path) -> None:
    """Print the table and the difference."""
    start = right_of(model, report, folder / "start")
    samples = waves * OPTIONS["problems"] * OPTIONS["group"]
    print(f"start {percent(start)}, {len(report)} held-out problems, {samples:,} samples a run")
    print("| seed | here | TRL | seconds here | seconds TRL |\n|---|---|---|---|---|", flush=True)
    differences: list[float] = []
    for seed in seeds:
        own, own_seconds = timed(lambda seed=seed: train_here(model, seed, waves, folder / f"here-{seed}"))
        other, other_seconds = timed(
            lambda seed=seed: train_there(model, problems, seed, waves, folder / f"trl-{seed}")
        )
        here, there = right_of(own, report, folder / f"h{seed}"), right_of(other, report, folder / f"t{seed}")
        print(f"| {seed} | {percent(here)} | {percent(there)} | {own_seconds:.0f} | {other_seconds:.0f} |", flush=True)
        differences.append(100 * (sum(here) - sum(there)) / len(report))
    if len(differences) > 1:
        print("here less TRL: {:+.1f} points [{:+.1f}, {:+.1f}]".format(*mean_interval(differences)))


def mean_interval(values: Sequence[float]) -> tuple[float, float, float]:
    """The mean, and its 95 % interval by Student's t."""
    mean, error = statistics.mean(values), statistics.stdev(values) / math.sqrt(len(values))
    reach = error * float(stats.t.ppf(0.975, len(values) - 1))
    return mean, mean - reach, mean + reach


def percent(right: Sequence[bool]) -> str:
    low, high = wilson_interval(sum(right), len(right))
    return f"{sum(right) / len(right):.1%} [{100 * low:.1f}, {100 * high:.1f}]"


def timed(train: Any) -> tuple[Path, float]:
    started = time.monotonic()
    return train(), time.monotonic() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=6, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--waves", type=int, default=48)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = run(demo(), folder / "made", rounds=0)
        problems = found(made, "round-000/problems/*/train.parquet")
        seeds = range(options.first, options.first + options.seeds)
        report = list(read_records(problems.with_name("report.parquet"), Problem))
        compare(found(made, "round-000/warm_start/*/model"), problems, report, seeds, options.waves, folder)


if __name__ == "__main__":
    main()
