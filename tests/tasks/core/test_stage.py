"""What a stage declares holds: its order, what it reads, what enters its keys, and what is read of its steps."""

from __future__ import annotations

import ast
import inspect
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import flows.round
from configs.errors import StoreError
from configs.schema.marks import as_written
from flows.round import BASELINE, BENCHMARK, DECIDE, EVALUATE, INVENT, MONITOR, ROUND, SEGMENT, STAGES, stages_of
from tasks.core.files import Shards, Table
from tasks.core.refs import StepRef
from tasks.core.stage import Numbers, Stage, without
from tasks.core.step import derive_seed
from tasks.select.stage import SELECT, SelectNumbers
from tests.build.records import make_recipe
from tests.configs.recipes import recipe

ROOT = Path(__file__).parents[3]


def step(stage: str, **summary: float) -> StepRef:
    return StepRef(stage=stage, round=1, key=f"key of {stage}", prefix=stage, files=(), summary=summary)


def test_every_file_that_a_stage_reads_was_given_before() -> None:
    given: set[Table | Shards] = set()
    for stage in (*BASELINE, *ROUND):
        missing = set(stage.reads) - given - set(stage.gives)  # some read what they gave in an earlier round
        assert not missing, stage.name
        given |= set(stage.gives)


def test_a_round_has_the_stages_of_its_recipe() -> None:
    assert [name for name, _ in stages_of(make_recipe(), 1)] == [
        "generate", "judge", "select", "monitor", "train", "evaluate", "decide",
    ]  # fmt: skip
    assert [name for name, _ in stages_of(recipe("grpo"), 1)] == ["segment", "monitor", "evaluate", "decide"]
    paper = recipe("meta_rewarding")
    assert ["meta" in dict(stages_of(paper, round)) for round in (1, 2, 3)] == [True, True, False]
    learners = [name for name, _ in stages_of(recipe("v_star"), 1) if "verifier" in name]
    assert learners == ["select_verifier", "train_verifier"]


def called_by(*functions: Any) -> list[Stage]:
    """The stages that functions of the flow call, in the order of their source."""
    tasks = {name: value.stage for name, value in vars(flows.round).items() if hasattr(value, "stage")}
    source = "\n".join(inspect.getsource(function) for function in functions)
    return [tasks[name] for name in re.findall(r"\b([a-z_]+)\(", source) if name in tasks]


def test_the_flow_calls_the_stages_in_the_order_that_is_declared() -> None:
    online, last = [SEGMENT], [EVALUATE, DECIDE, BENCHMARK]
    end = flows.round._conclude, flows.round.with_benchmarks
    offline = [stage for stage in ROUND if stage not in online]
    assert called_by(flows.round.gather, flows.round._improve, *end) == offline
    assert called_by(flows.round._improve_online, *end) == [INVENT, SEGMENT, MONITOR, *last]
    assert [stage for stage in ROUND if stage in (INVENT, SEGMENT, MONITOR, *last)] == [INVENT, SEGMENT, MONITOR, *last]
    assert set(called_by(flows.round.baseline, flows.round.begin, flows.round.with_benchmarks)) == set(BASELINE)


def test_the_import_contract_names_the_module_of_every_stage() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    listed = next(one["modules"] for one in contracts if one["name"].startswith("Stages do not import"))
    tasks = {value.__module__ for value in vars(flows.round).values() if hasattr(value, "stage")}
    assert set(listed) == tasks


def test_no_stage_names_a_file_of_another_by_a_string() -> None:
    names = {file.name for stage in STAGES.values() for file in (*stage.gives, *stage.reads) if isinstance(file, Table)}
    for path in (path for folder in ("tasks", "flows") for path in (ROOT / folder).rglob("*.py")):
        if path.name in ("files.py", "stage.py"):
            continue
        texts = {node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)}
        assert not names & {text for text in texts if isinstance(text, str)}, path


def test_a_stage_that_draws_has_a_seed_of_its_own_each_round() -> None:
    own = make_recipe()
    spec = STAGES["generate"].spec(own, as_written, 3, {})
    assert spec.seed == derive_seed(own.seed, 3, "generate")
    assert STAGES["judge"].spec(own, as_written, 3, {}).seed is None, "judges by rule draw nothing"
    assert STAGES["warm_start"].spec(own, as_written, 0, {}).seed == derive_seed(own.seed, "seed")


def test_inputs_are_named_by_key_and_by_digest() -> None:
    stage = Stage("s", version=3, is_random=lambda _: False)
    spec = stage.spec(make_recipe(), as_written, 1, {"one": step("a"), "all": (step("a"), step("b")), "none": None})
    assert spec.inputs == {"one": "key of a", "all": ["key of a", "key of b"], "none": None}
    assert (spec.versions, spec.seed) == ({"s": 3}, None)


def test_what_is_left_out_of_a_section_enters_no_key() -> None:
    stage = Stage("s", version=1, config=lambda recipe, _: {"train": without(recipe.train, "epochs")})
    one, other = (stage.spec(make_recipe(train={"epochs": epochs}), as_written, 1, {}) for epochs in (1, 2))
    assert one.key == other.key and one.config["train"]["learning_rate"]


def test_numbers_are_typed_and_a_missing_one_names_its_step() -> None:
    numbers = SelectNumbers.of(step("select", num_samples=4, num_kept=3, num_rows=2, kept_rate=0.75))
    assert (numbers.num_samples, numbers.num_kept, numbers.num_rows) == (4, 3, 2)
    with pytest.raises(StoreError, match=r"select does not say num_rows: Field required\n  fix: remove select/record"):
        SelectNumbers.of(step("select", num_samples=4, num_kept=3))


def test_a_plan_goes_on_as_if_enough_was_kept() -> None:
    spec = SELECT.spec(make_recipe(train={"min_examples": 7}), as_written, 1, {})
    assert spec.expected == {"num_samples": 7, "num_kept": 7, "num_rows": 7}
    assert STAGES["decide"].spec(make_recipe(), as_written, 1, {}).expected is None
    assert Numbers.expected(make_recipe()) == {}


def test_stages_are_called_once_each() -> None:
    assert len(STAGES) == len({*BASELINE, *ROUND}) == 16
