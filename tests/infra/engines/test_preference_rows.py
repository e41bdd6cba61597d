"""Pairs and labelled examples as token ids, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from configs.errors import EngineError
from configs.schema.objective import Dpo, Kto, Objective, SoftLabelDpo
from configs.schema.train import Lora
from infra.engines.models.model_files import ModelFiles
from infra.engines.train.request import TrainRequest
from infra.engines.train.trainer import run_trainer
from tests.infra.engines.training import make_request, said

pytestmark = pytest.mark.slow

MESSAGES = [{"role": "user", "content": "4+8="}]
PAIR = {"messages": MESSAGES, "chosen": said("12"), "rejected": said("123"), "weight": 1.0, "soft_label": None}
LABELLED = {"messages": MESSAGES, "completion": said("12"), "is_desirable": True, "weight": 1.0}


def load(base: Path, folder: Path, objective: Objective, rows: list[dict[str, Any]], **optimizer: Any) -> Any:
    from infra.engines.train.prepare import load_rows
    from infra.engines.train.setup import load_tokenizer

    request = request_for(base, folder, objective, rows, **optimizer)
    found, num_too_long = load_rows(request, load_tokenizer(request.model), folder)
    return list(found), num_too_long


def request_for(
    base: Path, folder: Path, objective: Objective, rows: list[dict[str, Any]], **optimizer: Any
) -> TrainRequest:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return make_request(base, objective, path, **optimizer)


def test_a_pair_is_one_generation_prompt_and_two_completions_with_their_ends(base: Path, tmp_path: Path) -> None:
    from infra.engines.chat.load import load_chat

    chat = load_chat(ModelFiles("start", base))
    tokenizer = chat.tokenizer
    rows, num_too_long = load(base, tmp_path, Dpo(), [PAIR])
    assert num_too_long == 0
    assert rows == [
        {
            "prompt_ids": chat.prompt_ids([("user", "4+8=")]),
            "chosen_ids": [*tokenizer("12")["input_ids"], tokenizer.eos_token_id],
            "rejected_ids": [*tokenizer("123")["input_ids"], tokenizer.eos_token_id],
            "weight": 1.0,
        }
    ]


@pytest.mark.parametrize("long_side", ["chosen", "rejected"])
def test_a_pair_with_one_side_too_long_is_left_out_whole_and_counted(
    base: Path, tmp_path: Path, long_side: str
) -> None:
    rows, num_too_long = load(base, tmp_path, Dpo(), [PAIR, {**PAIR, long_side: said("1" * 5)}], max_length=4 + 4 + 1)
    assert (len(rows), num_too_long) == (1, 1)
    with pytest.raises(EngineError, match="all 1 examples are longer than 9 tokens"):
        load(base, tmp_path, Dpo(), [{**PAIR, long_side: said("1" * 5)}], max_length=9)


def test_the_soft_label_is_the_pair_s_own_or_the_objective_s(base: Path, tmp_path: Path) -> None:
    def labels(objective: Objective, *given: float | None) -> list[float]:
        rows, _ = load(base, tmp_path, objective, [{**PAIR, "soft_label": label} for label in given])
        return [row["soft_label"] for row in rows]

    assert labels(SoftLabelDpo(), 0.6, 1.0) == [0.6, 1.0]
    assert labels(SoftLabelDpo(label=0.8), 0.6, None) == [0.8, 0.8]
    for label in (None, 0.5, 1.1):
        with pytest.raises(EngineError, match=f"a pair has the soft label {label}"):
            labels(SoftLabelDpo(), 0.6, label)


@pytest.mark.parametrize("loss", ["aot", "aot_unpaired"])
def test_a_loss_over_the_whole_batch_refuses_weights(base: Path, tmp_path: Path, loss: Any) -> None:
    assert len(load(base, tmp_path, Dpo(loss=loss), [PAIR, PAIR])[0]) == 2
    with pytest.raises(EngineError, match=rf"weight 0\.5, and the loss {loss} takes no weights"):
        load(base, tmp_path, Dpo(loss=loss), [PAIR, {**PAIR, "weight": 0.5}])


@pytest.mark.parametrize(
    ("objective", "row", "missing"),
    [(Dpo(), LABELLED, "chosen and no rejected"), (Kto(), PAIR, "completion and no is_desirable")],
)
def test_rows_of_another_objective_are_refused(
    base: Path, tmp_path: Path, objective: Objective, row: dict[str, Any], missing: str
) -> None:
    with pytest.raises(EngineError, match=rf"row 1 of rows\.jsonl has no {missing}") as caught:
        load(base, tmp_path, objective, [row])
    assert "messages" in str(caught.value.fix)


def test_kto_reads_its_kl_term_from_the_completion_before_in_the_step() -> None:
    """Five rows in steps of two: each takes its neighbour's; the row that is alone takes the one before it."""
    from infra.engines.train.objectives.kto import lay_out_steps

    rows = [{"prompt_ids": [0], "completion_ids": [n], "label": True, "weight": 1.0} for n in range(5)]
    laid_out = list(lay_out_steps(rows, 2, seed=0))
    order = [row["completion_ids"][0] for row in laid_out]
    assert sorted(order) == [0, 1, 2, 3, 4]
    assert [row["KL_completion_ids"][0] for row in laid_out] == [order[1], order[0], order[3], order[2], order[3]]
    assert list(lay_out_steps(rows, 2, seed=0)) == laid_out
    assert [row["completion_ids"][0] for row in lay_out_steps(rows, 2, seed=1)] != order


