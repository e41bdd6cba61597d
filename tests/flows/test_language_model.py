"""One ReST-EM round of a real language model with LoRA, cut down, with each engine; and a segment that vLLM draws."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tasks.core.files import TOKEN_ROWS
from tasks.core.tables import read_records
from tasks.online.wave_folder import WaveFolder
from tests.flows.micro import ROOT, selfloop
from tests.flows.segments import monkeypatched, run_rounds, segment_folder
from tests.flows.test_segments import Stopped, stop

CUT_DOWN = ("problems.train.num_problems=8", "problems.select.num_problems=4", "problems.report.num_problems=4",
            "generate.num_samples=2", "train.max_steps=2",
            # So few samples of a model that is rarely right may all be wrong: here every one of them is trained on.
            "select=[{kind: unique}]")  # fmt: skip


@pytest.mark.slow(minutes=5)
@pytest.mark.parametrize(
    "engine", [pytest.param("transformers", marks=pytest.mark.nightly), pytest.param("vllm", marks=pytest.mark.vllm)]
)
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


@pytest.mark.slow
@pytest.mark.nightly
@pytest.mark.vllm
def test_a_segment_of_a_real_model_is_drawn_by_vllm_beside_its_learner(tmp_path: Path) -> None:
    tree = yaml.safe_load((ROOT / "configs" / "recipes" / "demo_llm.yaml").read_text())
    for part, number in (("train", 12), ("select", 2), ("report", 2)):
        tree["problems"][part]["num_problems"] = number
    del tree["generate"], tree["select"], tree["train"]["epochs"]
    tree["name"], tree["engine"] = "micro", {"kind": "vllm", "dtype": "float32", "max_model_length": 512}
    tree["train"] |= {
        "objective": {"kind": "dr_grpo", "correction": "sequence_truncate"}, "max_steps": 3, "learning_rate": 1e-3,
        "start_from": "previous_with_optimizer", "schedule": "constant",
    }  # fmt: skip
    tree["online"] = {
        "problems_per_wave": 4, "group_size": 4, "episode": {"max_tokens": 12}, "flat_groups": "keep", "probe": None,
        "reward": [{"kind": "judge"}, {"kind": "format", "pattern": "[5-9]"}], "sampler": {"where": "session"},
    }  # fmt: skip
    with pytest.raises(Stopped), monkeypatched(WaveFolder, "clear", 1, stop):  # the evaluation would load once more
        run_rounds(tmp_path, tree)
    lines = [json.loads(line) for line in (segment_folder(tmp_path) / "metrics.jsonl").read_text().splitlines()]
    assert len(lines) == 3
    assert all(line["grad_norm"] > 0 for line in lines[:2]), "the weights of each wave are others"
    assert all(0 < line["sampler_gap_mean"] < 5e-3 for line in lines), "vLLM computes otherwise, and not much"
    assert all(line["weight_ess"] > 0.99 for line in lines)
    rows = list(read_records(segment_folder(tmp_path) / TOKEN_ROWS.name, TOKEN_ROWS.record))
    assert len(rows) == 3 * 16 and all(len(row.written) == len(row.logprobs) > 0 for row in rows)
