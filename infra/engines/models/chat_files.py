"""A folder that leaves selfloop writes and ends chats as the model did here. Used inside engine programs.

Servers read `chat_template.jinja`, and stop at what `generation_config.json` names: the end of a turn that the template
says comes first there.
"""

from __future__ import annotations

import json
from pathlib import Path

from infra.engines.chat.load import load_chat
from infra.engines.models.model_files import ModelFiles


def write_chat(files: ModelFiles, folder: Path) -> None:
    """Write the chat template that is used, and the end of a turn, into a model's folder.

    Variables of a template and its date are the asker's to give: `chat_template_kwargs` of a server.

    Raises:
        UserError: the model has no such template, or nothing ends its turn.
    """
    chat = load_chat(files)
    if chat.template.text:
        (folder / "chat_template.jinja").write_text(chat.template.text, encoding="utf-8")
    path = folder / "generation_config.json"
    settings = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    settings["eos_token_id"] = list(chat.end.stops)
    if chat.end.words:
        settings["stop_strings"] = [chat.end.words]
    path.write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n", encoding="utf-8")
