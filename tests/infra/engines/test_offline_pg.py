"""Offline policy gradient: the worked numbers of S2R and SPC, and a step against plain forward passes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from configs.errors import EngineError
from configs.schema.objective import OfflinePg
from infra.engines.models.model_files import ModelFiles
from tests.infra.engines.training import make_request, said

pytestmark = pytest.mark.slow

SPC = OfflinePg(kl=0.0)


def losses(settings: OfflinePg, *texts: list[tuple[float, float, float]]) -> list[float]:
    """Losses of texts whose parts have (mean log-probability, the sampler's, advantage)."""
    import torch

    from infra.engines.train.objectives.offline_pg import PartBatch, trajectory_losses

    longest = max(map(len, texts))
    padded = torch.tensor([[*text, *[(9.0, -9.0, 9.0)] * (longest - len(text))] for text in texts], dtype=torch.float64)
    logps, sampler, rewards = padded.unbind(-1)
    is_part = torch.tensor([[place < len(text) for place in range(longest)] for text in texts])
    found: list[float] = trajectory_losses(PartBatch(logps, sampler, rewards, is_part), settings).tolist()
    return found


@pytest.mark.parametrize(
    ("logp", "reward", "loss"), [(-1.2, 1, -1.088593), (-1.0, 1, -1.146), (-1.0, -1, 1.410602)], ids=str
)
def test_s2r_by_hand(logp: float, reward: float, loss: float) -> None:
    """The sampler's log-probability is -1.3: q 1.105171 and 1.349859, A .985, .955 and -1.045."""
    assert losses(OfflinePg(), [(logp, -1.3, reward)]) == pytest.approx([loss], abs=1e-6)


@pytest.mark.parametrize(
    ("shift", "reward", "loss"),
    [(0.3, 1, -1.2), (0.3, -1, 1.349859), (-0.3, 1, -0.740818), (-0.3, -1, 0.8), (0, 1, -1)],
    ids=str,
)
def test_spc_by_hand(shift: float, reward: float, loss: float) -> None:
    """A gap of 6 over 20 tokens is a shift of .3: q is 1.349859, and not 403.43."""
    assert losses(SPC, [(shift - 2, -2.0, reward)]) == pytest.approx([loss], abs=1e-6)


def test_a_text_is_the_mean_of_its_parts() -> None:
    texts = [(-1.2, -1.3, 1.0), (-1.0, -1.3, -1.0)], [(-1.0, -1.3, 1.0)]
    assert losses(OfflinePg(), *map(list, texts)) == pytest.approx([(-1.088593 + 1.410602) / 2, -1.146], abs=1e-6)


def test_no_gradient_goes_through_the_advantage() -> None:
    """d/dlogp of -q (r - kl d) with the bracket fixed: -q A."""
    import torch

    from infra.engines.train.objectives.offline_pg import PartBatch, trajectory_losses

    logp = torch.tensor([[-1.2]], dtype=torch.float64, requires_grad=True)
    sampler, reward = (torch.tensor([[value]], dtype=torch.float64) for value in (-1.3, 1.0))
    trajectory_losses(PartBatch(logp, sampler, reward, torch.tensor([[True]])), OfflinePg()).sum().backward()
    assert logp.grad is not None and logp.grad.item() == pytest.approx(-1.088593, abs=1e-6)


QUESTION = [{"role": "user", "content": "4+8="}]
ROWS: list[dict[str, Any]] = [
    {"messages": QUESTION, "completion": [*said("13"), *said(" no ", 0.0), *said("12")], "weight": 1.0,
     "advantages": [-1.0, 2.0]},
    {"messages": QUESTION, "completion": [*said("1", 0.0), *said("22")], "weight": 0.5, "advantages": [-1.0]},
    {"messages": QUESTION, "completion": said("12"), "weight": 1.0},
]  # fmt: skip


def setting(base: Path, folder: Path, objective: OfflinePg, rows: list[dict[str, Any]] = ROWS) -> Any:
    """A request on rows in a file, with the trained model's own numbers for the reference's moved by a little."""
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return make_request(base, objective, path, batch_size=4)


def trainer_of(request: Any, folder: Path, shift: float) -> tuple[Any, list[dict[str, Any]]]:
    from datasets import Dataset

    from infra.engines.train.prepare import load_rows, make_trainer
    from infra.engines.train.reference import add_reference
    from infra.engines.train.setup import load_tokenizer, load_trainable

    tokenizer = load_tokenizer(request.model)
    rows, num_too_long = load_rows(request, tokenizer, folder)
    assert num_too_long == 0
    rows = add_reference(request, rows, folder, request.fingerprint())
    moved = [{**row, "ref_sums": [value - shift * count for value, count in zip(row["ref_sums"], counts(row),
              strict=True)]} for row in rows]  # fmt: skip
    trainer = make_trainer(request, tokenizer, load_trainable(request), Dataset.from_list(moved), folder)
    trainer.model.eval()
    return trainer, moved


def counts(row: dict[str, Any]) -> list[int]:
    parts = row["completion_ids_parts"]
    return [parts.count(part) for part in range(max(parts) + 1)]


def step(trainer: Any, *batches: list[dict[str, Any]]) -> float:
    import torch

    made = [trainer.data_collator(batch) for batch in batches]
    divisor = trainer._get_num_items_in_batch(made, torch.device("cpu"))
    return sum(trainer.compute_loss(trainer.model, batch, num_items_in_batch=divisor).item() for batch in made)


def nll(trainer: Any, row: dict[str, Any]) -> float:
    """Mean over the completion's tokens."""
    import torch

    tokens = torch.tensor([row["prompt_ids"] + row["completion_ids"]])
    with torch.no_grad():
        scores = trainer.model(input_ids=tokens).logits[0, :-1].log_softmax(-1)
    return -scores.gather(1, tokens[0, 1:, None])[len(row["prompt_ids"]) - 1 :].mean().item()


@pytest.mark.parametrize("normalise", ["row_mean", "two_means"])
def test_a_step_by_hand(base: Path, tmp_path: Path, normalise: Any) -> None:
    """Every part is .1 likelier than under the reference: q 1.105171; a part's tokens are characters."""
    objective = OfflinePg(sft_share=0.3, normalise=normalise)
    trainer, rows = trainer_of(setting(base, tmp_path, objective), tmp_path, 0.1)
    assert [counts(row) for row in rows] == [[2, 3], [3], [3]]
    q = 1.105171
    texts = [(q * (1 + 0.015) - min(q, 1.2) * (2 - 0.015)) / 2, 0.5 * q * (1 + 0.015)]
    told = 0.3 * nll(trainer, rows[2])
    expected = (sum(texts) + told) / 3 if normalise == "row_mean" else sum(texts) / 2 + told
    assert step(trainer, rows) == pytest.approx(expected, rel=1e-4)
    assert step(trainer, rows[:1], rows[1:]) == pytest.approx(expected, rel=1e-4), "however the step is cut"
    assert trainer._metrics["eval"]["trajectories/ratio"][0] == pytest.approx(q, rel=1e-4)


def test_the_mix_of_spc(base: Path, tmp_path: Path) -> None:
    """(.3, +1), (-.3, -1), (0, +1): mean -.466667; with likelihood .9: -.331667 as two means, -.316250 as one."""
    shifts, rewards = (0.3, -0.3, 0.0), (1.0, -1.0, 1.0)
    texts = [{"messages": QUESTION, "completion": said("12"), "weight": 1.0, "advantages": [r]} for r in rewards]
    for normalise, expected in (("row_mean", -0.316250), ("two_means", -0.331667)):
        objective = SPC.model_copy(update={"normalise": normalise})
        request = setting(base, tmp_path, objective, [*texts, ROWS[2]])
        trainer, rows = trainer_of(request, tmp_path, 0.0)
        pairs = zip(rows, shifts, strict=False)
        moved = [{**row, "ref_sums": [row["ref_sums"][0] - 3 * shift]} for row, shift in pairs]
        trainer.settings = objective.model_copy(update={"sft_share": 0.15 * 0.9 / nll(trainer, rows[3])})
        assert step(trainer, [*moved, rows[3]]) == pytest.approx(expected, abs=2e-5)


def test_the_reference_says_the_sum_of_each_part(base: Path, tmp_path: Path) -> None:
    """Against a plain forward pass of each row alone; a row with one part beside a row with two."""
    import torch

    trainer, rows = trainer_of(setting(base, tmp_path, OfflinePg()), tmp_path, 0.0)
    for row in rows:
        tokens = torch.tensor([row["prompt_ids"] + row["completion_ids"]])
        with torch.no_grad():
            scores = trainer.model(input_ids=tokens).logits[0, :-1].log_softmax(-1)
        each = scores.gather(1, tokens[0, 1:, None])[len(row["prompt_ids"]) - 1 :, 0].tolist()
        parts = row["completion_ids_parts"]
        sums = [sum(value for value, own in zip(each, parts, strict=True) if own == part)
                for part in range(max(parts) + 1)]  # fmt: skip
        assert row["ref_sums"] == pytest.approx(sums, abs=1e-4)


def test_as_many_advantages_as_parts_that_are_learnt(base: Path, tmp_path: Path) -> None:
    from infra.engines.train.prepare import load_rows
    from infra.engines.train.setup import load_tokenizer

    request = setting(base, tmp_path, OfflinePg(), [{**ROWS[0], "advantages": [1.0]}])
    with pytest.raises(EngineError, match="1 advantages for 2 parts"):
        load_rows(request, load_tokenizer(request.model), tmp_path)


def test_a_training_process_makes_good_parts_likelier(base: Path, tmp_path: Path) -> None:
    from infra.engines.train.trainer import run_trainer

    request = setting(base, tmp_path, OfflinePg(), ROWS * 4)
    request = request.model_copy(update={"model": ModelFiles("base", base)})
    report = run_trainer(request, work_dir=tmp_path / "work", out_dir=tmp_path / "out")
    assert report.num_examples == 12 and report.last_loss < report.first_loss
    lines = [json.loads(line) for line in (tmp_path / "out" / "metrics.jsonl").read_text().splitlines()]
    assert lines[0]["ratio"] == pytest.approx(1, abs=1e-3) and lines[-1]["clipped_share"] is not None
