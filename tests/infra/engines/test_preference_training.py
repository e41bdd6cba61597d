"""Training on preferences in real child processes: every objective learns, and a kill changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from configs.errors import EngineError
from configs.schema.objective import Dpo, Kto, Objective, SoftLabelDpo, Sppo, WeightedDpoNll
from configs.schema.train import FullWeights, Lora
from infra.engines.models.model_files import ModelFiles
from infra.engines.train.request import TrainRequest
from infra.engines.train.trainer import run_trainer
from tests.infra.engines.kill import contents, kill_after_a_checkpoint
from tests.infra.engines.tiny import build_tiny_adapter
from tests.infra.engines.training import make_request, said

pytestmark = pytest.mark.slow

NUM_PAIRS = 10
LORA = Lora(rank=4, alpha=8, dropout=0.1)


SPPO = Sppo(beta=0.1, regularise=[{"kind": "reverse_kl", "weight": 0.01}])


def write_rows(path: Path, objective: Objective) -> Path:
    """Right sums are chosen, wrong ones rejected; the last row is longer than max_length."""
    with path.open("w") as file:
        for number in [*range(NUM_PAIRS), 10**12]:
            prompt = {"messages": [{"role": "user", "content": f"{number}+1="}]}
            right, wrong = str(number + 1), f"{number} no"
            weight = 1.0 + number % 2
            if objective.rows == "pairs":
                chances = {"p_chosen": 0.9, "p_rejected": 0.2, "p_over": None}
                rows = [
                    {"chosen": said(right), "rejected": said(wrong), "soft_label": 0.9, "weight": weight, **chances}
                ]
            else:
                rows = [
                    {"completion": said(text), "is_desirable": text == right, "weight": weight}
                    for text in (right, wrong)
                ]
            for row in rows:
                file.write(json.dumps({**prompt, **row}) + "\n")
    return path


def phase(objective: Objective, model: ModelFiles, rows: Path, **changes: Any) -> TrainRequest:
    optimizer = {"batch_size": 4, "epochs": 8.0, "max_length": 20, **changes.pop("steps", {})}
    settings = {"tune": LORA, "reference_digest": "d", "seed": 3, **changes}
    return make_request(model, objective, rows, **optimizer).model_copy(update=settings)


def gap(model: ModelFiles, prompt: str = "3+1=", right: str = "4", wrong: str = "3 no") -> float:
    """logp(right) - logp(wrong) by a plain forward pass over the published files."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    from infra.engines.chat.load import load_chat

    chat = load_chat(model)
    loaded = AutoModelForCausalLM.from_pretrained(model.weights)
    loaded = (PeftModel.from_pretrained(loaded, model.adapter) if model.adapter else loaded).eval()

    def logprob(text: str) -> float:
        asked, said = chat.prompt_ids([("user", prompt)]), chat.turn_ids(text)
        tokens = torch.tensor([asked + said])
        with torch.no_grad():
            scores = loaded(input_ids=tokens).logits[0, :-1].log_softmax(-1)
        return scores.gather(1, tokens[0, 1:, None])[len(asked) - 1 :].sum().item()

    return logprob(right) - logprob(wrong)


