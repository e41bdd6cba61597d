"""Judges in a wave: `live` is the learner with the weights of the wave, other states are models of their own. What a
probe adds to a segment is the same after a kill."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from configs.errors import EngineError
from infra.engines.learn.learner import Learner
from tasks.core.records import Sample, Verdict
from tasks.core.tables import read_records
from tests.flows.segments import digests, run_rounds, segment_folder, segment_recipe
from tests.flows.test_segments import kill_process, monkeypatched

pytestmark = pytest.mark.slow
WAVES = 4


def two_judges(folder: Path) -> dict[str, Any]:
    """The same question to the live weights and to those that the round began with: probabilities, no draws."""
    (folder / "ask.j2").write_text("{{ prompt }}{{ response }}")
    asked = {"kind": "rubric", "prompt": str(folder / "ask.j2"), "read": "choices", "low": 0, "high": 9,
             "pattern": "(.*)"}  # fmt: skip
    judge = [{"kind": "answer"}, {**asked, "name": "now", "frozen": "live"},
             {**asked, "name": "before", "frozen": "round_start"}]  # fmt: skip
    return segment_recipe(
        steps=WAVES, judge=judge,
        online={"reward": [{"kind": "judge", "of": "now"}], "probe": {"every_steps": 2, "problems": 3}},
    )  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A straight run, and one whose learner was killed in its third wave."""
    folder = tmp_path_factory.mktemp("live")
    tree = two_judges(folder)
    run_rounds(folder / "straight", tree, rounds=0)
    shutil.copytree(folder / "straight", folder / "killed")
    run_rounds(folder / "straight", tree)
    with pytest.raises(EngineError), monkeypatched(Learner, "train", after=3, do=kill_process):
        run_rounds(folder / "killed", tree)
    run_rounds(folder / "killed", tree)
    return folder / "straight", folder / "killed"


def gaps_of(folder: Path) -> list[float]:
    """By wave, how far the judges are apart at most."""
    rows = list(read_records(segment_folder(folder) / "verdicts.parquet", Verdict))
    now, before = ({row.sample_id: row.score for row in rows if row.judge == name} for name in ("now", "before"))
    gaps = [0.0] * WAVES
    for name, score in now.items():
        other = before[name]
        if score is not None and other is not None:
            wave = int(name.split("/w")[1].split("/")[0])
            gaps[wave] = max(gaps[wave], abs(score - other))
    return gaps


def test_a_live_judge_may_stand_still_for_some_waves(runs: tuple[Path, Path], tmp_path: Path) -> None:
    """Of every two waves the first one's weights judge both, after a kill between them too."""
    tree = two_judges(tmp_path)
    tree["judge"][1]["every"] = 2
    for name in ("straight", "killed"):
        run_rounds(tmp_path / name, tree, rounds=0)
    run_rounds(tmp_path / "straight", tree)
    gaps = gaps_of(tmp_path / "straight")
    assert gaps[0] == pytest.approx(0, abs=1e-3) and gaps[1] == pytest.approx(0, abs=1e-3)
    assert gaps[2] > 1e-2 and gaps[3] > 1e-2
    assert gaps_of(runs[0])[1] > 1e-3, "with every wave the second would differ"
    with pytest.raises(EngineError), monkeypatched(Learner, "train", after=4, do=kill_process):
        run_rounds(tmp_path / "killed", tree)
    run_rounds(tmp_path / "killed", tree)
    assert digests(tmp_path / "killed") == digests(tmp_path / "straight")


def test_the_live_judge_is_the_model_of_the_wave_and_the_other_stays(runs: tuple[Path, Path]) -> None:
    gaps = gaps_of(runs[0])
    assert gaps[0] == pytest.approx(0, abs=1e-3), "in the first wave both are one model"
    assert gaps[WAVES - 1] > 1e-2


def test_a_segment_that_judges_itself_and_is_probed_ends_with_the_same_bytes(runs: tuple[Path, Path]) -> None:
    straight, killed = runs
    assert digests(killed) == digests(straight)


def test_a_probe_is_asked_at_its_borders_and_how_far_the_weights_went_is_measured_there(
    runs: tuple[Path, Path],
) -> None:
    lines = [json.loads(line) for line in (segment_folder(runs[0]) / "metrics.jsonl").read_text().splitlines()]
    assert ["probe_accuracy" in line for line in lines] == [True, False, True, False]
    assert all("probe_accuracy_rise" in line for line in lines), "the latest stays known"
    assert [line["kl_start"] is not None for line in lines] == [False, False, True, False]
    assert lines[2]["kl_start"] > 0 and lines[0]["entropy_left"] == 1
    assert all(line["judge_entropy"] >= 0 and line["judged_now"] is not None for line in lines)
    probed = list(read_records(segment_folder(runs[0]) / "probe.parquet", Sample))
    assert len(probed) == 2 * 3
