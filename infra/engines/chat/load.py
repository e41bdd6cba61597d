"""The format of a model's chats, from its folder and what the recipe says of it. Used by all engines that read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from configs.errors import UserError
from infra.engines.chat.format import ChatFormat
from infra.engines.chat.plain import PlainText
from infra.engines.chat.template import choose_template
from infra.engines.chat.turn_end import find_end, known_ends, structure_of
from infra.engines.models.model_files import ModelFiles


def load_chat(files: ModelFiles) -> ChatFormat:
    """The format of a model's chats, with its tokenizer.

    Raises:
        UserError: the model has no template of the name that the recipe gives.
    """
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(
        files.weights, trust_remote_code=files.trust_remote_code, local_files_only=True
    )
    return make_chat(tokenizer, files)


def make_chat(tokenizer: Any, files: ModelFiles) -> ChatFormat:
    """As `load_chat`, for a tokenizer that is loaded."""
    template = choose_template(tokenizer, files)
    known = known_ends(tokenizer, configured_ends(files.weights))
    added = {token: row.content for token, row in tokenizer.added_tokens_decoder.items() if row.content.strip()}
    special = {token: added.get(token) or tokenizer.convert_ids_to_tokens(token) for token in tokenizer.all_special_ids}
    special |= {token: text for token, text in added.items() if tokenizer.added_tokens_decoder[token].special}
    special |= {token: tokenizer.decode([token]) for token in known if token not in special}
    special = {token: text for token, text in special.items() if text.strip()}
    end = find_end(template, known, {**added, **special}, PlainText(tokenizer, special).encode)
    ending = {token: added[token] for token in (end.stops if end else ()) if token not in special}
    around = structure_of(template)
    built = {token: text for token, text in added.items() if any(text in part for part in around)}
    written = PlainText(tokenizer, {**special, **ending})
    return ChatFormat(tokenizer, template, end, PlainText(tokenizer, {**written.controls, **built}), written)


def configured_ends(weights: Path) -> tuple[int, ...]:
    """The end tokens that a model folder's generation config names; without such a file, its config.

    Raises:
        UserError: the file is no JSON object, or names something else than tokens.
    """
    for name in ("generation_config.json", "config.json"):
        path = weights / name
        if path.exists():
            return _read_ends(path)
    return ()


def _read_ends(path: Path) -> tuple[int, ...]:
    try:
        config = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise UserError(f"{path} is not JSON: {error}", "copy the model's file again") from None
    found = config.get("eos_token_id") if isinstance(config, dict) else "no object"
    ends = found if isinstance(found, list) else [] if found is None else [found]
    if not all(isinstance(end, int) and not isinstance(end, bool) for end in ends):
        raise UserError(
            f"{path}: eos_token_id is {found!r}, not the number of a token", "write a number, or a list of numbers"
        )
    return tuple(ends)
