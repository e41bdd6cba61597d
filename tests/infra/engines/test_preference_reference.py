"""The reference's log-probabilities are those of the model that the request names, whatever is trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from configs.errors import EngineError
from configs.schema.model import TinyLlama
from configs.schema.objective import Dpo, Kto, Objective, Sppo
from configs.schema.train import FullWeights, Lora
from infra.engines.models.model_files import ModelFiles
from infra.engines.train.request import TrainRequest
from tests.infra.engines.tiny import build_tiny_adapter, build_tiny_folder
from tests.infra.engines.training import make_request, said

pytestmark = pytest.mark.slow

PROMPTS = ["4+8=", "1+1=", "12+13="]
LORA = Lora(rank=4, alpha=8, dropout=0.5)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Other full weights with the same tokens."""
    return build_tiny_folder(tmp_path_factory.mktemp("other"), hidden_size=64)


@pytest.fixture(scope="module")
def adapter(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_adapter(base, tmp_path_factory.mktemp("adapter"))


def phase(folder: Path, start: ModelFiles, reference: ModelFiles, objective: Objective, **changes: Any) -> TrainRequest:
    rows = folder / "rows.jsonl"
    with rows.open("w") as file:
        for number, prompt in enumerate(PROMPTS):
            row = {"messages": [{"role": "user", "content": prompt}], "weight": 1.0}
            sides = {"chosen": said("12 " * (number + 1)), "rejected": said("no"), "p_chosen": 0.8, "p_rejected": 0.3}
            labelled = {"completion": sides["chosen"], "is_desirable": number != 1}
            file.write(json.dumps({**row, **sides, **labelled}) + "\n")
    return make_request(start, objective, rows).model_copy(update={"reference": reference, "tune": LORA, **changes})


def rows_with_reference(request: TrainRequest, work: Path) -> list[dict[str, Any]]:
    from infra.engines.train.prepare import load_rows
    from infra.engines.train.reference import add_reference
    from infra.engines.train.setup import load_tokenizer

    rows, _ = load_rows(request, load_tokenizer(request.model), work)
    return list(add_reference(request, rows, work, request.fingerprint()))


def logprob(model: Any, prompt: list[int], completion: list[int]) -> float:
    """Of one sequence without padding, by a plain forward pass."""
    import torch

    tokens = torch.tensor([prompt + completion])
    with torch.no_grad():
        scores = model(input_ids=tokens).logits[0, :-1].log_softmax(-1)
    total: float = scores.gather(1, tokens[0, 1:, None])[len(prompt) - 1 :].sum().item()
    return total


def plain_model(files: ModelFiles) -> Any:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(files.weights)
    return (PeftModel.from_pretrained(model, files.adapter) if files.adapter else model).eval()


def check_pairs(rows: list[dict[str, Any]], model: Any) -> None:
    assert len(rows) == len(PROMPTS)
    for row in rows:
        for column, completion in (("ref_chosen_logps", "chosen_ids"), ("ref_rejected_logps", "rejected_ids")):
            assert row[column] == pytest.approx(logprob(model, row["prompt_ids"], row[completion]), abs=1e-4)


@pytest.mark.parametrize("start_has_adapter", [True, False])
@pytest.mark.parametrize("reference_is", ["base", "adapter", "other"])
def test_the_reference_is_the_model_that_is_named(
    base: Path, other: Path, adapter: Path, tmp_path: Path, start_has_adapter: bool, reference_is: str
) -> None:
    start = ModelFiles("start", base, adapter if start_has_adapter else None)
    references = {
        "base": ModelFiles("base", base),
        "adapter": ModelFiles("start", base, adapter),
        "other": ModelFiles("seed", other),
    }
    reference = references.pop(reference_is)
    rows = rows_with_reference(phase(tmp_path, start, reference, Dpo()), tmp_path)
    check_pairs(rows, plain_model(reference))
    for another in references.values():  # they differ enough to be told apart
        found = logprob(plain_model(another), rows[0]["prompt_ids"], rows[0]["chosen_ids"])
        assert abs(found - rows[0]["ref_chosen_logps"]) > 0.01


def test_every_further_reference_is_asked_too(base: Path, other: Path, adapter: Path, tmp_path: Path) -> None:
    start = ModelFiles("start", base, adapter)
    mu = {"base": ModelFiles("base", base), "seed": ModelFiles("seed", other)}
    objective = Sppo(regularise=[{"reference": "base"}, {"kind": "forward_kl", "reference": "seed"}, {}])
    rows = rows_with_reference(phase(tmp_path, start, start, objective, further_references=mu), tmp_path)
    check_pairs(rows, plain_model(start))
    for name, files in mu.items():
        columns = ("ref_chosen_logps", "ref_rejected_logps")
        said = [{column: row[f"{name}.{column}"] for column in columns} for row in rows]
        tokens = [{column: row[column] for column in ("prompt_ids", "chosen_ids", "rejected_ids")} for row in rows]
        check_pairs([one | two for one, two in zip(said, tokens, strict=True)], plain_model(files))


def test_full_weights_may_have_an_adapter_as_reference(base: Path, adapter: Path, tmp_path: Path) -> None:
    reference = ModelFiles("round-1", base, adapter)
    request = phase(tmp_path, ModelFiles("base", base), reference, Dpo(), tune=FullWeights())
    check_pairs(rows_with_reference(request, tmp_path), plain_model(reference))


def test_kto_gets_the_reference_of_own_and_of_foreign_completions(base: Path, adapter: Path, tmp_path: Path) -> None:
    reference = ModelFiles("start", base, adapter)
    rows = rows_with_reference(phase(tmp_path, ModelFiles("base", base), reference, Kto()), tmp_path)
    model = plain_model(reference)
    for row in rows:
        for column, completion in (("ref_logps", "completion_ids"), ("ref_KL_logps", "KL_completion_ids")):
            assert row[column] == pytest.approx(logprob(model, row["prompt_ids"], row[completion]), abs=1e-4)


@pytest.mark.parametrize("start_has_adapter", [True, False])
@pytest.mark.parametrize("objective", [Dpo(), Kto()], ids=["dpo", "kto"])
def test_a_reference_equal_to_the_start_gives_rewards_of_zero_and_trains_one_adapter(
    base: Path, adapter: Path, tmp_path: Path, start_has_adapter: bool, objective: Objective
) -> None:
    from datasets import Dataset

    from infra.engines.train.prepare import make_trainer
    from infra.engines.train.setup import load_tokenizer, load_trainable

    start = ModelFiles("start", base, adapter if start_has_adapter else None)
    request = phase(tmp_path, start, start, objective)
    rows = rows_with_reference(request, tmp_path)
    checkpoints = tmp_path / "checkpoints"
    trainer: Any = make_trainer(
        request, load_tokenizer(start), load_trainable(request), Dataset.from_list(rows), checkpoints
    )
    assert list(trainer.model.peft_config) == ["default"]
    assert any(getattr(module, "p", 0) == 0.5 for module in trainer.model.modules())  # dropout is what tune says
    trainer.model.eval()
    trainer.compute_loss(trainer.model, trainer.data_collator(rows))
    assert trainer._metrics["eval"]["rewards/chosen"] == pytest.approx([0.0], abs=1e-5)
    assert trainer._metrics["eval"]["rewards/rejected"] == pytest.approx([0.0], abs=1e-5)


def test_the_numbers_are_kept_for_a_resume_of_the_same_request(base: Path, other: Path, tmp_path: Path) -> None:
    start = ModelFiles("start", base)
    request = phase(tmp_path, start, start, Dpo())
    first = rows_with_reference(request, tmp_path)
    kept = tmp_path / "reference.json"
    changed = json.loads(kept.read_text())
    changed["columns"]["ref_chosen_logps"][0] = -1.0
    kept.write_text(json.dumps(changed))
    assert rows_with_reference(request, tmp_path)[0]["ref_chosen_logps"] == -1.0
    renewed = request.model_copy(update={"reference_digest": "another"})
    assert rows_with_reference(renewed, tmp_path) == first


def test_a_reference_with_other_tokens_is_refused(base: Path, tmp_path: Path) -> None:
    from infra.engines.models.tiny_llama import write_tiny_llama

    write_tiny_llama(TinyLlama(hidden_size=32, intermediate_size=64, num_layers=1, alphabet="0123"), 0, tmp_path / "m")
    request = phase(tmp_path, ModelFiles("start", base), ModelFiles("foreign", tmp_path / "m"), Dpo())
    with pytest.raises(EngineError, match="the reference foreign and the model start have different tokenizers"):
        rows_with_reference(request, tmp_path)


def test_the_reference_sums_with_the_weights_of_the_parts(base: Path, tmp_path: Path) -> None:
    start = ModelFiles("start", base)
    request = phase(tmp_path, start, start, Dpo())
    parts = {"chosen": [*said("12", 0.0), *said("3", 2.0)], "rejected": [*said("4", 0.5), *said("5")]}
    row = {"messages": [{"role": "user", "content": PROMPTS[0]}], "weight": 1.0, **parts}
    request.rows.write_text(json.dumps(row) + "\n")
    ((found),) = rows_with_reference(request, tmp_path)
    plain = plain_model(start)
    for side, weights in (("chosen", [0, 0, 2, 2]), ("rejected", [0.5, 1, 1])):
        tokens = found[f"{side}_ids"]
        sums = [logprob(plain, found["prompt_ids"], tokens[:count]) for count in range(1, len(tokens) + 1)]
        each = [after - before for before, after in zip([0.0, *sums], sums, strict=False)]
        expected = sum(weight * value for weight, value in zip(weights, each, strict=True))
        assert found[f"ref_{side}_logps"] == pytest.approx(expected, abs=1e-4)
