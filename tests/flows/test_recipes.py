"""Every published recipe runs two rounds end to end, and trains from the model, against the reference and on the rounds
that its paper says. What is asserted is read from the records of the store. With each change run those that have every
kind of part between them, the others at night."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from configs.schema.load import check_recipe
from flows.run.plan import make_plan
from infra.store.folder import FolderStore
from tests.flows.micro import write_recipe
from tests.flows.recipe_checks import CHECKS, Run, check_waves
from tests.flows.representatives import representatives
from tests.flows.runner import Runner, running_runner
from tests.flows.shrink import shrink
from tests.flows.world import RECIPES, World, build_world

pytestmark = pytest.mark.slow(minutes=8)


@dataclass(frozen=True)
class Expected:
    """What round 2 trains from, against and on, by the names of algorithms: base, seed, round-1; rounds by number."""

    start: str
    reference: str | None = None
    rounds: tuple[int, ...] = (2,)


PREFERENCE = Expected("round-1", "round-1")
EXPECTED = {
    "rest_em": Expected("base"),
    "star": Expected("base"),
    "rft": Expected("base"),
    "lmsi": Expected("base"),
    "iterative_rft": Expected("round-1"),
    "online_rft": Expected("round-1"),
    "b_star": Expected("round-1"),
    "v_star": Expected("base", rounds=(1, 2)),
    "east": Expected("base"),
    "iwsi": Expected("base"),
    "gsi": Expected("base"),
    "iterative_dpo": PREFERENCE,
    "self_rewarding": PREFERENCE,
    "meta_rewarding": PREFERENCE,
    "scpo": PREFERENCE,
    "irpo": PREFERENCE,
    "cream": PREFERENCE,
    "dice": PREFERENCE,
    "spin": Expected("round-1", "round-1", (1, 2)),
    "process_self_rewarding": PREFERENCE,
    "stasc": Expected("round-1"),
    "slm_verifiers": Expected("base"),
    "self_language_feedback": Expected("base", rounds=(1, 2)),
    "toolace_r": Expected("base"),
    "self_rewarding_correction": Expected("base"),
    "isc": Expected("base"),
    "lemma": Expected("base"),
    "evolve": PREFERENCE,
    "rlrf": PREFERENCE,
    "srt_feedback": PREFERENCE,
    "cycle": Expected("base"),
    "ledex": Expected("base"),
    "supercorrect": Expected("seed", "seed"),
    "self_correct": Expected("round-1"),
    "revise": PREFERENCE,
    "self_contrast": Expected("seed", "seed"),
    "crest": PREFERENCE,
    "consistency_alignment": Expected("seed", "seed"),
    "peer_counsel": Expected("seed", "seed"),
    "just_say": PREFERENCE,
    "self_reinforcement": PREFERENCE,
    "sso_data_dpo": PREFERENCE,
    "still_2": Expected("base", rounds=(1, 2)),
    "self_refine_it": Expected("seed", "seed"),
    "self_rationalization": PREFERENCE,
    "scir_filter": PREFERENCE,
    "sppo": PREFERENCE,
    "rspo": PREFERENCE,
    "cosc": Expected("base"),
    "start_tools": Expected("base"),
    "s2r_offline": PREFERENCE,
    "mote_staged": Expected("base"),
    "s3c_math": Expected("base"),
    "rise_edit": Expected("base", "base"),
}
ONLINE = {
    "co_reward": Expected("round-1", "base"),
    "co_reward_teacher": Expected("round-1", "base"),
    "cocos": Expected("round-1", "base"),
    "dapo": Expected("round-1"),
    "expo": Expected("round-1", "base"),
    "grpo": Expected("round-1", "base"),
    "interactive_icl": Expected("round-1", "base"),
    "rise": Expected("round-1", "base"),
    "rltf": Expected("round-1"),
    "rltf_fm": Expected("round-1"),
    "sdpo": Expected("round-1"),
    "nft": Expected("round-1"),
    "rlsp": Expected("round-1", "base"),
    "self_rewarding_rl": Expected("round-1", "base"),
    "smart": Expected("round-1", "base"),
    "srt_vote": Expected("round-1", "base"),
    "ssr_zero": Expected("round-1", "base"),
    "pag": Expected("round-1"),
    "pasr": Expected("round-1", "base"),
    "reflect_retry": Expected("round-1", "base"),
    "reflexicoder": Expected("round-1", "base"),
    "s2r": Expected("round-1", "seed"),
    "score": Expected("round-1", "base"),
    "spoc": Expected("round-1", "seed"),
}
"""rounds that are segments of online training"""
REPRESENTATIVES = representatives([*EXPECTED, *ONLINE])
NOT_HERE = {"demo", "demo_correct", "demo_llm", "demo_rl", "easy_to_hard", "easy_to_hard_voters"}
"""run by tests of their own"""


def cases(names: Iterable[str]) -> list[Any]:
    return [pytest.param(name, marks=() if name in REPRESENTATIVES else pytest.mark.nightly) for name in names]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory, prefect_url: str) -> Iterator[Runner]:
    with running_runner(tmp_path_factory.mktemp("runner"), prefect_url) as running:
        yield running


def test_every_recipe_has_its_expectation() -> None:
    known = {*EXPECTED, *NOT_HERE, *ONLINE}
    assert {path.stem for path in RECIPES.glob("*.yaml")} == known


@pytest.mark.parametrize("name", cases(EXPECTED))
def test_the_recipe_runs_two_rounds(name: str, world: World, tmp_path: Path, runner: Runner) -> None:
    recipe = shrink(name, world)
    write_recipe(tmp_path, recipe)
    status, printed = runner.run(tmp_path)
    assert status == 0, printed[-5000:]
    run, expected = Run(tmp_path, recipe["name"]), EXPECTED[name]
    state = run.entry(2)["state"]
    policy = state["models"]["policy"]
    made_before = {"base": policy["base"]["digest"], "seed": (policy["seed"] or policy["base"])["digest"]}
    inputs = run.record(2, "train")["payload"]["inputs"]
    assert inputs["model"] == run.digest(expected.start, made_before)
    wanted = run.digest(expected.reference, made_before) if expected.reference else None
    assert inputs["reference"] == wanted
    assert inputs["rows"] == [run.record(number, "select")["key"] for number in expected.rounds]
    assert run.record(2, "train")["summary"]["num_examples"] > 0
    check = CHECKS.get(name)
    if check:
        check(run, state)


def test_draws_stop_once_enough_are_right(world: World, tmp_path: Path, runner: Runner) -> None:
    """ReST-EM in waves: the first of the draws, judged once, capped as before; what was saved is told and planned."""
    recipe = shrink("rest_em", world)
    recipe["generate"] |= {"num_samples": 9, "temperature": 1.0, "adaptive": {"enough": 2, "wave": 3}}
    recipe["select"] = [{"kind": "correct"}, {"kind": "cap", "per_problem": 2}]
    write_recipe(tmp_path, recipe)
    status, printed = runner.run(tmp_path)
    assert status == 0, printed[-5000:]
    run = Run(tmp_path, recipe["name"])
    for number in (1, 2):
        check_waves(run, number, enough=2, wave=3, num_samples=9)
    assert re.search(r"draws: \d+ made and [1-9]\d* saved", printed)
    planned = make_plan(
        check_recipe(recipe | {"rounds": {"max": 3}}), FolderStore(run.store.parent), tmp_path, tmp_path
    )
    (line,) = [line for line in planned.cost if line.startswith("draws")]
    assert re.search(r"\d+% of 9 a problem, by the pass rates of the latest round", line) and "100%" not in line


@pytest.mark.parametrize("name", cases(ONLINE))
def test_the_recipe_runs_two_segments(name: str, world: World, tmp_path: Path, runner: Runner) -> None:
    recipe = shrink(name, world)
    write_recipe(tmp_path, recipe)
    status, printed = runner.run(tmp_path)
    assert status == 0, printed[-5000:]
    run, expected = Run(tmp_path, recipe["name"]), ONLINE[name]
    policy = run.entry(2)["state"]["models"]["policy"]
    inputs, before = run.record(2, "segment")["payload"]["inputs"], run.record(1, "segment")
    assert inputs["model"] == before["key"], expected.start
    assert inputs["reference"] == (policy[expected.reference]["digest"] if expected.reference else None)
    first = run.record(2, "segment")["payload"]["config"]["steps"]["first"]
    assert first == (0 if len(recipe.get("phases", ())) > 1 else recipe["train"]["max_steps"])
    assert run.record(2, "segment")["summary"]["num_rows"] > 0
    metrics = run.entry(2)["report"]["metrics"]
    assert {"reward_mean", "entropy", "zero_signal_share", "report_accuracy"} <= metrics.keys()
    assert bool({"kl_reference", "reward_kl"} & metrics.keys()) == (expected.reference is not None)
    check = CHECKS.get(name)
    if check:
        check(run, run.entry(2)["state"])
