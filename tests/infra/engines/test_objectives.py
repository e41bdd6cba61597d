"""Every objective of the schema has its object, and both say the same about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from configs.errors import EngineError
from configs.schema.kinds import component_choices
from configs.schema.objective import Dpo, Objective, Sft, SoftLabelDpo, TrainingObjective, WeightedDpoNll
from infra.engines.models.model_files import ModelFiles
from tests.infra.engines.training import encode_rows, make_request, prepare_rows, said

pytestmark = pytest.mark.slow


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
    from datasets import Dataset

    from infra.engines.chat.load import make_chat
    from infra.engines.train.objectives.registry import objective_of
    from infra.engines.train.prepare import make_trainer
    from infra.engines.train.rows import Encoder
    from infra.engines.train.setup import load_tokenizer, load_trainable

    files = ModelFiles("base", base, chat_template=TEMPLATE)
    changes = {"objective": objective, "model": files, "reference": files}
    request = make_request(base, batch_size=4).model_copy(update=changes)
    tokenizer = load_tokenizer(files)
    found = objective_of(objective)
    encoded, _ = encode_rows(found.rows, rows, Encoder(make_chat(tokenizer, files), 64))
    encoded = prepare_rows(found, encoded, request)
    if found.rows.reference:
        encoded = [{**row, **dict.fromkeys(found.rows.reference, -5.0)} for row in encoded]
    return make_trainer(request, tokenizer, load_trainable(request), Dataset.from_list(encoded), folder), encoded


def step_loss(base: Path, objective: Any, rows: list[dict[str, Any]], folder: Path) -> tuple[float, int]:
    """The loss of one step over all rows, as the trainer normalises it, and the tokens that count."""
    trainer, encoded = trainer_of(base, objective, rows, folder)
    return encoded_loss(trainer, encoded)


def encoded_loss(trainer: Any, encoded: list[dict[str, Any]]) -> tuple[float, int]:
    import torch

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
    trainer, (first, second) = trainer_of(base, Sft(), turns, tmp_path)
    length = len(first["input_ids"])
    assert second["input_ids"][:length] == first["input_ids"], "the later row goes on where the earlier ends"
    long = {**second, "labels": first["labels"] + second["labels"][length:]}
    cut, num_cut = encoded_loss(trainer, [first, second])
    whole, num_whole = encoded_loss(trainer, [long])
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


GO = {"chosen": [*said("123456789012"), *said("?123456789012345")], "rejected": [*said("123456789012"), *said("")]}
STOP = {"chosen": [*said("123456789"), *said("")], "rejected": [*said("123456789"), *said("?")]}
UNLIKE = {"chosen": said("1234"), "rejected": said("1235")}


@pytest.mark.parametrize(("sides", "num_tokens"), [(GO, 17), (STOP, 10), (UNLIKE, 5)], ids=["go", "stop", "unlike"])
@pytest.mark.parametrize("given", [1.0, 0.0])
def test_a_likelihood_after_the_prefix(
    base: Path, tmp_path: Path, sides: dict[str, Any], num_tokens: int, given: float
) -> None:
    """ReVISE: wrong 12, token 1, solution 15, end 1: 17 tokens; right 9 and end: 10. Tokens are characters here, and
    the likelihood is that of the last ones under the model, whatever weight what both begin with has."""
    import torch

    parts = {
        side: [{**part, "weight": given if sides is GO and not place else 1.0} for place, part in enumerate(found)]
        for side, found in sides.items()
    }
    rows = [{"messages": [message("user", FIRST)], "weight": 1.0, **parts}]
    found = []
    for nll, alpha in (("after_prefix", 0.1), ("after_prefix", 0.0)):
        objective = WeightedDpoNll(beta=0.1, alpha=alpha, nll=nll)
        trainer, encoded = trainer_of(base, objective, rows, tmp_path)
        trainer.model.eval()
        with torch.no_grad():
            found.append(trainer.compute_loss(trainer.model, trainer.data_collator(encoded)).item())
    (pair,) = encoded
    tokens = torch.tensor([pair["prompt_ids"] + pair["chosen_ids"]])
    with torch.no_grad():
        logits = trainer.model(input_ids=tokens).logits[0, :-1].log_softmax(-1)
    each = logits.gather(1, tokens[0, 1:, None])[-num_tokens:, 0]
    assert sum(pair["chosen_tail"]) == num_tokens
    assert found[0] - found[1] == pytest.approx(-0.1 * each.mean().item(), rel=1e-3)


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
