"""Steps: computed once, published last.

A step is one stage of one round. Its key is the SHA-256 of everything that can change its output. Its files lie in
the store under `EXPERIMENT/round-003/judge/KEY12/`, and `record.json`, written last, makes them exist: no record,
no step. What a stage asks of models survives apart from it (`tasks/core/answers.py`). The `stage.py` of each stage
says what its key depends on; `tasks/core/bench.py` runs steps.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from configs.errors import StoreError
from tasks.core.refs import FileRef, StepRef

RECORD_FORMAT = 1
Summary = dict[str, float | int | str | bool | None]


def canonical_json(value: Any) -> bytes:
    """One spelling per value: sorted keys, no blanks, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest(value: Any) -> str:
    """SHA-256 of a JSON value's canonical spelling, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def flatten(tree: Any, prefix: str = "") -> dict[str, str]:
    """Leaves of nested mappings and lists by dotted address: {"train": {"epochs": 1}} becomes {"train.epochs": "1"}."""
    if isinstance(tree, Mapping):
        items = [(str(name), value) for name, value in tree.items()]
    elif isinstance(tree, (list, tuple)) and any(isinstance(value, (Mapping, list, tuple)) for value in tree):
        items = [(str(position), value) for position, value in enumerate(tree)]
    else:
        return {prefix: json.dumps(tree) if isinstance(tree, (list, tuple)) else str(tree)}
    leaves: dict[str, str] = {}
    for name, value in items:
        leaves |= flatten(value, f"{prefix}.{name}" if prefix else name)
    return leaves


def derive_seed(*parts: str | int) -> int:
    """A seed below 2**31 from a path of names, so that no two places share one by accident."""
    return int(digest(list(parts))[:8], 16) % 2**31


@dataclass(frozen=True)
class StepSpec:
    """What defines a step, before it runs.

    Attributes:
        config: the slice of the recipe it depends on.
        inputs: keys of the steps, and digests of the outside files, that it reads.
        versions: version numbers of the components it uses.
        expected: numbers that a plan goes on with before it runs, no part of its key; None: nothing can be said.
    """

    experiment: str
    stage: str
    round: int
    config: dict[str, Any]
    inputs: dict[str, Any] = field(default_factory=dict)
    seed: int | None = None
    versions: dict[str, int | str] = field(default_factory=dict)
    expected: Summary | None = field(default_factory=dict)

    @property
    def payload(self) -> dict[str, Any]:
        """The value that is digested; stored in the record, so that two keys can be compared field by field."""
        names = ("stage", "round", "config", "inputs", "seed", "versions")
        return {name: getattr(self, name) for name in names}

    @property
    def key(self) -> str:
        return digest(self.payload)

    @property
    def prefix(self) -> str:
        return f"{self.experiment}/round-{self.round:03d}/{self.stage}/{self.key[:12]}"

    @property
    def answers(self) -> str:
        """Where answers to what the stage asks in this round lie; the same for every key."""
        return answers_place(self.experiment, self.round, self.stage)


def answers_place(experiment: str, round: int, stage: str) -> str:
    """Where answers to what a stage asks in a round lie."""
    return f"{experiment}/round-{round:03d}/{stage}/answers"


def write_record(spec: StepSpec, files: list[FileRef], summary: Summary, seconds: float, provenance: Any) -> bytes:
    """The record of a finished step; `record_sha256` guards the record itself."""
    body = {
        "format": RECORD_FORMAT,
        "key": spec.key,
        "payload": spec.payload,
        "files": [file.model_dump() for file in files],
        "summary": summary,
        "seconds": round(seconds, 3),
        "provenance": provenance,
    }
    return json.dumps({"record_sha256": digest(body), **body}, indent=1, sort_keys=True).encode()


def read_record(content: bytes, prefix: str, expected_key: str) -> StepRef:
    """A step from its record.

    Raises:
        StoreError: the record is damaged, or belongs to another step; the ledger heals it.
    """
    fix = "run again: only this step is computed anew"
    try:
        body = json.loads(content)
        claimed = body.pop("record_sha256")
        is_whole = digest(body) == claimed and digest(body["payload"]) == body["key"]
    except (ValueError, KeyError, AttributeError, TypeError):
        raise StoreError(f"{prefix}/record.json is not a record", fix) from None
    if not is_whole:
        raise StoreError(f"{prefix}/record.json does not match its own digest: it was changed or damaged", fix)
    if body["key"] != expected_key:
        raise StoreError(f"{prefix}/record.json is of another step ({body['key'][:12]})", fix)
    payload = body["payload"]
    return StepRef(
        stage=payload["stage"],
        round=payload["round"],
        key=body["key"],
        prefix=prefix,
        files=tuple(FileRef(**file) for file in body["files"]),
        summary=body["summary"],
        seconds=body["seconds"],
        is_reused=True,
    )
