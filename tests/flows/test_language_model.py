"""One ReST-EM round of a real language model with LoRA, cut down, with each engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.flows.micro import ROOT, selfloop

CUT_DOWN = ("problems.train.num_problems=8", "problems.select.num_problems=4", "problems.report.num_problems=4",
            "generate.num_samples=2", "train.max_steps=2",
            # So few samples of a model that is rarely right may all be wrong: here every one of them is trained on.
            "select=[{kind: unique}]")  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["transformers", pytest.param("vllm", marks=pytest.mark.vllm)])
def test_a_round_with_a_real_model(tmp_path: Path, prefect_url: str, engine: str) -> None:
    overrides = [word for value in (*CUT_DOWN, f"engine.kind={engine}") for word in ("--set", value)]
    recipe = ROOT / "configs" / "recipes" / "demo_llm.yaml"
    done = selfloop("run", recipe, *overrides, cwd=tmp_path, timeout=1200, PREFECT_API_URL=prefect_url)
    assert done.returncode == 0, done.stdout + done.stderr

    store = tmp_path / "home" / "store" / "demo-llm"
    entry = json.loads(next(store.glob("reports/round-001.json")).read_text())
    assert (entry["report"]["metrics"]["generator_loads"], entry["report"]["metrics"]["trainer_loads"]) == (1, 1)
    adapter = next(store.glob("round-001/train/*/adapter"))
    assert sorted(path.name for path in adapter.iterdir()) == ["adapter_config.json", "adapter_model.safetensors"]

    merged = selfloop("export", store.name, "--to", "merged", "--merged", cwd=tmp_path, timeout=600)
    assert merged.returncode == 0, merged.stderr
    assert (tmp_path / "merged" / "model.safetensors").stat().st_size > 2**28
