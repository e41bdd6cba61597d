"""What a field says it is to a key."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from configs.schema.engine import EndpointEngine, TransformersEngine
from configs.schema.judges.opinions import MetaJudge, RubricJudge
from configs.schema.kinds import component_choices
from configs.schema.marks import OUTSIDE, Content, Execution, Horizon, as_written, identity, mark_of
from configs.schema.problems import FileSource, HubSource
from configs.schema.recipe import Recipe
from configs.schema.train import Train
from tests.configs.leaves import alternatives, leaves
from tests.configs.online_recipes import ONLINE
from tests.configs.recipes import NAMES, recipe


def classes_of(component: type[BaseModel], seen: set[type[BaseModel]] | None = None) -> set[type[BaseModel]]:
    """Every component class that a recipe can hold."""
    seen = set() if seen is None else seen
    if component not in seen:
        seen.add(component)
        for field in component.model_fields.values():
            for inner in component_choices(field.annotation).values():
                classes_of(inner, seen)
    return seen


def parts_of(value: object) -> Iterator[BaseModel]:
    """Every component of a recipe."""
    if isinstance(value, BaseModel):
        yield value
        for name in type(value).model_fields:
            yield from parts_of(getattr(value, name))
    elif isinstance(value, (tuple, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from parts_of(item)


def test_where_an_engine_runs_is_left_out_and_what_it_computes_stays() -> None:
    engine = TransformersEngine(batch_size=7, devices=("cuda:3",), dtype="float32")
    assert identity(engine, as_written) == {"kind": "transformers", "dtype": "float32", "max_model_length": None}
    server = EndpointEngine(url="http://localhost:1/v1", model="a", timeout_seconds=1)
    assert identity(server, as_written) == {"kind": "endpoint", "model": "a"}


def test_one_name_can_be_execution_here_and_identity_there() -> None:
    """`batch_size` of a training is part of what is trained; `rounds` of a meta judge are no number of rounds."""
    assert identity(Train(batch_size=7), as_written)["batch_size"] == 7
    assert identity(MetaJudge(rounds=1), as_written)["rounds"] == 1


def test_a_name_enters_as_what_it_names_and_not_at_all_where_nothing_does() -> None:
    def resolve(content: Content, value: object, holder: BaseModel) -> str | None:
        return f"<{content.names}>" if content.names in OUTSIDE else None

    judge = identity(RubricJudge(role="critic"), resolve)
    assert judge["prompt"] == "<prompt>" and "role" not in judge and "frozen" not in judge
    assert identity(FileSource(path="a.jsonl"), resolve)["path"] == "<file>"
    assert "local_path" not in identity(HubSource(id="a"), resolve)


def test_what_enters_in_another_place_is_left_out_of_one_component_alone() -> None:
    told = identity(Train(), as_written, "max_steps", "kind")
    assert "max_steps" not in told and told["tune"]["kind"] == "lora"


def test_a_field_that_came_later_enters_no_key_until_it_is_used() -> None:
    """What steps were named by before there were such fields; their keys are those of then."""
    then = {
        "kind": "file", "path": "a.jsonl", "start": 0, "limit": None,
        "mapping": {"prompt": "{{ question }}", "system": None, "answer": None, "solution": None, "id": None,
                    "tags": []},
    }  # fmt: skip
    assert identity(FileSource(path="a.jsonl"), as_written) == then
    assert identity(FileSource(path="a.jsonl", shuffle=0), as_written) == then | {"shuffle": 0}
    for name in NAMES:
        told = identity(recipe(name).problems, as_written)
        assert set(told) == {"train", "select", "report"} or recipe(name).problems.source is not None


def test_a_field_that_is_declared_anew_keeps_its_mark() -> None:
    for component in classes_of(Recipe):
        for base in component.__mro__[1:]:
            for name, field in getattr(base, "model_fields", {}).items():
                marks = mark_of(field), mark_of(component.model_fields[name])
                assert marks[0] == marks[1], f"{component.__name__}.{name}"


def test_every_component_is_in_some_recipe_that_is_tested() -> None:
    used = {type(part) for name in (*NAMES, *ONLINE) for part in parts_of(recipe(name))}
    assert classes_of(Recipe) == used


@pytest.mark.parametrize("name", [*NAMES, *ONLINE])
def test_the_recipe_is_another_one_unless_the_mark_says_otherwise(name: str) -> None:
    own = recipe(name)
    known = identity(own, as_written)
    for leaf in leaves(own):
        if other := next(alternatives(own, leaf), None):
            is_same = identity(other, as_written) == known
            assert is_same == (leaf.mark in (Execution, Horizon)), leaf
