"""Problems of the verifier `code`, as data sets write them."""

from __future__ import annotations

import json

from configs.schema.verifiers.code import CodeVerifier

WHOLE = {layout: CodeVerifier(layout=layout, extract="whole") for layout in ("humaneval", "mbpp", "apps")}


def humaneval(prompt: str, test: str, entry_point: str = "f") -> str:
    return json.dumps({"prompt": prompt, "test": test, "entry_point": entry_point})
