"""Run micro experiments in one process, at the same time or one after the other: `HOME together|alone`.

A program of its own, since Prefect reads its address once, when it is first imported. Prints the keys of each.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from configs.schema.recipe import Recipe
from flows.improve import run_experiment
from flows.services.addresses import resolve_addresses
from tests.flows.micro import micro_recipe

NUM_SAMPLES = (4, 6)
"""of the two experiments"""


def run(num_samples: int) -> list[str]:
    """Keys that tell what was computed: of the round's selection, its candidate and the baseline's evaluation."""
    sections = micro_recipe(name=f"micro-{num_samples}", rounds={"max": 1})
    recipe = Recipe.model_validate(sections | {"generate": {**sections["generate"], "num_samples": num_samples}})
    state = run_experiment(recipe, resolve_addresses(recipe.services))
    assert state.policy.newest is not None
    return [state.policy.selections[-1].key, state.policy.newest.digest, state.first.evaluation.key]


if __name__ == "__main__":
    with ThreadPoolExecutor(len(NUM_SAMPLES) if sys.argv[2] == "together" else 1) as threads:
        found = list(threads.map(run, NUM_SAMPLES))
    Path(sys.argv[1]).write_text(json.dumps(found))
