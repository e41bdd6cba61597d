"""Which requests can be made, and when two ask for the same training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from configs.schema.objective import Dpo, Sft, Sppo
from configs.schema.train import Lora, Optimizer
from infra.engines.models.model_files import ModelFiles
from infra.engines.train.request import TrainRequest
from tests.infra.engines.training import make_request

pytestmark = pytest.mark.slow


def test_a_checkpoint_counts_only_when_whole_and_of_the_same_request(tmp_path: Path) -> None:
    from infra.engines.train.checkpoints import MARKER, find_checkpoint, mark

    for step, marked in ((5, mark("mine")), (20, mark("mine")), (100, mark("other")), (40, "mine"), (30, None)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if marked:  # "mine" alone: another version's, of another format
            (folder / MARKER).write_text(marked)
    assert find_checkpoint(tmp_path, "mine") == tmp_path / "checkpoint-20"
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-20"]
    assert find_checkpoint(tmp_path / "none", "mine") is None


@pytest.mark.parametrize(("took", "interval"), [(0.0, 120.0), (9.0, 120.0), (60.0, 1800.0)])
def test_what_takes_long_to_write_is_written_less_often(tmp_path: Path, took: float, interval: float) -> None:
    from infra.engines.train.checkpoints import TimedCheckpoints

    checkpoints = TimedCheckpoints(tmp_path, "mine", 120.0)
    checkpoints.took = took
    assert checkpoints.interval == interval


def test_the_fingerprint_sees_settings_and_rows_and_not_paths(base: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("1")
    (tmp_path / "same.jsonl").write_text("1")
    (tmp_path / "other.jsonl").write_text("2")
    request = make_request(base).model_copy(update={"rows": tmp_path / "rows.jsonl"})
    moved = {"rows": tmp_path / "same.jsonl", "model": ModelFiles("base", Path("/elsewhere"))}
    assert request.model_copy(update=moved).fingerprint() == request.fingerprint()
    state = tmp_path / "optimizer"
    state.mkdir()
    (state / "optimizer.pt").write_text("1")
    changes = (
        {"rows": tmp_path / "other.jsonl"},
        {"seed": 1},
        {"tune": Lora()},
        {"objective": Sft(normalise="sequence_mean")},
        {"reference_digest": "a"},
        {"resume_state": state},
        {"total_steps": 100},
        {"total_steps": 100, "first_step": 50},
    )
    digests = [request.model_copy(update=change).fingerprint() for change in changes]
    assert len({*digests, request.fingerprint()}) == len(changes) + 1
    (state / "optimizer.pt").write_text("2")
    assert request.model_copy(update={"resume_state": state}).fingerprint() not in digests


def test_the_fingerprint_sees_no_path_of_the_reference(base: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("1")
    request = make_request(base).model_copy(update={"rows": tmp_path / "rows.jsonl", "objective": Dpo()})
    here, there = (
        request.model_copy(update={"reference": ModelFiles("start", folder), "reference_digest": "a"})
        for folder in (base, Path("/elsewhere"))
    )
    assert here.fingerprint() == there.fingerprint()
    mu = [
        here.model_copy(
            update={"further_references": {"base": ModelFiles("b", folder)}, "further_digests": {"base": "x"}}
        )
        for folder in (base, Path("/elsewhere"))
    ]
    assert mu[0].fingerprint() == mu[1].fingerprint() != here.fingerprint()
    renewed = mu[0].model_copy(update={"further_digests": {"base": "y"}})
    assert renewed.fingerprint() != mu[0].fingerprint()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"objective": Dpo()}, "the objective dpo needs a reference"),
        (
            {"objective": Sppo(regularise=[{}]), "reference": ModelFiles("a", Path("a"))},
            "the objective sppo needs base",
        ),
        ({"further_references": {"base": ModelFiles("a", Path("a"))}}, "the objective sft needs no further reference"),
        ({"total_steps": 10}, "max_steps must lie inside total_steps"),
        ({"total_steps": 10, "optimizer": Optimizer(max_steps=11)}, "max_steps must lie inside total_steps"),
        ({"total_steps": 10, "first_step": 5}, "come together"),
        ({"first_step": 5, "resume_state": Path("optimizer")}, "a schedule of total_steps"),
    ],
)
def test_a_request_that_contradicts_itself_cannot_be_made(base: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TrainRequest.model_validate({**dict(make_request(base)), **change})
