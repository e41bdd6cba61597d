"""Every objective of online rounds trains one small segment: two waves over one warm-started model."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest

from configs.schema.kinds import component_choices
from configs.schema.online.objectives import OnlineObjective
from configs.schema.recipe import Recipe
from infra.store.folder import FolderStore
from tasks.core.bench import Workbench
from tasks.core.files import CREDIT
from tasks.core.ledger import Ledger
from tasks.core.tables import read_records
from tasks.online.task import run_segment
from tests.flows.segments import begin, segment_folder, segment_recipe

pytestmark = pytest.mark.slow
STREAMS = {
    "raft": {"nll_weight"},
    "nft": {"nft_p", "nft_right", "nft_weight"},
    "ppo": {"return"},
}
"""what others than policy gradients read"""


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A store with the baseline, and the state after it."""
    folder = tmp_path_factory.mktemp("begun")
    return folder, begin(folder, segment_recipe(steps=2))


OF_THEIR_OWN = {"sdpo"}
"""has to be shown a right sample, or feedback: tests/flows/test_derived.py"""


@pytest.mark.parametrize("kind", [kind for kind in component_choices(OnlineObjective) if kind not in OF_THEIR_OWN])
def test_an_objective_trains_a_segment(kind: str, begun: tuple[Path, Any], tmp_path: Path) -> None:
    place, state = begun
    shutil.copytree(place, tmp_path / "run")
    tree = segment_recipe(
        steps=2, online={"reward": [{"kind": "judge"}, {"kind": "format", "pattern": "1;", "weight": 0.5}]}
    )
    tree["train"] |= {"objective": {"kind": kind}, "reference": "seed" if kind in ("grpo", "rloo") else "start"}
    if kind == "nft":  # returns above 0 are right ones
        tree["online"]["reward"] = [{"kind": "format", "pattern": "1;"}]
    recipe = Recipe.model_validate(tree)
    ledger = Ledger(FolderStore(tmp_path / "run" / "store"), tmp_path / "run" / "work", {}, lambda: None)
    with Workbench(recipe, ledger, tmp_path / "run") as bench:
        step = run_segment(bench, 1, state, state.problems)
    folder = segment_folder(tmp_path / "run")
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2] and step.summary["num_steps"] == 2
    assert all(math.isfinite(line["loss"]) and line["grad_norm"] > 0 for line in lines)
    assert all(line["sampler_gap_mean"] <= line["sampler_gap_max"] < 1e-3 for line in lines)
    streams = {row.stream for row in read_records(folder / CREDIT.name, CREDIT.record)}
    assert streams >= STREAMS.get(kind, {"advantage"})
    assert ("kl_weight" in streams) == (kind == "grpo")
