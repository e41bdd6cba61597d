"""A loop seen through MLflow's registry: versions that say where their weights lie, aliases that people move, a server
that goes away, and folders that other libraries load."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.flows.micro import micro_recipe, selfloop, write_recipe
from tests.servers.mlflow import mlflow_server

pytestmark = pytest.mark.slow(minutes=4)
NAME = "reg"


def recipe() -> dict[str, Any]:
    """Adapters on a small base, with every sample kept; vLLM wants heads of 32."""
    micro = micro_recipe()
    train = {**micro["train"], "start_from": "base", "epochs": 1, "tune": {"kind": "lora", "rank": 4, "alpha": 8}}
    model = {**micro["model"], "hidden_size": 64, "num_heads": 2}
    tree = micro_recipe(name=NAME, model=model, train=train, select=[{"kind": "cap"}], guards=[])
    del tree["warm_start"]
    return tree


class Story:
    """One experiment and what the commands said."""

    def __init__(self, folder: Path, prefect_url: str) -> None:
        self.folder, self.prefect = folder, prefect_url
        self.tracking = "http://127.0.0.1:9"
        self.store = folder / "home" / "store" / NAME

    def do(self, *arguments: str) -> str:
        done = selfloop(
            *arguments, cwd=self.folder, PREFECT_API_URL=self.prefect, MLFLOW_TRACKING_URI=self.tracking,
            MLFLOW_HTTP_REQUEST_MAX_RETRIES="1",
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def run(self, rounds: int, *more: str) -> str:
        return self.do("run", "recipe.yaml", "--set", f"rounds.max={rounds}", *more)

    def record(self, path: str) -> dict[str, Any]:
        return dict(json.loads((self.store / path).read_text()))

    def entry(self, round: int) -> dict[str, Any]:
        return self.record(f"reports/round-{round:03d}.json")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, prefect_url: str) -> Story:
    """Round 1 without MLflow; round 2 approved by a person."""
    story = Story(tmp_path_factory.mktemp("registry"), prefect_url)
    write_recipe(story.folder, recipe())
    said = story.run(1)
    assert "selfloop sync" in said
    asked = story.run(2, "--set", "decide.approval=true")
    assert f"selfloop promote {NAME} round-2" in asked
    assert not (story.store / "reports" / "round-002.json").exists()
    planned = story.do("plan", "recipe.yaml", "--set", "rounds.max=2", "--set", "decide.approval=true")
    assert "round 2  decide         reused" in planned
    assert "is approved by" in story.do("promote", NAME, "round-2", "--note", "fine")
    story.run(2, "--set", "decide.approval=true")
    return story


def client(uri: str) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(uri)


def test_a_person_approved_at_the_command_line(story: Story) -> None:
    answer = story.record("approvals/round-002.json")
    assert (answer["is_approved"], answer["note"]) == (True, "fine")
    report = story.entry(2)["report"]
    assert report["action"] == "promote"
    assert report["reason"].endswith(": fine")


def test_sync_fills_the_gap_with_versions_that_say_everything_and_nothing_large_passes(
    story: Story, tmp_path: Path
) -> None:
    with mlflow_server(tmp_path) as uri:
        story.tracking = uri
        story.do("sync", NAME)
        mlflow = client(uri)
        aliases = mlflow.get_registered_model(NAME).aliases
        assert set(aliases) == {"champion", "candidate", "round-0", "round-1", "round-2"}
        version = mlflow.get_model_version_by_alias(NAME, "round-2")
        entry, tags = story.entry(2), version.tags
        steps = entry["report"]["steps"]
        store = str(story.store.parent)
        base = entry["model"]["weights"]["prefix"]
        assert tags["selfloop.digest"] == entry["model"]["digest"]
        assert tags["selfloop.address"] == f"{store}/{steps['train']}"
        assert json.loads(tags["selfloop.adapter_chain"]) == [f"{store}/{base}", f"{store}/{steps['train']}"]
        assert (tags["selfloop.base_model"], tags["selfloop.base_revision"]) == (
            "tiny_llama",
            tags["selfloop.base_digest"],
        )
        assert float(tags["metric.select_accuracy"]) == pytest.approx(entry["report"]["metrics"]["select_accuracy"])
        move_and_go_on(story, mlflow)
    files = [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
    assert files
    assert max(path.stat().st_size for path in files) < 1_000_000
    assert not [path for path in files if path.suffix in (".safetensors", ".bin", ".parquet")]


def move_and_go_on(story: Story, mlflow: Any) -> None:
    said = story.do("rollback", NAME, "--to", "round-1", "--note", "round 2 rambles")
    assert "MLflow's alias champion names it" in said
    assert mlflow.get_model_version_by_alias(NAME, "champion").tags["round"] == "1"
    record = story.record("promotions/0001.json")
    assert (record["kind"], record["model"], record["after_round"]) == ("rollback", "round-1", 2)
    assert record["note"] == "round 2 rambles"
    assert "round-1 of reg" in story.do("export", NAME, "--to", "adapter")
    again = selfloop("rollback", NAME, "--to", "round-1", cwd=story.folder)
    assert (again.returncode, "is the champion of reg already" in again.stderr) == (2, True)
    story.do("sync", NAME)
    assert mlflow.get_model_version_by_alias(NAME, "champion").tags["round"] == "1"
    before = {path: path.stat().st_mtime_ns for path in story.store.rglob("record.json")}
    assert "round 3 goes on from round-1" in story.run(3)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    third = story.entry(3)
    assert third["report"]["incumbent"] == "round-1"
    generate = json.loads((story.store.parent / third["report"]["steps"]["generate"] / "record.json").read_text())
    assert generate["payload"]["inputs"]["model"] == story.entry(1)["model"]["digest"]
    assert story.record("promotions/0001.taken_up.json") == {"before_round": 3}


def test_export_from_the_alias_alone_is_loaded_by_transformers_and_peft(story: Story) -> None:
    story.tracking = f"sqlite:///{story.folder}/synced.db"
    story.do("sync", NAME)
    story.do("export", NAME, "--alias", "round-0", "--to", "whole")
    story.do("export", NAME, "--alias", "round-2", "--to", "on-top")
    story.do("export", NAME, "--alias", "round-2", "--merged", "--to", "merged")
    program = """
