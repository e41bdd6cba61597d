"""Every objective of the schema has its object, and both say the same about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from configs.errors import EngineError
from configs.schema.kinds import component_choices
from configs.schema.objective import Dpo, Objective, Sft, SoftLabelDpo, TrainingObjective, WeightedDpoNll
from infra.engines.models.model_files import ModelFiles
from tests.infra.engines.tiny import build_tiny_folder
from tests.infra.engines.training import make_request, said

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_folder(tmp_path_factory.mktemp("model"))


def test_schema_and_registry_name_the_same_objectives() -> None:
    from infra.engines.train.objectives.registry import OBJECTIVES

    settings: dict[str, Any] = component_choices(Objective)
    assert set(OBJECTIVES) == set(settings)
    for kind, found in OBJECTIVES.items():
        assert bool(found.rows.reference) == settings[kind].needs_reference
    by_rows = {(settings[kind].rows, found.rows.columns) for kind, found in OBJECTIVES.items()}
    assert len(by_rows) == len({rows for rows, _ in by_rows}), "one kind of rows has one set of columns"


def test_an_unknown_kind_is_an_error() -> None:
    from infra.engines.train.objectives.registry import objective_of

    class Margin(TrainingObjective):
        rows = "pairs"
        kind: str = "margin"

    with pytest.raises(EngineError, match="there is no objective margin"):
        objective_of(Margin())


TEMPLATE = "{% for m in messages %}{{ m.content }}{% if m.role == 'assistant' %}<eos>{% endif %}{% endfor %}"
FIRST, SECOND = "4+8=", "is it?"
ANSWER, REVISED = "13", "no 12"


def trainer_of(
    base: Path, objective: Any, rows: list[dict[str, Any]], folder: Path
) -> tuple[Any, list[dict[str, Any]]]:
    from infra.engines.train.objectives.registry import objective_of
    from infra.engines.train.prepare import make_trainer
    from infra.engines.train.rows import Encoder
    from infra.engines.train.setup import load_tokenizer, load_trainable

    files = ModelFiles("base", base, chat_template=TEMPLATE)
    changes = {"objective": objective, "model": files, "reference": files}
    request = make_request(base, batch_size=4).model_copy(update=changes)
    tokenizer = load_tokenizer(files)
    found = objective_of(objective)
    encoded, _ = found.rows.encode(rows, Encoder(tokenizer, TEMPLATE, 64))
    encoded = found.prepare(encoded, request)
    if found.rows.reference:
        encoded = [{**row, **dict.fromkeys(found.rows.reference, -5.0)} for row in encoded]
    return make_trainer(request, tokenizer, load_trainable(request), encoded, folder), encoded


def step_loss(base: Path, objective: Any, rows: list[dict[str, Any]], folder: Path) -> tuple[float, int]:
    """The loss of one step over all rows, as the trainer normalises it, and the tokens that count."""
    import torch

    trainer, encoded = trainer_of(base, objective, rows, folder)
    batch = trainer.data_collator(encoded)
    num_items = trainer._get_num_items_in_batch([batch], torch.device("cpu"))
    return trainer.compute_loss(trainer.model, batch, num_items_in_batch=num_items).item(), trainer.step_tokens


def message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def test_one_row_a_trained_turn_has_the_loss_of_one_long_masked_row(base: Path, tmp_path: Path) -> None:
    """Under token_mean, both rows in one step: the summed loss over the tokens of both, whichever way they are cut."""
    chat = [message("user", FIRST), message("assistant", ANSWER), message("user", SECOND)]
    turns = [
        {"messages": chat[:1], "completion": said(ANSWER), "weight": 1.0},
        {"messages": chat, "completion": said(REVISED), "weight": 1.0},
    ]
    parts = [*said(ANSWER), *said("<eos>"), *said(SECOND, 0.0), *said(REVISED)]
    long = {"messages": chat[:1], "completion": parts, "weight": 1.0}
    cut, num_cut = step_loss(base, Sft(), turns, tmp_path)
    whole, num_whole = step_loss(base, Sft(), [long], tmp_path)
    assert num_cut == num_whole == len(ANSWER) + 1 + len(REVISED) + 1
    assert cut * num_cut == pytest.approx(whole * num_whole, rel=1e-5)


def test_a_part_s_weight_is_a_factor_of_its_tokens_loss(base: Path, tmp_path: Path) -> None:
    """Linear: the loss at weights (2, 0.5) is 2 x the first part's own loss + 0.5 x that of the rest."""

    def loss(first: float, second: float) -> float:
        row = {"messages": [message("user", FIRST)], "completion": [*said("12", first), *said("34", second)]}
        value, num_tokens = step_loss(base, Sft(), [{**row, "weight": 1.0}], tmp_path)
        return value * num_tokens

    assert loss(2.0, 0.5) == pytest.approx(2 * loss(1.0, 0.0) + 0.5 * loss(0.0, 1.0), rel=1e-5)
    assert loss(1.0, 1.0) == pytest.approx(loss(1.0, 0.0) + loss(0.0, 1.0), rel=1e-5)


@pytest.mark.parametrize("objective", [Dpo(), WeightedDpoNll(alpha=0.0), SoftLabelDpo(label=1.0)], ids=str)
def test_a_side_of_a_pair_is_summed_with_its_parts_weights(base: Path, tmp_path: Path, objective: Any) -> None:
    """Against -ln sigma(beta h) from plain forward passes, the reference being -5 on both sides."""
    import torch

    row = {"messages": [message("user", FIRST)], "weight": 1.0, "soft_label": None}
    sides = {"chosen": [*said("1", 0.0), *said("2", 2.0)], "rejected": [*said("34", 0.5), *said("5")]}
    trainer, encoded = trainer_of(base, objective, [{**row, **sides}], tmp_path)
    (pair,) = encoded

    def logprob(side: str) -> float:
        tokens = torch.tensor([pair["prompt_ids"] + pair[f"{side}_ids"]])
        logits = trainer.model(input_ids=tokens).logits[0, :-1].log_softmax(-1)
        each = logits.gather(1, tokens[0, 1:, None])[len(pair["prompt_ids"]) - 1 :, 0]
        return float((each * torch.tensor(pair[f"{side}_ids_weights"])).sum())

    trainer.model.eval()
    with torch.no_grad():
        loss = trainer.compute_loss(trainer.model, trainer.data_collator(encoded)).item()
        gap = (logprob("chosen") + 5.0) - (logprob("rejected") + 5.0)
    assert loss == pytest.approx(-torch.tensor(objective.beta * gap).sigmoid().log().item(), rel=1e-4)
