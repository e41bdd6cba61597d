"""Does calibration keep as many good samples as the best fixed setting?   python -m benchmarks.calibration

Three rounds begin from models of rising skill: a tiny model after a shorter and a longer warm start on two-digit sums.
In each round the same problems are sampled at every temperature of a grid; a sample's reward is its correctness plus
the share of samples that agree with it. A fixed setting is one temperature and one threshold for all rounds.
Calibration (B-STaR, arXiv 2412.17256) picks both anew each round, on a probe: fewer problems, other draws. Printed:
distinct correct samples kept, by round and in all. The seeds are fixed; a few minutes on two idle cores.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from configs.schema.recipe import Recipe
from infra.store.folder import FolderStore
from tasks.calibrate.balance import Point
from tasks.calibrate.task import calibrate
from tasks.core.bench import Workbench
from tasks.core.ledger import Ledger
from tasks.core.refs import StepRef
from tasks.core.roles import Cast
from tasks.core.tables import read_records
from tasks.learn.base_task import prepare_base_model
from tasks.learn.warm_start_task import warm_start
from tasks.sample.problems.task import prepare_problems

EPOCHS = (3, 4, 8)
"""of the warm start, by round"""
TEMPERATURES = (0.4, 0.7, 1.0, 1.3, 1.6)
THRESHOLDS = (0.0, 0.5, 1.0, 1.25, 1.5)
NUM_PROBLEMS, NUM_PROBE, NUM_SAMPLES = 120, 60, 16
Setting = tuple[float, float]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        rounds = [measure(Path(folder), round, epochs) for round, epochs in enumerate(EPOCHS, start=1)]
    picked = [choice for choice, _ in rounds]
    fixed = {setting: [kept[setting] for _, kept in rounds] for setting in rounds[0][1]}
    calibrated = [kept[choice] for choice, kept in rounds]
    print(f"distinct correct samples kept of {NUM_PROBLEMS} problems with {NUM_SAMPLES} draws each, round by round")
    for (heat, limit), kept in sorted(fixed.items(), key=lambda item: -sum(item[1])):
        print(f"fixed       temperature {heat:<4g} above {limit:<5g} {row(kept)}")
    settings = ", ".join(f"({heat:g}, {limit:g})" for heat, limit in picked)
    print(f"calibrated  {settings:<29} {row(calibrated)}")
    best = max(map(sum, fixed.values()))
    print(f"calibrated / best fixed: {sum(calibrated) / best:.3f}")


def row(kept: list[int]) -> str:
    """Counts by round, and their sum."""
    return "".join(f"{number:7d}" for number in kept) + f"   in all {sum(kept):6d}"


def measure(folder: Path, round: int, epochs: int) -> tuple[Setting, dict[Setting, int]]:
    """The setting that calibration picks for a round, and what every setting of the grid keeps."""
    probed, whole = (recipe(epochs, number) for number in (NUM_PROBE, NUM_PROBLEMS))
    step = calibration(folder, probed, round)
    # Other rounds have other seeds: the samples that are counted are not those that the choice was made on.
    counted = calibration(folder, whole, len(EPOCHS) + round)
    choice = (float(step.summary["temperature"] or 0), float(step.summary["threshold"] or 0))
    print(
        f"round {round}: warm start of {epochs} epochs, "
        + ", ".join(f"{counted.summary[f'pass_rate_t{heat:g}']:.0%} correct at {heat:g}" for heat in TEMPERATURES)
    )
    path = folder / "store" / counted.prefix / "curve.parquet"
    points = read_records(path, Point)
    return choice, {(p.temperature, p.threshold): int(p.num_good * NUM_PROBLEMS + 0.5) for p in points}


def calibration(folder: Path, settings: Recipe, round: int) -> StepRef:
    """One calibration with a model made by the recipe's warm start; what was made before is found again."""
    ledger = Ledger(FolderStore(folder / "store"), folder / "work", {})
    with Workbench(settings, ledger, folder) as bench:
        problems, base = prepare_problems(bench, 0), prepare_base_model(bench, 0)
        seed = warm_start(bench, 0, base, problems)
        cast = Cast(base=base, seed=seed, previous=None, round_start=seed, live=seed)
        return calibrate(bench, round, seed, problems, cast)


def recipe(epochs: int, probe_problems: int) -> Recipe:
    """Like the demo, with a calibration that wants as many examples as can be drawn."""
    sums = {"kind": "addition", "digits": [2]}
    return Recipe.model_validate({
        "name": "calibration",
        "model": {"kind": "tiny_llama"},
        "engine": {"kind": "transformers", "batch_size": 256},
        "problems": {"train": {**sums, "num_problems": NUM_PROBLEMS}, "select": {**sums, "num_problems": 10},
                     "report": {**sums, "num_problems": 10}},
        "warm_start": {"source": {**sums, "num_problems": 1500}, "tune": {"kind": "full"}, "learning_rate": 2e-3,
                       "batch_size": 32, "epochs": epochs, "max_length": 64},
        "generate": {"num_samples": NUM_SAMPLES, "top_k": 0, "max_tokens": 32, "shard_size": 60},
        "judge": [{"kind": "answer"}, {"kind": "vote"}, {"kind": "combine", "of": ["answer", "vote"]}],
        "calibrate": {"temperatures": list(TEMPERATURES), "thresholds": list(THRESHOLDS),
                      "probe_problems": probe_problems, "num_samples": NUM_SAMPLES,
                      "target": NUM_SAMPLES * NUM_PROBLEMS},
        "train": {"tune": {"kind": "full"}},
    })  # fmt: skip


if __name__ == "__main__":
    main()
