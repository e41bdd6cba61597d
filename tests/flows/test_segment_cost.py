"""What a plan says that a segment draws is what it then drew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from configs.schema.recipe import Recipe
from tasks.core.records import Sample
from tasks.core.tables import read_records
from tasks.plan.cost import drawn_by
from tasks.plan.segment_cost import DERIVED, PROBING, VOTING, drawn_over, segment_lines
from tests.configs.online_recipes import online_recipe
from tests.flows.segments import run_rounds, segment_folder, segment_recipe

NUM_TRAIN = 24
SIZES = {"train": NUM_TRAIN, "select": 4, "report": 4}
VERDICTS = {
    "kind": "verdicts", "prompt": "asked.j2", "count": 3, "share": 0.5, "pattern": "(\\d);?$",
    "says": {"correct": "1", "wrong": "2", "unparseable": "2"},
}  # fmt: skip
ATTEMPTS = {"kind": "attempts", "name": "told", "when": "always", "count": 2, "prompt": "asked.j2"}


def table(folder: Path, name: str) -> list[Sample]:
    path = segment_folder(folder) / name
    return list(read_records(path, Sample)) if path.exists() else []


def counted(folder: Path) -> dict[str, int]:
    """Texts of a segment by purpose, from its tables."""
    samples = table(folder, "shard-00000.parquet")
    derived = sum(one.draw in ("told", "verdicts") for one in samples)
    return {
        "to train on": len(samples) - derived, DERIVED: derived,
        PROBING: len(table(folder, "probe.parquet")), VOTING: len(table(folder, "electors.parquet")),
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    "sections",
    [
        {"online": {"flat_groups": "keep", "derived": [ATTEMPTS, VERDICTS],
                    "probe": {"every_steps": 2, "problems": 3}}},
        {"judge": [{"kind": "vote", "electorate": "teacher"}], "evaluate": {"verifier": {"kind": "number"}},
         "online": {"flat_groups": "keep", "moving": {}}},
    ],
    ids=["derived", "voters"],
)  # fmt: skip
def test_a_segment_draws_what_its_plan_says(sections: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "asked.j2").write_text("{{ prompt }}")
    tree = segment_recipe(steps=3, **sections)
    run_rounds(tmp_path, tree)
    planned = drawn_by(Recipe.model_validate(tree), "segment", SIZES, round=1)
    assert planned == counted(tmp_path)
    assert planned[DERIVED] == (3 * 4 * 2 + 3 * 12 * 3 if "derived" in sections["online"] else 0)


@pytest.mark.slow
def test_flat_groups_are_drawn_over_no_more_often_than_the_plan_says(tmp_path: Path) -> None:
    """Nothing is ever told apart: every draw that may be made is made."""
    constant = [{"kind": "format", "pattern": ""}]
    tree = segment_recipe(steps=1, online={"reward": constant, "max_extra_waves": 2})
    run_rounds(tmp_path, tree)
    recipe = Recipe.model_validate(tree)
    planned = drawn_by(recipe, "segment", SIZES, 1)["to train on"] + drawn_over(recipe, NUM_TRAIN, 1)
    assert len(table(tmp_path, "shard-00000.parquet")) == planned == 3 * 4 * 6


def test_draws_over_end_with_the_problems_and_a_curriculum_of_votes_draws_more() -> None:
    few = Recipe.model_validate(online_recipe({"kind": "dapo"}, probe=None))
    assert drawn_over(few, 10, 1) == 8 * (10 - 4) * 4, "8 waves of 4 groups of 4, and 6 problems are left"
    assert drawn_over(few, 1000, 1) == 8 * 10 * 4 * 4
    (waves, told) = segment_lines({1: few}, 1000)
    assert waves.endswith("8 of 4 groups of 4") and told.endswith("1,280 further texts at most")
    votes = online_recipe({"kind": "rloo"}, reward=[{"of": "vote"}], curriculum={"kind": "vote_share"}, probe=None)
    votes |= {"judge": [{"kind": "vote"}], "evaluate": {"verifier": {"kind": "number"}}}
    assert drawn_by(Recipe.model_validate(votes), "segment", SIZES, 1)["to train on"] == 8 * 8 * 4


def test_a_segment_that_goes_on_probes_at_the_borders_of_the_run() -> None:
    tree = online_recipe({"kind": "dapo"}, probe={"every_steps": 5, "problems": 2})
    recipe = Recipe.model_validate(tree)
    assert [drawn_by(recipe, "segment", SIZES, number)[PROBING] for number in (1, 2)] == [2 * 2, 2 * 2]
    # steps 0 and 5 of the first eight, 10 and 15 of the next