@pytest.mark.parametrize(
    "objective",
    [Dpo(), WeightedDpoNll(), SoftLabelDpo(), SPPO, Kto()],
    ids=lambda objective: objective.kind,
)
def test_every_objective_learns_to_prefer_what_was_chosen(base: Path, tmp_path: Path, objective: Objective) -> None:
    start = ModelFiles("start", base)
    request = phase(objective, start, write_rows(tmp_path / "rows.jsonl", objective))
    out, work = tmp_path / "out", tmp_path / "work"
    lines: list[dict[str, Any]] = []
    report = run_trainer(request, work_dir=work, out_dir=out, on_progress=lines.append)
    is_labelled = objective.rows == "labelled"
    num_rows = 2 * NUM_PAIRS if is_labelled else NUM_PAIRS
    assert (report.num_examples, report.num_too_long) == (num_rows, 2 if is_labelled else 1)
    assert report.num_steps == 8 * -(-num_rows // 4)
    tokens_per_epoch = (9 * 2 + 3) + 10 * 5  # right: 1 to 9 and 10 with their ends; wrong: "0 no" to "9 no"
    assert report.num_tokens == 8 * tokens_per_epoch
    assert gap(ModelFiles("trained", base, out / "adapter")) > gap(start) + 1
    metrics = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    rewards = {"reward_margin"} if is_labelled else {"reward_margin", "reward_accuracy"}
    assert [set(line) for line in metrics] == [{"step", "loss", "learning_rate", "tokens"} | rewards] * report.num_steps
    assert metrics[0]["reward_margin"] == pytest.approx(0, abs=1e-4)
    assert metrics[-1]["reward_margin"] > 0.1
    assert lines[-1] == {**metrics[-1], "num_steps": report.num_steps}
    assert sorted(path.name for path in out.rglob("*") if path.is_file()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
        "metrics.jsonl",
        "probe.json",
    ]
    assert sorted(path.name for path in work.iterdir()) == ["log.txt", "metrics.jsonl", "request.json"]


def test_a_killed_training_resumes_and_ends_with_the_same_bytes(base: Path, tmp_path: Path) -> None:
    """An adapter that is continued, against the base as reference, with dropout and a carried schedule."""
    from infra.engines.train.phase import run_phase

    start = ModelFiles("start", base, build_tiny_adapter(base, tmp_path / "adapter"))
    steps = {"max_steps": 60, "checkpoint_seconds": 0.1}
    changes = {"reference": ModelFiles("base", base), "total_steps": 200, "steps": steps}
    request = phase(Dpo(), start, write_rows(tmp_path / "rows.jsonl", Dpo()), **changes)
    seldom = request.optimizer.model_copy(update={"checkpoint_seconds": 1e6})
    (tmp_path / "straight").mkdir()
    straight = request.model_copy(update={"optimizer": seldom})
    run_phase(straight, tmp_path / "straight", tmp_path / "expected", lambda _: None)
    work, out = tmp_path / "work", tmp_path / "out"
    with pytest.raises(EngineError, match="killed by SIGKILL"):
        run_trainer(request, work_dir=work, out_dir=out, on_progress=kill_after_a_checkpoint(work))
    reference = work / "reference.json"
    assert reference.exists()
    resumed = run_trainer(request, work_dir=work, out_dir=out)
    assert 0 < resumed.resumed_from_step < 60
    assert contents(out) == contents(tmp_path / "expected")
    assert sorted(path.name for path in (out / "optimizer").iterdir()) == ["optimizer.pt", "scheduler.pt"]
    assert not reference.exists()


def test_full_weights_end_in_the_base_s_files(base: Path, tmp_path: Path) -> None:
    from infra.engines.train.phase import run_phase

    start = ModelFiles("start", base)
    rows = write_rows(tmp_path / "rows.jsonl", Dpo())
    request = phase(Dpo(loss="ipo"), start, rows, tune=FullWeights(), steps={"epochs": 2.0})
    (tmp_path / "work").mkdir()
    run_phase(request, tmp_path / "work", tmp_path / "out", lambda _: None)
    before, after = contents(base), contents(tmp_path / "out/model")
    assert {name for name in after if after[name] != before.get(name)} == {"model.safetensors"}
    assert set(after) == set(before)


@pytest.mark.parametrize("objective", [Dpo(), WeightedDpoNll(), Kto()], ids=lambda objective: objective.kind)
def test_a_loss_that_is_not_a_number_names_the_step_and_the_fix(
    base: Path, tmp_path: Path, objective: Objective
) -> None:
    from infra.engines.train.phase import run_phase

    rows = write_rows(tmp_path / "rows.jsonl", objective)
    steps = {"learning_rate": 1e30, "schedule": "constant", "warmup_share": 0.0}
    request = phase(objective, ModelFiles("start", base), rows, tune=FullWeights(), steps=steps)
    (tmp_path / "work").mkdir()
    with pytest.raises(EngineError, match=r"the loss is (nan|inf) at step \d+") as caught:
        run_phase(request, tmp_path / "work", tmp_path / "out", lambda _: None)
    assert caught.value.fix is not None and "learning_rate" in caught.value.fix
    assert not (tmp_path / "out").exists()
