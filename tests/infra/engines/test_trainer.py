"""Training phases in real child processes: results, kills, errors."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from configs.errors import EngineError
from configs.schema.train import FullWeights, Lora, Optimizer, Train, Tune
from infra.engines.model_files import ModelFiles
from infra.engines.train_request import TrainReport, TrainRequest
from infra.engines.trainer import run_trainer
from tests.infra.engines.tiny import build_tiny_folder

pytestmark = pytest.mark.slow

LORA = Lora(rank=4, alpha=8, dropout=0.1)
NUM_ROWS = 40


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_folder(tmp_path_factory.mktemp("model"))


def write_rows(path: Path, num_rows: int = NUM_ROWS) -> Path:
    with path.open("w") as file:
        for number in range(num_rows):
            messages = [{"role": "user", "content": f"{number}+1="}]
            row = {"messages": messages, "completion": str(number + 1), "weight": 1.0 + number % 2}
            file.write(json.dumps(row) + "\n")
    return path


def make_request(model: ModelFiles, tune: Tune, rows: Path, **optimizer: Any) -> TrainRequest:
    settings = {"learning_rate": 1e-2, "batch_size": 8, "epochs": 40.0, **optimizer}
    return TrainRequest(model=model, tune=tune, optimizer=Optimizer(**settings), rows=rows, seed=3)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def kill_children() -> None:
    """SIGKILL every process group that this process started."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        fields = stat.read_text().rpartition(")")[2].split()
        if int(fields[1]) == os.getpid():
            os.killpg(int(stat.parent.name), signal.SIGKILL)


def kill_after_a_checkpoint(work: Path) -> Callable[[dict[str, Any]], None]:
    def on_progress(line: dict[str, Any]) -> None:
        if line["step"] < line["num_steps"] and any(work.glob("checkpoints/*/whole")):
            kill_children()

    return on_progress


@pytest.mark.parametrize("tune", [FullWeights(), LORA], ids=["full", "lora"])
def test_a_killed_phase_resumes_and_ends_with_the_same_bytes(base: Path, tmp_path: Path, tune: Tune) -> None:
    model, rows = ModelFiles("base", base), write_rows(tmp_path / "rows.jsonl")

    straight = run_trainer(make_request(model, tune, rows), work_dir=tmp_path / "a", out_dir=tmp_path / "out-a")
    assert (straight.num_examples, straight.num_steps, straight.resumed_from_step) == (NUM_ROWS, 200, 0)
    assert straight.last_loss < straight.first_loss

    request, work = make_request(model, tune, rows, checkpoint_seconds=0.1), tmp_path / "b"
    with pytest.raises(EngineError, match="killed by SIGKILL") as caught:
        run_trainer(request, work_dir=work, out_dir=tmp_path / "out-b", on_progress=kill_after_a_checkpoint(work))
    assert str(work / "log.txt") in str(caught.value)
    half_written = work / "checkpoints/checkpoint-199"
    half_written.mkdir()
    (half_written / "model.safetensors").write_bytes(b"half")

    resumed = run_trainer(request, work_dir=work, out_dir=tmp_path / "out-b")
    assert 0 < resumed.resumed_from_step < 199
    assert contents(tmp_path / "out-b") == contents(tmp_path / "out-a")
    assert resumed.mean_loss == straight.mean_loss
    assert not (work / "checkpoints").exists()


