"""Chains compiled into rows lose what one long row with a mask would; what both sides of a pair begin with cancels."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from configs.schema.objective import Dpo, Sft
from configs.schema.rows import ConversationRow
from infra.engines.models.model_files import ModelFiles
from tasks.core.joined import Candidate, with_chains
from tasks.core.records import Example
from tasks.learn.rows import example_row
from tasks.select.filters.filter import Draw
from tasks.select.rows.kinds import rows_of
from tests.build.records import make_problem
from tests.infra.engines.tiny import build_tiny_folder
from tests.infra.engines.training import encode_rows, make_request, said
from tests.tasks.select.chains import chain_nodes

pytestmark = pytest.mark.slow

ENDS_TURNS = (
    "{% for m in messages %}{{ m['content'] }}{% if m['role'] == 'assistant' %}{{ eos_token }}{% endif %}{% endfor %}"
)
"""as templates of chats do, and unlike that of the tiny model"""


@pytest.fixture(scope="module")
def chatty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model in whose chats the model's turns end with the end token."""
    folder = build_tiny_folder(tmp_path_factory.mktemp("chatty"))
    (folder / "chat_template.jinja").write_text(ENDS_TURNS)
    config = json.loads((folder / "tokenizer_config.json").read_text())
    config.pop("chat_template", None)
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return folder


def token_rows(base: Path, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    from infra.engines.chat.load import load_chat
    from infra.engines.train.objectives.sft import EXAMPLES
    from infra.engines.train.rows import Encoder

    encoded, num_too_long = encode_rows(EXAMPLES, rows, Encoder(load_chat(ModelFiles("base", base)), 64))
    assert num_too_long == 0
    return encoded


def sft_loss(base: Path, rows: list[dict[str, Any]], folder: Path, num_items: int, **sft: Any) -> float:
    """Of one step over these rows."""
    import torch
    from datasets import Dataset

    from infra.engines.train.prepare import make_trainer
    from infra.engines.train.setup import load_tokenizer, load_trainable

    request = make_request(base).model_copy(update={"objective": Sft(**sft)})
    tokenizer, dataset = load_tokenizer(request.model), Dataset.from_list(rows)
    trainer: Any = make_trainer(request, tokenizer, load_trainable(request), dataset, folder)
    if sft:
        with torch.no_grad():
            trainer.model.lm_head.weight.zero_()
    batch = trainer.data_collator(rows)
    loss: float = trainer.compute_loss(trainer.model, batch, num_items_in_batch=torch.tensor(num_items)).item()
    return loss


def conversation() -> list[dict[str, Any]]:
    """W - R: a wrong attempt, a true verdict and a right attempt, as rows of the turns that are learnt."""
    problem = make_problem(question="4+8=")
    members = [
        Candidate(replace(sample, text=sample.text.replace("-", "no")), {"answer": verdict} if verdict else {}, problem)
        for sample, verdict in chain_nodes("W - R")
    ]
    last = with_chains(members)[-1]
    made = rows_of(last, ConversationRow(), Draw(0, 1))
    return [example_row(Example("p/0", "p", row.messages, row.completion)) for row in made]


def test_two_rows_of_a_chain_lose_what_the_one_long_row_does(chatty: Path, tmp_path: Path) -> None:
    """The long row is the whole chat, in which no loss falls on the question and the wrong attempt."""
    first, second = token_rows(chatty, conversation())
    size = len(first["input_ids"])
    assert second["input_ids"][:size] == first["input_ids"], "the later turn is asked behind the earlier one"
    long = {**second, "labels": [*first["labels"], *second["labels"][size:]]}
    num_learnt = sum(label != -100 for label in long["labels"])
    assert num_learnt == sum(label != -100 for row in (first, second) for label in row["labels"])
    losses = [
        sft_loss(chatty, rows, tmp_path / str(len(rows)), num_learnt) * num_learnt for rows in ([first, second], [long])
    ]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5) and losses[0] > 1


@pytest.mark.parametrize(("normalise", "num_items", "loss"), [("token_mean", 43, 0.667442), ("sequence_mean", 2, 0.65)])
def test_a_long_row_counts_for_more_under_token_mean(
    normalise: str, num_items: int, loss: float, chatty: Path, tmp_path: Path
) -> None:
    """ISC's two rows: 24 tokens that lose .8 each and 19 that lose .5. All tokens are equally likely; weights do it."""
    rows = [
        {"input_ids": [4] + [5] * size, "labels": [-100] + [5] * size, "weight": mean / math.log(75)}
        for size, mean in ((24, 0.8), (19, 0.5))
    ]
    assert sft_loss(chatty, rows, tmp_path, num_items, normalise=normalise) == pytest.approx(loss, abs=1e-6)


def gap(base: Path, other: Path, folder: Path, sides: dict[str, Any]) -> float:
    """h of one pair: the model against another one as its reference."""
    from infra.engines.train.prepare import load_rows, make_trainer
    from infra.engines.train.reference import add_reference
    from infra.engines.train.setup import load_tokenizer, load_trainable

    folder.mkdir()
    path = folder / "rows.jsonl"
    path.write_text(json.dumps({"messages": [{"role": "user", "content": "4+8="}], "weight": 1.0, **sides}) + "\n")
    request = make_request(base, Dpo(beta=1.0), path).model_copy(update={"reference": ModelFiles("other", other)})
    tokenizer = load_tokenizer(request.model)
    rows, _ = load_rows(request, tokenizer, folder)
    rows = add_reference(request, rows, folder, request.fingerprint())
    trainer: Any = make_trainer(request, tokenizer, load_trainable(request), rows, folder / "checkpoints")
    loss: float = trainer.compute_loss(trainer.model, trainer.data_collator(list(rows))).item()
    return -math.log(math.expm1(loss))  # loss = ln(1 + exp(-h))


def test_what_both_sides_begin_with_cancels(base: Path, tmp_path: Path) -> None:
    """Learnt on both sides or given to both: h is the same, and it is not what the sides are without it."""
    other = build_tiny_folder(tmp_path / "other", hidden_size=64)
    gaps = [
        gap(base, other, tmp_path / name, {"chosen": [*common, *said("12")], "rejected": [*common, *said("34")]})
        for name, common in (("learnt", said("so 1 ")), ("given", said("so 1 ", 0.0)), ("without", []))
    ]
    assert gaps[0] == pytest.approx(gaps[1], abs=1e-4)
    assert abs(gaps[0] - gaps[2]) > 1e-2
