"""A segment with a value head: its head, too, is unmoved by kills and by the cut into rounds."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from configs.errors import EngineError
from infra.engines.learn.learner import Learner
from tasks.core.files import CREDIT
from tasks.core.records import Credit
from tasks.core.tables import read_records
from tests.flows.segments import digests, kill_process, monkeypatched, run_rounds, segment_folder, segment_recipe

pytestmark = pytest.mark.slow
WAVES = 3


def tree(steps: int, rounds: int = 1) -> dict[str, object]:
    objective = {"kind": "ppo", "gae_lambda": 0.95, "value_learning_rate": 0.05}
    return segment_recipe(steps, rounds, train={"objective": objective, "reference": "start", "batch_size": 7})


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("begun")
    run_rounds(folder, tree(WAVES), rounds=0)
    return folder


@pytest.fixture(scope="module")
def straight(begun: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("straight") / "run"
    shutil.copytree(begun, folder)
    run_rounds(folder, tree(WAVES))
    return folder


def test_the_head_says_what_it_learnt_and_returns_are_published(straight: Path) -> None:
    lines = [json.loads(line) for line in (segment_folder(straight) / "metrics.jsonl").read_text().splitlines()]
    assert lines[0]["value_mean"] == 0 and lines[-1]["value_mean"] != 0
    assert all(line["value_error"] > 0 and line["advantage_abs"] > 0 for line in lines)
    credit = list(read_records(segment_folder(straight) / CREDIT.name, Credit))
    assert {row.stream for row in credit} == {"return", "turn", "pool"}
    assert (segment_folder(straight) / "optimizer" / "value_head.pt").is_file()


@pytest.mark.nightly
def test_a_killed_segment_ends_with_the_same_bytes(begun: Path, straight: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(begun, folder)
    with pytest.raises(EngineError), monkeypatched(Learner, "train", after=3, do=kill_process):
        run_rounds(folder, tree(WAVES))
    run_rounds(folder, tree(WAVES))
    assert digests(folder) == digests(straight)


def test_rounds_of_one_wave_are_one_segment_cut_apart(begun: Path, straight: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(begun, folder)
    run_rounds(folder, tree(1, rounds=WAVES))
    cut, whole = digests(folder, WAVES), digests(straight)
    for name in ("model/model.safetensors", "optimizer/optimizer.pt", "optimizer/value_head.pt", "carried.json"):
        assert cut[name] == whole[name]
