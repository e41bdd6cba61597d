"""Our decoding says what transformers' `generate` says, and its numbers are those of a plain forward pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from configs.schema.drawing import Sampling
from configs.schema.repetition import Repetition
from infra.engines.models.model_files import ModelFiles
from tests.infra.engines.tiny import build_tiny_adapter, build_tiny_folder

pytestmark = pytest.mark.slow

PROMPTS = [[5, 6, 7], [8], [8], [9, 10, 11, 12, 13], [20, 21], [20, 21], [20, 21], [30]]
END_IDS = [2, *range(40, 50)]
"""a tenth of the vocabulary, so that rows end at different times"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_folder(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def model(folder: Path) -> Any:
    """Random weights of one size: what is most likely differs from place to place, and rounding stays small."""
    import torch
    from transformers import AutoModelForCausalLM

    loaded = AutoModelForCausalLM.from_pretrained(folder).eval()
    with torch.no_grad():
        for weight in loaded.parameters():
            if weight.dim() == 2:
                weight.mul_(0.25 / weight.std())
    return loaded


def drafts(limit: int = 20) -> list[Any]:
    from infra.engines.generate.decode import Draft

    return [Draft(prompt, limit) for prompt in PROMPTS]


def run(model: Any, rows: list[Any], seed: int = 0, **sampling: Any) -> list[Any]:
    from infra.engines.generate.decode import Decoder
    from infra.engines.questions import draw_seed

    for number, row in enumerate(rows):
        row.seed = draw_seed(seed, number)
    steps = list(Decoder(model, END_IDS, 0).decode(rows, Sampling(**sampling)))
    assert sum(steps) == sum(len(row.tokens) for row in rows)
    return rows


def plain_logprob(model: Any, prompt: list[int], tokens: list[int]) -> float:
    import torch

    with torch.no_grad():
        scores = model(torch.tensor([prompt + tokens])).logits[0].double().log_softmax(-1)
    places = range(len(prompt) - 1, len(prompt) + len(tokens) - 1)
    return sum(float(scores[place, token]) for place, token in zip(places, tokens, strict=True))


def test_greedy_tokens_are_those_of_generate(model: Any) -> None:
    import torch

    rows = run(model, drafts(), temperature=0)
    assert len({len(row.tokens) for row in rows}) > 2, "rows should end at different times"
    for row in rows:
        ids = torch.tensor([row.prompt])
        expected = model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=20, eos_token_id=END_IDS
        )
        assert row.tokens == expected[0, len(row.prompt) :].tolist()
        assert row.is_stopped == (row.tokens[-1] in END_IDS)


def test_a_row_that_goes_in_circles_ends_and_the_others_go_on(model: Any) -> None:
    from infra.engines.generate.repetition import repeats

    rule = Repetition(longest=8, times=2)
    to_the_end = run(model, drafts(40), temperature=0)
    rows = run(model, drafts(40), temperature=0, repetition=rule)
    for row, whole in zip(rows, to_the_end, strict=True):
        ends = [end for end in range(1, len(whole.tokens)) if repeats(whole.tokens[:end], rule)]
        assert row.tokens == whole.tokens[: min(ends, default=len(whole.tokens))]
        assert row.repeats == bool(ends) and (row.is_stopped, len(row.tokens)) != (True, 40)
        assert row.logprob == pytest.approx(plain_logprob(model, row.prompt, row.tokens), abs=1e-3)
    assert len({row.repeats for row in rows}) == 2, "some go in circles"


@pytest.mark.parametrize("sampling", [{"temperature": 0}, {"temperature": 1.3}, {"temperature": 0.7, "top_k": 5}])
def test_logprob_is_the_plain_models_at_temperature_one(model: Any, sampling: dict[str, float]) -> None:
    for row in run(model, drafts(), **sampling):
        assert row.logprob == pytest.approx(plain_logprob(model, row.prompt, row.tokens), abs=1e-4)


