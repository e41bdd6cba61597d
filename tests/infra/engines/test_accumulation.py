"""A step is the same in whatever batches its rows lie: one mean over the rows, for every objective."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from configs.schema.load import component_choices
from configs.schema.objective import Dpo, DpoLoss, Kto, Objective, OfflinePg, Sft, SoftLabelDpo, Sppo, WeightedDpoNll
from configs.schema.train import FullWeights, Optimizer
from infra.engines.models.model_files import ModelFiles
from infra.engines.train.request import TrainRequest
from tests.infra.engines.tiny import build_tiny_folder
from tests.infra.engines.training import encode_rows, prepare_rows, said

pytestmark = pytest.mark.slow

TEXTS = [("4+8=", "12", "132"), ("1+1=", "2 is it", "11"), ("2+3=", "5", "6 or so"), ("7+7=", "14", "7 7"),
         ("9+1=", "10", "91")]  # fmt: skip
WEIGHTS = [2.0, 0.5, 1.0, 3.0, 1.5]
REFERENCES = [(-20.0, -30.0), (-31.0, -45.0), (-12.0, -29.0), (-16.0, -21.0), (-14.0, -13.0)]
SORTS_A_BATCH = ("aot", "aot_unpaired")
LOSSES = [Dpo(loss=loss, label_smoothing=0.2 if loss in ("robust", "exo_pair") else 0.0)
          for loss in get_args(DpoLoss) if loss not in SORTS_A_BATCH]  # fmt: skip
OBJECTIVES = [
    Sft(), Sft(normalise="sequence_mean"), *LOSSES, WeightedDpoNll(), SoftLabelDpo(), SoftLabelDpo(label=0.8),
    Kto(), Kto(desirable_weight=1.5, undesirable_weight=0.5), Sppo(), Sppo(form="single"), OfflinePg(),
]  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_folder(tmp_path_factory.mktemp("model"))


def row_of(objective: Any, number: int) -> dict[str, Any]:
    prompt, right, wrong = TEXTS[number]
    row: dict[str, Any] = {"messages": [{"role": "user", "content": prompt}], "weight": WEIGHTS[number]}
    if objective.kind == "dpo" and objective.loss in SORTS_A_BATCH:
        row["weight"] = 1.0
    if objective.rows == "pairs":
        chances = {"p_chosen": 0.7 + 0.05 * number, "p_rejected": 0.3, "p_over": 0.6 + 0.05 * number}
        sides = {"chosen": said(right), "rejected": said(wrong)}
        return {**row, **sides, "soft_label": 0.6 + 0.05 * number, **chances}
    if objective.rows == "trajectories":
        return {**row, "completion": said(right), "advantages": [number - 1.5]}
    return {**row, "completion": said(right if number % 2 == 0 else wrong), "is_desirable": number % 2 == 0}


def one_step(base: Path, folder: Path, objective: Any, num_rows: int, batch_size: int) -> tuple[Any, dict[str, Any]]:
    """The gradient of the one step that all rows make, and its line of TRL's log."""
    import torch
    from datasets import Dataset
    from transformers import TrainerCallback

    from infra.engines.chat.load import make_chat
    from infra.engines.train.objectives.registry import objective_of
    from infra.engines.train.prepare import make_trainer
    from infra.engines.train.rows import Encoder
    from infra.engines.train.setup import load_tokenizer, load_trainable

    files = ModelFiles("start", base)
    optimizer = Optimizer(
        batch_size=batch_size, gradient_accumulation=-(-num_rows // batch_size), max_steps=1, max_grad_norm=1e9
    )
    request = TrainRequest(
        model=files, reference=files, tune=FullWeights(), optimizer=optimizer, objective=objective, rows=Path("rows"),
        seed=0,
    )  # fmt: skip
    found, tokenizer = objective_of(objective), load_tokenizer(files)
    given = [row_of(objective, number) for number in range(num_rows)]
    rows, _ = encode_rows(found.rows, given, Encoder(make_chat(tokenizer, files), 64))
    rows = prepare_rows(found, rows, request)
    for row, numbers in zip(rows, REFERENCES, strict=False):  # however a step is cut, rows have one order
        of_parts = [[one] for one in numbers] if objective.rows == "trajectories" else numbers
        row |= dict(zip(found.rows.reference, of_parts, strict=False))
    gradient: list[Any] = []

    class Take(TrainerCallback):
        def on_pre_optimizer_step(self, *_: Any, model: Any, **__: Any) -> None:
            gradient.extend(parameter.grad.clone().flatten() for parameter in model.parameters())

    model = load_trainable(request).double()
    trainer = make_trainer(request, tokenizer, model, Dataset.from_list(rows), folder, [Take()])
    trainer.train()
    (line,) = (line for line in trainer.state.log_history if "loss" in line)
    return torch.cat(gradient), line


@pytest.mark.parametrize("objective", OBJECTIVES, ids=str)
@pytest.mark.parametrize(("num_rows", "batch_size"), [(3, 2), (5, 2)])
def test_a_short_batch_counts_by_its_rows(
    base: Path, tmp_path: Path, objective: Any, num_rows: int, batch_size: int
) -> None:
    """Three rows in batches of two and one: the step of one batch of three. Five in two, two and one likewise."""
    from infra.engines.train.objectives.registry import objective_of

    whole, of_whole = one_step(base, tmp_path, objective, num_rows, num_rows)
    cut, of_cut = one_step(base, tmp_path, objective, num_rows, batch_size)
    assert whole.abs().max() > 1e-3
    assert (cut - whole).abs().max() < 1e-6 * max(1.0, float(whole.abs().max()))
    for name in ("loss", *objective_of(objective).rows.metrics.values()):
        assert of_cut[name] == pytest.approx(of_whole[name], rel=1e-4), name


def test_every_objective_is_tried() -> None:
    assert {objective.kind for objective in OBJECTIVES} == set(component_choices(Objective))


@pytest.mark.parametrize("loss", SORTS_A_BATCH)
def test_a_loss_that_sorts_a_batch_has_the_step_s_means_of_rewards(base: Path, tmp_path: Path, loss: Any) -> None:
    """Which pairs are sorted together depends on the batches; what is said of each pair does not."""
    from infra.engines.train.objectives.pairs import MEANS_OF_PAIRS

    _, whole = one_step(base, tmp_path, Dpo(loss=loss), 3, 3)
    _, cut = one_step(base, tmp_path, Dpo(loss=loss), 3, 2)
    for name in MEANS_OF_PAIRS:
        assert cut[name] == pytest.approx(whole[name], rel=1e-4)