def test_an_adapter_holds_two_files_without_a_path_and_can_be_continued(base: Path, tmp_path: Path) -> None:
    rows, lines = write_rows(tmp_path / "rows.jsonl"), []
    fresh = make_request(ModelFiles("tiny", base), LORA, rows, epochs=2.0)
    run_trainer(fresh, work_dir=tmp_path / "work", out_dir=tmp_path / "one", on_progress=lines.append)
    adapter = tmp_path / "one/adapter"
    assert sorted(path.name for path in adapter.iterdir()) == ["adapter_config.json", "adapter_model.safetensors"]
    settings = json.loads((adapter / "adapter_config.json").read_text())
    assert settings["base_model_name_or_path"] == "tiny"
    assert str(tmp_path) not in json.dumps(settings) and str(base) not in json.dumps(settings)
    assert lines[-1]["step"] == lines[-1]["num_steps"] == 10
    metrics = [json.loads(line) for line in (tmp_path / "one/metrics.jsonl").read_text().splitlines()]
    assert [set(line) for line in metrics] == [{"step", "loss", "learning_rate", "tokens"}] * 10

    continued = make_request(ModelFiles("tiny", base, adapter), LORA, rows, epochs=2.0)
    report = run_trainer(continued, work_dir=tmp_path / "work", out_dir=tmp_path / "two")
    assert report.first_loss < metrics[0]["loss"]
    assert contents(tmp_path / "two/adapter")["adapter_config.json"] == (adapter / "adapter_config.json").read_bytes()

    other_rank = continued.model_copy(update={"tune": LORA.model_copy(update={"rank": 8})})
    with pytest.raises(EngineError, match="has rank 4, and tune.rank is 8"):
        run_trainer(other_rank, work_dir=tmp_path / "work", out_dir=tmp_path / "three")


def test_full_weights_bring_the_base_s_own_files_and_the_recipe_s_template(base: Path, tmp_path: Path) -> None:
    rows, template = write_rows(tmp_path / "rows.jsonl"), "{% for m in messages %}+{{ m.content }}{% endfor %}"
    request = make_request(ModelFiles("tiny", base, None, template), FullWeights(), rows, epochs=1.0)
    run_trainer(request, work_dir=tmp_path / "work", out_dir=tmp_path / "out")
    before, after = contents(base), contents(tmp_path / "out/model")
    assert set(after) == set(before)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"model.safetensors", "chat_template.jinja"}
    assert after["chat_template.jinja"].decode() == template


def test_long_rows_are_counted_and_a_phase_without_any_row_is_refused(base: Path, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "rows.jsonl")  # 0+1= and 1 and end: 6 tokens; 10+1= and 11 and end: 8 tokens
    model, work = ModelFiles("tiny", base), tmp_path / "work"
    request = make_request(model, FullWeights(), rows, epochs=1.0).model_copy(
        update={"optimizer": Train(batch_size=8, max_length=8, learning_rate=1e-2)}
    )
    report = run_trainer(request, work_dir=work, out_dir=tmp_path / "out")
    assert (report.num_examples, report.num_too_long) == (NUM_ROWS, 0)

    long = write_rows(tmp_path / "long.jsonl", 110)  # from 99+1= on, 9 tokens and more
    report = run_trainer(request.model_copy(update={"rows": long}), work_dir=work, out_dir=tmp_path / "out")
    assert (report.num_examples, report.num_too_long) == (99, 11)

    only_long = tmp_path / "only_long.jsonl"
    only_long.write_text("".join(long.read_text().splitlines(keepends=True)[99:]))
    with pytest.raises(EngineError, match="all 11 examples are longer than 8 tokens"):
        run_trainer(request.model_copy(update={"rows": only_long}), work_dir=work, out_dir=tmp_path / "out")


def test_a_loss_that_is_not_a_number_names_the_step_and_the_fix(base: Path, tmp_path: Path) -> None:
    request = make_request(
        ModelFiles("tiny", base), FullWeights(), write_rows(tmp_path / "rows.jsonl"), learning_rate=1e30
    )
    with pytest.raises(EngineError, match=r"the loss is (nan|inf) at step \d+") as caught:
        run_trainer(request, work_dir=tmp_path / "work", out_dir=tmp_path / "out")
    assert caught.value.fix is not None and "learning_rate" in caught.value.fix
    assert not (tmp_path / "out").exists()


def test_full_weights_through_an_adapter_are_refused(base: Path, tmp_path: Path) -> None:
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text("{}")
    request = make_request(ModelFiles("tiny", base, adapter), FullWeights(), tmp_path / "rows.jsonl")
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