@pytest.mark.parametrize("sampling", [{"top_k": 1}, {"top_p": 1e-6}, {"min_p": 1.0}, {"temperature": 1e-4}])
def test_settings_that_leave_one_token_are_greedy(model: Any, sampling: dict[str, float]) -> None:
    greedy = [row.tokens for row in run(model, drafts(), temperature=0)]
    assert [row.tokens for row in run(model, drafts(), **{"temperature": 1.0, **sampling})] == greedy


def test_first_tokens_are_drawn_with_the_models_probabilities(model: Any) -> None:
    import torch

    from infra.engines.generate.decode import Draft

    rows = run(model, [Draft([5, 6, 7], 1) for _ in range(4000)], temperature=1.5, top_k=4)
    with torch.no_grad():
        best = (model(torch.tensor([[5, 6, 7]])).logits[0, -1] / 1.5).topk(4)
    for token, probability in zip(best.indices.tolist(), best.values.softmax(-1).tolist(), strict=True):
        share = sum(row.tokens == [token] for row in rows) / len(rows)
        assert share == pytest.approx(probability, abs=4 * (0.25 / len(rows)) ** 0.5)


def test_a_seed_repeats_and_another_differs(model: Any) -> None:
    first, again, other = ([row.tokens for row in run(model, drafts(), seed, temperature=1.0)] for seed in (3, 3, 4))
    assert first == again != other


def test_every_row_keeps_its_own_limit(model: Any) -> None:
    from infra.engines.generate.decode import Decoder, Draft

    rows = [Draft([5], limit) for limit in (1, 7, 3)]
    list(Decoder(model, [], 0).decode(rows, Sampling(temperature=1.0)))
    assert [len(row.tokens) for row in rows] == [1, 7, 3]
    assert not any(row.is_stopped for row in rows)


def test_the_cache_grows_beyond_its_first_storage(model: Any) -> None:
    import torch

    from infra.engines.generate.cache import MIN_GROWTH, GrowingLayer

    layer = GrowingLayer()
    parts = [torch.randn(3, 2, length, 4) for length in (5, *[1] * (2 * MIN_GROWTH))]
    for part in parts:
        keys, values = layer.update(part, -part)
    whole = torch.cat(parts, dim=-2)
    assert torch.equal(keys, whole) and torch.equal(values, -whole)
    layer.batch_select_indices(torch.tensor([2, 0]))
    assert torch.equal(layer.keys, whole[[2, 0]])
    assert layer.get_seq_length() == 5 + 2 * MIN_GROWTH


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_scores_are_the_plain_models(model: Any, batch_size: int) -> None:
    from infra.engines.generate.decode import Decoder
    from infra.engines.generate.score import batches, sum_logprobs

    rows = [(prompt, list(range(50, 50 + length))) for length, prompt in enumerate(PROMPTS, start=1)]
    decoder = Decoder(model, END_IDS, 0)
    seen = []
    for batch in batches(rows, batch_size, 80):
        seen += batch
        for number, value in zip(batch, sum_logprobs(decoder, [rows[number] for number in batch]), strict=True):
            assert value == pytest.approx(plain_logprob(model, *rows[number]), abs=1e-4)
    assert sorted(seen) == list(range(len(rows)))


CHOICES = [[50], [51], [52], [53, 54], [55, 56, 57]]


@pytest.mark.parametrize("batch_size", [2, 7, 64])
def test_completions_of_one_prompt_score_as_in_the_plain_model(model: Any, batch_size: int) -> None:
    from infra.engines.generate.decode import Decoder
    from infra.engines.generate.score import batches, sum_logprobs

    prompts = [[5, 6, 7], [8], [9, 10, 11, 12, 13] * 4]
    rows = [(prompt, choice) for choice in CHOICES for prompt in prompts] + [([60], [61])]
    decoder = Decoder(model, END_IDS, 0)
    assert decoder.reads_on
    for batch in batches(rows, batch_size, 80):
        for number, value in zip(batch, sum_logprobs(decoder, [rows[number] for number in batch]), strict=True):
            assert value == pytest.approx(plain_logprob(model, *rows[number]), abs=1e-4)


