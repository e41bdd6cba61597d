"""The published recipes with smaller sizes: a round labels longer sums by vote, and trains on all labels so far."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.core.records import Example, Sample
from tests.flows.micro import selfloop, write_recipe
from tests.flows.recipe_checks import Run
from tests.flows.world import RECIPES

pytestmark = pytest.mark.slow(minutes=2)
AT_LEAST = {"easy_to_hard": 0.4, "easy_to_hard_voters": 0.1}
"""two votes of the five of one model; of three models that are trained this little hardly two agree"""


def small_recipe(name: str) -> dict[str, Any]:
    """Two rounds; draws of a model trained this little agree only where they hardly vary."""
    tree: dict[str, Any] = yaml.safe_load((RECIPES / f"{name}.yaml").read_text())
    tree["model"] |= {"hidden_size": 48, "intermediate_size": 96, "num_layers": 2}
    for part, number in {"train": 80, "select": 14, "report": 16}.items():
        tree["problems"][part]["num_problems"] = number
    for chain in (tree, *tree.get("roles", {}).values()):
        chain["warm_start"]["source"]["num_problems"] = 400
        chain["warm_start"]["max_steps"] = 120
        chain["train"] |= {"max_steps": 4, "min_examples": 1}
    tree["generate"]["temperature"] = 0.1
    tree["select"][1]["at_least"] = AT_LEAST[name]
    tree["rounds"] = {"max": 2}
    return tree


def digits_of(problem_id: str) -> int:
    return max(map(len, problem_id.split("+")))


@pytest.mark.parametrize("name", ["easy_to_hard_voters", pytest.param("easy_to_hard", marks=pytest.mark.nightly)])
def test_each_round_labels_longer_sums_and_trains_on_all_so_far(tmp_path: Path, prefect_url: str, name: str) -> None:
    recipe = small_recipe(name)
    done = selfloop("run", write_recipe(tmp_path, recipe), cwd=tmp_path, PREFECT_API_URL=prefect_url)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    run = Run(tmp_path, recipe["name"])
    for number in (1, 2):
        samples = run.rows(number, "generate", "shard-*.parquet", Sample)
        assert {digits_of(sample.problem_id) for sample in samples} == {5 + number}
        kept = run.rows(number, "select", "examples.parquet", Example)
        assert 0 < len(kept) < len(samples)
        inputs = run.record(number, "train")["payload"]["inputs"]
        assert inputs["rows"] == [run.record(earlier, "select")["key"] for earlier in range(1, number + 1)]
        assert inputs["problems"], "the labelled sums are trained on as well"
    seeds = {voter: of["seed"]["digest"] for voter, of in run.entry(0)["state"]["models"].items() if of["seed"]}
    assert seeds.keys() == {"policy", *recipe.get("roles", {})} and len(set(seeds.values())) == len(seeds)
    assert {sample.draw_name for sample in samples} == {"plain", *recipe.get("roles", {})}
    for voter, seed in seeds.items():
        stage = "train" if voter == "policy" else f"train_{voter}"
        assert run.record(1, stage)["payload"]["inputs"]["model"] == seed
        assert run.record(2, stage)["payload"]["inputs"]["model"] == run.record(1, stage)["key"]
