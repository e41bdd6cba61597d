"""Trees that a scripted model writes: what of each first attempt its repairs are worth."""

from __future__ import annotations

from pathlib import Path

import pytest

from configs.schema.revision.evaluate import RepairTrees
from tasks.evaluate.correction.trees import tree_numbers, tree_of
from tests.build.records import make_problem
from tests.tasks.evaluate.correction.test_repair_tree import TREE
from tests.tasks.sample.revise.script import by_place, revise_sampler, run

STOP = [{"judge": "answer", "says": ["unscored"]}]
"""a rule that no attempt meets: it has the judge asked"""


def test_right_repairs_are_counted_below_their_first_attempt(tmp_path: Path) -> None:
    steps = [{"part": "critique", "num": 3}, {"part": "attempt"}]
    sampler = revise_sampler(generate={"num_samples": 3, "steps": steps, "until": STOP, "temperature": 0.7})
    texts = {"p/1": "R", "p/0:critique0:attempt/0": "R", "p/0:critique2:attempt/0": "R", "p/1:critique0:attempt/0": "R"}
    (episode,) = run(sampler, tmp_path, by_place(texts))
    assert tree_of(episode, "answer", 3) == [2, None, 0]


def test_attempts_that_are_missing_are_wrong() -> None:
    sampler = revise_sampler(generate={"num_samples": 2, "until": STOP, "temperature": 0.7})
    assert tree_of(sampler.take(sampler.begin(make_problem(), 0, 1), [[()]]), "answer", 2) == [0, 0]


def test_numbers_stand_beside_as_many_draws() -> None:
    asked = RepairTrees(num_samples=10, num_repairs=4, budgets=((2, 1), (4, 1), (4, 2)))
    expected = {"repair_2_1": 0.6264, "repair_pass_at_4": 0.6667, "repair_4_1": 0.8887, "repair_pass_at_8": 0.9778}
    found = tree_numbers([TREE, TREE], asked)
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=5e-5)
    assert found.keys() - expected.keys() == {"repair_4_2"}, "no 12 draws were made"
