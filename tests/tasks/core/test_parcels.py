"""A model as another machine unpacks it is the model that this machine fetches, wherever its parts lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from configs.errors import EngineError
from infra.cluster.node_cache import NodeCache
from infra.cluster.parcel import ModelParcel
from infra.engines.models.model_files import PROBE_FILE, ModelFiles
from tasks.core.ledger import Ledger
from tasks.core.local_model import OutsideWeights, StoredModel
from tasks.core.refs import ModelRef, StepRef
from tasks.core.step import StepSpec
from tests.build.benches import make_ledger

MODEL = {"config.json": "{}", "tokenizer.json": "{}", "model.safetensors": "weights", "code.py": "pass"}
ADAPTER = {"adapter_config.json": "{}", "adapter_model.safetensors": "small"}
CHAT = {"chat_template": "{{ 1 }}", "chat_template_kwargs": {"thinking": False}, "trust_remote_code": True}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def publish(ledger: Ledger, stage: str, files: dict[str, str]) -> StepRef:
    spec = StepSpec("mine", stage, 1, {})
    with ledger.scratch(spec) as folder:
        return ledger.publish(spec, write(folder / "out", files), {}, 0.0)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return make_ledger(tmp_path)


def contents(model: ModelFiles) -> dict[str, object]:
    """What the model is, wherever it lies."""
    folders = {"weights": model.weights, "adapter": model.adapter, "probe": model.probe and model.probe.parent}
    found: dict[str, object] = {
        f"{part}/{path.relative_to(folder)}": path.read_text()
        for part, folder in folders.items()
        if folder is not None
        for path in sorted(folder.rglob("*"))
        if path.is_file() and (part != "probe" or path.name == PROBE_FILE)
    }
    return found | {name: value for name, value in model.to_json().items() if name not in folders}


@pytest.mark.parametrize("weights", ["published", "outside"])
@pytest.mark.parametrize("is_adapted", [False, True], ids=["as it is", "with an adapter"])
def test_what_is_unpacked_is_what_is_fetched(ledger: Ledger, tmp_path: Path, weights: str, is_adapted: bool) -> None:
    outside = write(tmp_path / "outside", MODEL)
    made = {f"model/{name}": text for name, text in MODEL.items()} | {"summary.json": "{}"}
    model = ModelRef(
        name="some",
        digest="d" * 64,
        weights=publish(ledger, "base", made) if weights == "published" else None,
        external=None if weights == "published" else str(outside),
        adapter=publish(
            ledger, "train", {f"adapter/{name}": text for name, text in ADAPTER.items()} | {PROBE_FILE: "[]"}
        )
        if is_adapted
        else None,
        **CHAT,
    )
    stored = StoredModel(ledger, lambda: model, OutsideWeights(ledger.store, "mine/cluster"))
    sent = ModelParcel.from_json(stored.parcel().to_json())
    unpacked = NodeCache(tmp_path / "node", ledger.store).unpack(sent)
    assert contents(unpacked) == contents(stored.files())
    assert all(tmp_path / "node" in path.parents for path in (unpacked.weights, unpacked.adapter) if path is not None)


def test_weights_from_outside_are_sent_once_by_their_content(ledger: Ledger, tmp_path: Path) -> None:
    outside = OutsideWeights(ledger.store, "mine/cluster")
    first = outside.send(write(tmp_path / "one", MODEL))
    other = outside.send(write(tmp_path / "two", MODEL | {"config.json": "{ }"}))
    assert [file.name for file in first] == sorted(MODEL)
    assert {file.key for file in first} & {file.key for file in other} == {
        file.key for file in first if file.name != "config.json"
    }
    assert len(list(ledger.store.keys("mine/cluster/weights/"))) == len(set(MODEL.values())) + 1
    with pytest.raises(EngineError, match="has no weights"):
        outside.send(write(tmp_path / "three", {"config.json": "{}"}))
