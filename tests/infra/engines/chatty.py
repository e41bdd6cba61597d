"""Model folders for tests of chat templates: a byte tokenizer with control tokens, and a small random Llama."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|pad|>")
PLAIN_ADDED = ("<|end|>", "<|user|>", "<think>")
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def build_byte_tokenizer(template: Any, eos: str | None = "<|endoftext|>", *, is_ascii: bool = False) -> Any:
    """One token a byte; control tokens of `SPECIAL` are marked special, those of `PLAIN_ADDED` are not.

    Args:
        template: Jinja, or several by name; None: none.
        is_ascii: it knows printable ASCII alone, so that all that is drawn is text.
    """
    from tokenizers import AddedToken, Tokenizer
    from tokenizers.decoders import ByteLevel as Decoder
    from tokenizers.models import BPE
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import PreTrainedTokenizerFast

    signs = [*map(chr, range(33, 127)), "\u0120", "\u010a"] if is_ascii else sorted(ByteLevel.alphabet())
    vocabulary = {sign: place for place, sign in enumerate(signs)}
    tokenizer = Tokenizer(BPE(vocabulary, []))
    tokenizer.pre_tokenizer, tokenizer.decoder = ByteLevel(add_prefix_space=False, use_regex=False), Decoder()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in PLAIN_ADDED])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=eos, pad_token="<|pad|>", clean_up_tokenization_spaces=False
    )
    fast.chat_template = template
    return fast


def build_chat_folder(
    folder: Path,
    template: Any = CHATML,
    *,
    eos: str | None = "<|endoftext|>",
    ends: Sequence[str] = ("<|endoftext|>", "<|im_end|>"),
    is_tied: bool = False,
    seed: int = 0,
    hidden_size: int = 32,
) -> Path:
    """A model folder with random weights.

    Args:
        ends: of the generation config.
        hidden_size: of two heads; vLLM on a CPU wants heads of 32 and more.
    """
    import torch
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

    tokenizer = build_byte_tokenizer(template, eos, is_ascii=True)
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=hidden_size, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=256, tie_word_embeddings=is_tied,
        dtype="float32", initializer_range=0.2, bos_token_id=None, pad_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    model.generation_config = GenerationConfig(eos_token_id=[tokenizer.convert_tokens_to_ids(end) for end in ends])
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def change_json(path: Path, **fields: Any) -> None:
    """Fields of a JSON file, replaced."""
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **fields}), encoding="utf-8")