import sys, torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained("merged")
tokens = tokenizer("1+2=", return_tensors="pt", add_special_tokens=False).input_ids
merged = AutoModelForCausalLM.from_pretrained("merged", dtype=torch.float32)(tokens).logits
base = AutoModelForCausalLM.from_pretrained("whole", dtype=torch.float32)
plain = base(tokens).logits
adapted = PeftModel.from_pretrained(base, "on-top")(tokens).logits
assert torch.allclose(merged, adapted, atol=1e-4), (merged - adapted).abs().max()
assert not torch.allclose(plain, adapted, atol=1e-4)
"""
    load(story, program)


@pytest.mark.vllm
def test_export_is_loaded_by_vllm(story: Story) -> None:
    program = """
if __name__ == "__main__":
    from vllm import LLM, SamplingParams
    model = LLM("merged", dtype="float32", max_model_len=64, max_num_seqs=2, enforce_eager=True)
    (answer,) = model.generate(["1+2="], SamplingParams(temperature=0, max_tokens=4))
    assert 1 <= len(answer.outputs[0].token_ids) <= 4
"""
    load(story, program, VLLM_CPU_KVCACHE_SPACE="1")


def test_the_loop_goes_on_behind_rounds_that_housekeeping_cleared(story: Story) -> None:
    story.tracking = f"sqlite:///{story.folder}/after.db"
    said = story.do("housekeeping", NAME, "--keep-rounds", "1", "--apply")
    assert "round 2: " in said
    assert "rounds 0, 1, 2, 3 are written" in said
    assert "steps up to it were cleared away" in story.run(3)
    assert "everything is reused" in story.do("plan", "recipe.yaml", "--set", "rounds.max=3")
    assert "generate" in story.do("plan", "recipe.yaml", "--set", "rounds.max=4")
    assert "0 findings" in story.do("housekeeping", NAME, "--keep-rounds", "1")


def load(story: Story, program: str, **variables: str) -> None:
    path = story.folder / "load.py"
    path.write_text(program)
    done = subprocess.run(
        [sys.executable, str(path)], cwd=story.folder, capture_output=True, text=True, timeout=400, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", **variables},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
