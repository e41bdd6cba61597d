"""A Llama-architecture model with random weights and a character tokenizer. Used inside `make_model.py`.

The tokenizer knows exactly the characters of the alphabet, one token each, and has no token for unknown ones: other
text raises an error instead of vanishing. The chat template writes the contents of the messages and nothing else.
"""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer
from tokenizers.decoders import Fuse
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from configs.schema.model import TinyLlama

SPECIAL_TOKENS = {"pad_token": "<pad>", "bos_token": "<bos>", "eos_token": "<eos>"}
CHAT_TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}"


def write_tiny_llama(config: TinyLlama, seed: int, folder: Path) -> None:
    """Write model and tokenizer; the same seed gives the same bytes."""
    tokenizer = make_tokenizer(config.alphabet, config.max_length)
    special_ids = {name + "_id": tokenizer.convert_tokens_to_ids(token) for name, token in SPECIAL_TOKENS.items()}
    torch.manual_seed(seed)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=config.hidden_size,
            intermediate_size=config.intermediate_size,
            num_hidden_layers=config.num_layers,
            num_attention_heads=config.num_heads,
            num_key_value_heads=config.num_heads,
            max_position_embeddings=config.max_length,
            tie_word_embeddings=False,
            # The usual 0.02 is made for widths of thousands; a narrow model learns several times faster from this.
            initializer_range=config.hidden_size**-0.5,
            dtype="float32",
            **special_ids,
        )
    )
    model.generation_config = GenerationConfig(**special_ids)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def make_tokenizer(alphabet: str, max_length: int) -> PreTrainedTokenizerFast:
    """One token a character; a repeated character of the alphabet counts once."""
    tokens = [*SPECIAL_TOKENS.values(), *dict.fromkeys(alphabet)]
    tokenizer = Tokenizer(WordLevel({token: place for place, token in enumerate(tokens)}))
    tokenizer.pre_tokenizer = Split(Regex(r"[\s\S]"), behavior="isolated")
    tokenizer.decoder = Fuse()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=max_length,
        clean_up_tokenization_spaces=False,
        chat_template=CHAT_TEMPLATE,
        **SPECIAL_TOKENS,
    )
