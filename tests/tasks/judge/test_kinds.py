"""Every judge of the schema has a kind."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from configs.schema.judges.kinds import Judge
from configs.schema.verifiers.kinds import Verifier
from tasks.judge.kind import no_judgements, no_questions
from tasks.judge.kinds.registry import KINDS
from tasks.judge.verifiers.registry import VERIFIERS

CLASSES = {kind.model_fields["kind"].default: kind for kind in get_args(get_args(Judge)[0])}
NEEDED: dict[str, dict[str, Any]] = {
    "sum": {"of": ("a", "b")},
    "importance": {"trusted": {"kind": "addition", "digits": (1,), "num_problems": 2}},
}


def test_the_registry_holds_the_kinds_of_the_schema() -> None:
    assert KINDS.keys() == CLASSES.keys()


@pytest.mark.parametrize("name", CLASSES)
def test_who_asks_has_questions_and_who_does_not_has_none(name: str) -> None:
    kind = KINDS[name]
    passes = CLASSES[name].model_validate(NEEDED.get(name, {})).passes
    assert bool(passes) == (kind.questions is not no_questions) == (kind.judgements is not no_judgements)
    assert [asked.name for asked in passes[:1]] == [""] * bool(passes), "the first pass is the judge's own"
    assert len({asked.name for asked in passes}) == len(passes)
    assert all((asked.sampling is not None) == (asked.wants == "text") for asked in passes)


@pytest.mark.parametrize("verifier", get_args(get_args(Verifier)[0]))
def test_the_schema_knows_which_verifiers_find_answers(verifier: Any) -> None:
    assert verifier.finds_answers == (VERIFIERS[verifier.model_fields["kind"].default].extract is not None)
