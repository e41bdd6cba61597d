"""Every judge of the schema has a kind, and a new one that docs/add-a-judge.md writes out is asked."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import pytest

from configs.schema import judge as schema
from configs.schema.verifier import Verifier
from infra.engines.wire import Scoring
from tasks.judge.identity import describe
from tasks.judge.kind import no_judgements, no_questions
from tasks.judge.kinds.registry import KINDS, component_versions
from tasks.judge.verdicts import judge_samples
from tasks.judge.verifiers.registry import VERIFIERS
from tasks.judge.world import World, plan_passes
from tests.tasks.judge.bench import make_problems, make_samples, open_bench, tiny_cast

PAGE = Path(__file__).parents[3] / "docs" / "add-a-judge.md"
CLASSES = {kind.model_fields["kind"].default: kind for kind in get_args(get_args(schema.Judge)[0])}
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


@pytest.fixture
def yes_judge(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The page's judge, added as the page says."""
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"^   ```python\n(.*?)^   ```", text, re.DOTALL | re.MULTILINE)
    settings, rules = (re.sub(r"^   ", "", block, flags=re.MULTILINE) for block in blocks)
    exec(settings, added := dict(vars(schema)))
    monkeypatch.setattr(schema, "YesJudge", added["YesJudge"], raising=False)
    module = ModuleType("tasks.judge.kinds.yes")
    exec(rules, vars(module))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(KINDS, "yes", module.KIND)
    yield added["YesJudge"](word="+")


@pytest.mark.slow
def test_a_new_judge_is_asked(yes_judge: Any, tmp_path: Path) -> None:
    problems = {problem.id: problem for problem in make_problems(3)}
    samples, cast = make_samples(list(problems.values())), tiny_cast(tmp_path)
    with open_bench(tmp_path, [{"kind": "vote"}]) as bench:
        verdicts = list(judge_samples(samples, [yes_judge], World(problems, bench, cast)))
        asked = [
            Scoring(sample.id, (("user", f"{problems[sample.problem_id].messages[0].content}{sample.text}?"),), "+")
            for sample in samples
            if not sample.is_truncated
        ]
        expected = [score.logprob for score in bench.generator(cast.round_start).score(asked)]
        assert bench.spending()["generator_loads"] == 1
        told = describe(bench, yes_judge, cast)
    assert [verdict.label for verdict in verdicts] == ["unscored", "unscored", "unscored", "truncated"] * 3
    found = [verdict.score for verdict in verdicts if verdict.score is not None]
    assert found == pytest.approx(expected, abs=1e-5) and len(set(found)) > 1
    assert told["models"] == {"": cast.round_start.digest}
    assert [one.judge for one in plan_passes([yes_judge], cast)] == [yes_judge]
    assert component_versions([yes_judge]) == {"judge": 1, "yes.yes": 1}
