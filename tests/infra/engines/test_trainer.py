"""Training phases in real child processes: results, kills, errors."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from configs.errors import EngineError
from configs.schema.train import FullWeights, Lora, Tune
from infra.engines.models.model_files import ModelFiles
from infra.engines.train.request import TrainReport, TrainRequest
from infra.engines.train.trainer import run_trainer
from tests.infra.engines.kill import contents, kill_after_a_checkpoint
from tests.infra.engines.training import make_request, said

pytestmark = pytest.mark.slow

LORA = Lora(rank=4, alpha=8, dropout=0.1)
TEMPLATE = "{% for message in messages %}+{{ message.content }}{% endfor %}"
NUM_ROWS = 40
NUM_EPOCHS = 20
NUM_STEPS = 100


@dataclasses.dataclass
class Straight:
    """A finished phase: its request, its results, its report, and the lines it told its starter."""

    train: TrainRequest
    out: Path
    report: TrainReport
    lines: list[dict[str, Any]]


def write_rows(path: Path) -> Path:
    """NUM_ROWS short rows with weights 1 and 2, and one that is longer than `max_length`."""
    with path.open("w") as file:
        for number in [*range(NUM_ROWS), 10**9]:
            messages = [{"role": "user", "content": f"{number}+1="}]
            row = {"messages": messages, "completion": said(str(number + 1)), "weight": 1.0 + number % 2}
            file.write(json.dumps(row) + "\n")
    return path


def phase(model: ModelFiles, tune: Tune, rows: Path, **optimizer: Any) -> TrainRequest:
    settings = {"batch_size": 8, "epochs": float(NUM_EPOCHS), "max_length": 16, **optimizer}
    return make_request(model, None, rows, **settings).model_copy(update={"tune": tune, "seed": 3})


@pytest.fixture(scope="module", params=[FullWeights(), LORA], ids=["full", "lora"])
def straight(request: pytest.FixtureRequest, base: Path, tmp_path_factory: pytest.TempPathFactory) -> Straight:
    """A phase that nobody interrupted."""
    folder, lines = tmp_path_factory.mktemp("straight"), []
    train = phase(ModelFiles("tiny", base, None, TEMPLATE), request.param, write_rows(folder / "rows.jsonl"))
    report = run_trainer(train, work_dir=folder / "work", out_dir=folder / "out", on_progress=lines.append)
    return Straight(train, folder / "out", report, lines)


def test_a_phase_reports_what_it_did(straight: Straight) -> None:
    report = straight.report
    assert (report.num_examples, report.num_too_long, report.num_steps) == (NUM_ROWS, 1, NUM_STEPS)
    tokens_per_epoch = 9 * 2 + 31 * 3  # completions 1 to 9 and 10 to 40, with their end tokens
    assert report.num_tokens == NUM_EPOCHS * tokens_per_epoch
    assert report.last_loss < report.first_loss
    assert report.resumed_from_step == 0
    metrics = [json.loads(line) for line in (straight.out / "metrics.jsonl").read_text().splitlines()]
    assert [set(line) for line in metrics] == [{"step", "loss", "learning_rate", "tokens"}] * NUM_STEPS
    assert straight.lines[-1] == {**metrics[-1], "num_steps": NUM_STEPS}


def test_a_killed_phase_resumes_and_ends_with_the_same_bytes(straight: Straight, tmp_path: Path) -> None:
    optimizer = straight.train.optimizer.model_copy(update={"checkpoint_seconds": 0.1})
    request, work, out = straight.train.model_copy(update={"optimizer": optimizer}), tmp_path / "work", tmp_path / "out"
    with pytest.raises(EngineError, match="killed by SIGKILL") as caught:
        run_trainer(request, work_dir=work, out_dir=out, on_progress=kill_after_a_checkpoint(work))
    assert str(work / "log.txt") in str(caught.value)
    half_written = work / f"checkpoints/checkpoint-{NUM_STEPS - 1}"
    half_written.mkdir()
    (half_written / "model.safetensors").write_bytes(b"half")

    resumed = run_trainer(request, work_dir=work, out_dir=out)
    assert 0 < resumed.resumed_from_step < NUM_STEPS - 1
    assert contents(out) == contents(straight.out)
    assert resumed.mean_loss == straight.report.mean_loss
    assert not (work / "checkpoints").exists()


def test_only_weights_and_template_differ_from_what_training_started_with(straight: Straight, base: Path) -> None:
    if isinstance(straight.train.tune, Lora):
        check_adapter(straight.out / "adapter", base)
    else:
        before, after = contents(base), contents(straight.out / "model")
        assert set(after) == set(before)
        changed = {name for name in after if after[name] != before[name]}
        assert changed == {"model.safetensors", "chat_template.jinja"}
        assert after["chat_template.jinja"].decode() == TEMPLATE


def check_adapter(adapter: Path, base: Path) -> None:
    """Two files, and no path of this machine in them."""
    assert sorted(path.name for path in adapter.iterdir()) == ["adapter_config.json", "adapter_model.safetensors"]
    settings = (adapter / "adapter_config.json").read_text()
    assert json.loads(settings)["base_model_name_or_path"] == "tiny"
    assert str(base) not in settings


@pytest.mark.parametrize("straight", [LORA], indirect=True, ids=["lora"])
def test_an_adapter_is_continued_with_its_own_settings(straight: Straight, base: Path, tmp_path: Path) -> None:
    adapter = straight.out / "adapter"
    optimizer = straight.train.optimizer.model_copy(update={"epochs": 1.0})
    model = dataclasses.replace(straight.train.model, adapter=adapter)
    request = straight.train.model_copy(update={"model": model, "optimizer": optimizer})
    run_trainer(request, work_dir=tmp_path / "work", out_dir=tmp_path / "out")
    check_adapter(tmp_path / "out/adapter", base)
    before, after = contents(adapter), contents(tmp_path / "out/adapter")
    assert {name for name in after if after[name] != before[name]} == {"adapter_model.safetensors"}


def test_a_loss_that_is_not_a_number_names_the_step_and_the_fix(base: Path, tmp_path: Path) -> None:
    request = phase(ModelFiles("tiny", base), FullWeights(), write_rows(tmp_path / "rows.jsonl"), learning_rate=1e30)
    with pytest.raises(EngineError, match=r"the loss is (nan|inf) at step \d+") as caught:
        run_trainer(request, work_dir=tmp_path / "work", out_dir=tmp_path / "out")
    assert caught.value.fix is not None and "learning_rate" in caught.value.fix
    assert not (tmp_path / "out").exists()


def test_full_weights_through_an_adapter_are_refused(base: Path, tmp_path: Path) -> None:
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text("{}")
    request = phase(ModelFiles("tiny", base, adapter), FullWeights(), tmp_path / "rows.jsonl")
    with pytest.raises(EngineError, match="through an adapter"):
        run_trainer(request, work_dir=tmp_path / "work", out_dir=tmp_path / "out")


def test_a_report_survives_json() -> None:
    report = TrainReport(
        num_examples=1,
        num_too_long=0,
        num_tokens=3,
        num_steps=1,
        first_loss=2.0,
        last_loss=1.0,
        mean_loss=1.5,
        seconds=0.1,
        resumed_from_step=0,
    )
    assert TrainReport.model_validate_json(report.model_dump_json()) == report