def test_kto_needs_two_rows_and_two_in_a_batch(base: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="kto needs two rows or more"):
        load(base, tmp_path, Kto(), [LABELLED])
    request = request_for(base, tmp_path, Kto(), [LABELLED] * 2, batch_size=1)
    with pytest.raises(EngineError, match="kto needs a batch_size of 2 or more"):
        run_trainer(request, work_dir=tmp_path / "work", out_dir=tmp_path / "out")
    assert not (tmp_path / "work").exists()


def test_exo_needs_label_smoothing() -> None:
    with pytest.raises(ValidationError, match=r"label_smoothing: .* write 0\.001, the value of its paper"):
        Dpo(loss="exo_pair")


def test_a_reference_without_files_is_named(base: Path, tmp_path: Path) -> None:
    reference = ModelFiles("seed", tmp_path / "nowhere")
    request = request_for(base, tmp_path, Dpo(), [PAIR]).model_copy(update={"reference": reference, "tune": Lora()})
    with pytest.raises(EngineError, match=r"there is no folder .*nowhere"):
        run_trainer(request, work_dir=tmp_path / "work", out_dir=tmp_path / "out")


def given(text: str) -> dict[str, Any]:
    return {"text": text, "weight": 0.0}


def test_what_both_sides_were_given_is_part_of_the_prompt_and_a_step_has_no_end(base: Path, tmp_path: Path) -> None:
    step = {
        **PAIR,
        "chosen": [given("1"), *said("2")],
        "rejected": [given("1"), *said("23")],
        "chosen_ends": False,
    }
    (row,), _ = load(base, tmp_path, Dpo(), [step])
    (whole,), _ = load(base, tmp_path, Dpo(), [PAIR])
    assert row["prompt_ids"] == whole["prompt_ids"] + whole["chosen_ids"][:1]
    assert row["chosen_ids"] == whole["chosen_ids"][1:-1]
    assert row["rejected_ids"] == whole["rejected_ids"][1:]
    assert set(row) == set(whole), "the common case carries no weights of tokens"


def test_parts_that_differ_between_the_sides_keep_their_weights(base: Path, tmp_path: Path) -> None:
    row = {**PAIR, "chosen": [given("1"), *said("2")], "rejected": [given("3"), *said("45", 0.5)]}
    (encoded,), _ = load(base, tmp_path, Dpo(), [row])
    assert len(encoded["chosen_ids"]) == 3 and len(encoded["rejected_ids"]) == 4
    assert encoded["chosen_ids_weights"] == [0.0, 1.0, 1.0]
    assert encoded["rejected_ids_weights"] == [0.0, 0.5, 0.5, 0.5]


def test_kto_takes_a_given_beginning_and_no_other_weights(base: Path, tmp_path: Path) -> None:
    row = {**LABELLED, "completion": [given("1"), *said("2")]}
    rows, _ = load(base, tmp_path, Kto(), [row, row])
    assert [len(row["prompt_ids"]) for row in rows] == [5, 5]
    with pytest.raises(EngineError, match=r"has the weight 0\.5, and kto weighs all that is written alike"):
        load(base, tmp_path, Kto(), [{**row, "completion": said("2", 0.5)}] * 2)
