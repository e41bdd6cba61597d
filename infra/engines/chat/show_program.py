"""Program: writes chats as a model is given them, and says how many tokens they have. Started by `show.py`.

    python -m infra.engines.chat.show_program request.json

The request names where the model lies, how its chats are written, a file with a chat a line, and the file to write.
Only the tokenizer is loaded.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from configs.errors import EngineError, UserError
from infra.engines.chat.format import ChatFormat
from infra.engines.chat.load import load_chat, make_chat
from infra.engines.chat.refused import ChatRefused
from infra.engines.models.model_files import ModelFiles
from infra.engines.one_shot import answer_job


def show(request: dict[str, Any], on_progress: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Writes one JSON object a chat: text, tokens and solution_tokens, or why the chat is refused."""
    chat = _load(request)
    with Path(request["chats"]).open(encoding="utf-8") as rows, Path(request["out"]).open("w", encoding="utf-8") as out:
        for number, line in enumerate(rows):
            row = json.loads(line)
            out.write(json.dumps(_shown(chat, row, with_text=number in request["shown"])) + "\n")
    return {}


def _shown(chat: ChatFormat, row: dict[str, Any], with_text: bool) -> dict[str, Any]:
    messages = [(message["role"], message["content"]) for message in row["messages"]]
    try:
        tokens = chat.prompt_ids(messages)
        solution = None if row["solution"] is None else len(chat.turn_ids(row["solution"]))
    except ChatRefused as error:
        return {"refused": error.message}
    except UserError:
        raise
    except Exception as error:  # the tokenizer's own, which has no class: a character that it has no token for
        return {"refused": f"the tokenizer cannot write it: {error}"}
    text = chat.tokenizer.decode(tokens, clean_up_tokenization_spaces=False) if with_text else ""
    return {"text": text, "tokens": len(tokens), "solution_tokens": solution}


def _load(request: dict[str, Any]) -> ChatFormat:
    kind, location = request["kind"], request["location"]
    if kind == "hub":
        from infra.engines.models.import_model import fetch_from_hub
        from infra.engines.models.weights import DEFINITIONS

        location = str(fetch_from_hub(location, request["revision"], DEFINITIONS)[0])
    if kind != "gguf":
        return load_chat(ModelFiles.from_json({**request["model"], "weights": location}))
    from transformers import AutoTokenizer

    path = Path(location)
    try:
        tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    except (ValueError, KeyError, OSError) as error:
        raise EngineError(f"{path} has no tokenizer that can be read: {error}", "give the model's folder") from error
    return make_chat(tokenizer, ModelFiles.from_json({**request["model"], "weights": str(path.parent)}))


if __name__ == "__main__":
    answer_job(show)
