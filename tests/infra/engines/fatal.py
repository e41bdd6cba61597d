"""Models that bring their own tokenizer, with a defect in it: some text ends the process, or hangs it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from infra.engines.models.model_files import ModelFiles

TOKENIZER = """
import os
import time

from transformers import PreTrainedTokenizerFast


class FatalTokenizer(PreTrainedTokenizerFast):
    def __call__(self, text=None, *args, **kwargs):
        if isinstance(text, str) and "{deadly}" in text:
            os.abort()
        if isinstance(text, str) and "{endless}" in text:
            time.sleep(10_000)
        return super().__call__(text, *args, **kwargs)
"""


def build_fatal_model(tiny: Path, folder: Path, *, deadly: str = "\\0", endless: str = "\\0") -> ModelFiles:
    """The tiny model under a name of its own, where a prompt with `deadly` in it aborts, and `endless` hangs.

    Args:
        folder: its last part is part of a module's name, and unique among the tests.
    """
    shutil.copytree(tiny, folder)
    code = TOKENIZER.replace("{deadly}", deadly).replace("{endless}", endless)
    (folder / "tokenization_fatal.py").write_text(code, encoding="utf-8")
    path = folder / "tokenizer_config.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    settings |= {
        "tokenizer_class": "FatalTokenizer",
        "auto_map": {"AutoTokenizer": [None, "tokenization_fatal.FatalTokenizer"]},
    }
    path.write_text(json.dumps(settings), encoding="utf-8")
    return ModelFiles("fatal", folder, trust_remote_code=True)