def test_a_prompt_is_read_once_for_all_its_completions(model: Any) -> None:
    from infra.engines.generate.decode import Decoder
    from infra.engines.generate.score import batches, sum_logprobs

    rows = [(prompt, [choice]) for choice in range(50, 56) for prompt in ([5] * 40, [6] * 30)]
    (batch,) = batches(rows, 64, 80)
    read = []
    handle = model.register_forward_pre_hook(
        lambda _, args, inputs: read.append(inputs["input_ids"].numel()), with_kwargs=True
    )
    sum_logprobs(Decoder(model, END_IDS, 0), [rows[number] for number in batch])
    handle.remove()
    assert read == [2 * 40], "two prompts, padded; of one token nothing is left to read"


def test_a_batch_is_bounded_in_memory_and_keeps_prompts_together(monkeypatch: pytest.MonkeyPatch) -> None:
    from infra.engines.generate import score

    monkeypatch.setattr(score, "MAX_SCORES", 100 * 12)
    rows = [([place % 3], [1] * (1 + place % 2)) for place in range(12)]
    found = list(score.batches(rows, 64, 100))
    assert sorted(number for batch in found for number in batch) == list(range(12))
    for batch in found:
        assert len(batch) * (1 + max(len(rows[number][1]) for number in batch)) <= 12
        prompts = [rows[number][0] for number in batch]
        assert prompts == sorted(prompts)


def test_a_merged_adapter_is_the_adapters_sum_in_float32(folder: Path, tmp_path: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    from infra.engines.models.merge import load_merged, save_merged
    from infra.engines.models.model_files import ModelFiles

    files = ModelFiles("round-1", folder, build_tiny_adapter(folder, tmp_path / "adapter"))
    base = AutoModelForCausalLM.from_pretrained(folder)
    ids = torch.tensor([[5, 6, 7]])
    with torch.no_grad():
        plain = base(ids).logits
        adapted = PeftModel.from_pretrained(base, files.adapter)(ids).logits
        merged = load_merged(files, torch.float32)(ids).logits
        save_merged(files, tmp_path / "merged")
        saved = AutoModelForCausalLM.from_pretrained(tmp_path / "merged")(ids).logits
    assert torch.allclose(merged, adapted, atol=1e-4)
    assert torch.equal(saved, merged)
    assert not torch.allclose(merged, plain, atol=1e-2)
    assert (tmp_path / "merged" / "tokenizer.json").read_bytes() == (folder / "tokenizer.json").read_bytes()


@pytest.mark.parametrize(
    ("text", "stop", "is_reached", "cut"),
    [
        ("12=3;4", (";",), True, "12=3"),
        ("12=3;4", ("=3;", "2"), True, "1"),
        ("12=3", (";",), False, "12=3"),
        ("12", (), False, "12"),
    ],
)
def test_stop_texts_end_a_draft_and_are_cut_off(
    folder: Path, text: str, stop: tuple[str, ...], is_reached: bool, cut: str
) -> None:
    from infra.engines.chat.load import load_chat
    from infra.engines.generate.decode import Draft
    from infra.engines.generate.prompts import cut_at
    from infra.engines.generate.stops import StopTexts

    chat = load_chat(ModelFiles("tiny", folder))
    reaches_stop = StopTexts(chat.tokenizer).watch(stop)
    tokens = chat.text_ids(text)
    prefixes = [Draft([], 9, tokens=tokens[: length + 1]) for length in range(len(tokens))]
    assert (reaches_stop is not None and any(map(reaches_stop, prefixes))) == is_reached
    assert cut_at(chat.decode(tokens), stop)[0] == cut
