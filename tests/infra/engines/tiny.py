"""Small model folders for engine tests: a Llama with a character tokenizer, and an adapter on top of it."""

from __future__ import annotations

from pathlib import Path

from configs.schema.model import TinyLlama


def build_tiny_folder(folder: Path, *, hidden_size: int = 32, max_length: int = 64) -> Path:
    """A model folder with random weights, the same every time."""
    from infra.engines.models.tiny_llama import write_tiny_llama

    config = TinyLlama(hidden_size=hidden_size, intermediate_size=64, num_layers=2, max_length=max_length)
    write_tiny_llama(config, 0, folder)
    return folder


def build_tiny_adapter(model: Path, folder: Path) -> Path:
    """A LoRA adapter whose weights are large enough to change what the model says."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(model)
    torch.manual_seed(1)
    adapted = get_peft_model(base, LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False))
    adapted.save_pretrained(folder)
    return folder
