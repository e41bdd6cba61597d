"""A judge stage whose server does not answer some items: counted, limited by a guard, resumed without asking again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from configs.errors import GuardError
from tasks.core.files import VERDICTS
from tasks.core.refs import ModelRef
from tasks.core.roles import Cast
from tasks.judge.task import judge
from tests.build.judging import judging_bench, publish_round
from tests.infra.engines.chat_server import Body, ChatServer, Reply, answer, serving

pytestmark = pytest.mark.slow

POLICY = ModelRef(name="policy", digest="0" * 64, external="/nowhere")
CAST = Cast(base=POLICY, seed=None, previous=None, round_start=POLICY, live=POLICY)
BAD = ("1+1=so 7", "2+2=7")
"""a problem with an answer, as the prompt of the tests' judge shows them"""


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with serving() as opened:
        yield opened


def settings(server: ChatServer, **guard: Any) -> dict[str, Any]:
    engine = {"kind": "endpoint", "url": server.url, "model": "m", "max_retries": 0}
    sections: dict[str, Any] = {"roles": {"teacher": {"engine": engine}}}
    return sections | ({"guards": [{"metric": "missing_share", "action": "stop", **guard}]} if guard else {})


RUBRIC = {"kind": "rubric", "role": "teacher", "prompt": "grade.j2", "repeats": 1}


def some_are_bad(body: Body) -> Reply:
    if any(body["messages"][-1]["content"].startswith(bad) for bad in BAD):
        return answer(body, finish_reason="content_filter")
    return answer(body, message={"role": "assistant", "content": "**Score:** 4"})


def test_some_items_are_missing_and_the_stage_ends_well(tmp_path: Path, server: ChatServer) -> None:
    server.respond = some_are_bad
    with judging_bench(tmp_path, [RUBRIC], **settings(server)) as bench:
        samples, problems = publish_round(bench)
        step = judge(bench, 1, samples, problems, CAST)
        labels = [verdict.label for verdict in VERDICTS.read(bench.ledger, step)]
        scores = [verdict.score for verdict in VERDICTS.read(bench.ledger, step)]
    assert labels.count("missing") == 2 and labels.count("unscored") == 7 and labels.count("truncated") == 3
    assert {score for label, score in zip(labels, scores, strict=True) if label == "missing"} == {None}
    assert step.summary["num_missing"] == step.summary["num_missing_judge_filtered"] == 2
    assert "content_filter" in str(step.summary["first_missing_judge_filtered"])


def test_too_many_end_the_stage_and_with_a_higher_limit_what_was_answered_is_not_asked_again(
    tmp_path: Path, server: ChatServer
) -> None:
    server.respond = some_are_bad
    with judging_bench(tmp_path, [RUBRIC], **settings(server, above=0.1)) as bench:
        samples, problems = publish_round(bench)
        with pytest.raises(
            GuardError, match=r"round 1 judge: 2 of 9 answers are missing \(22%\), and the limit is 10%"
        ):
            judge(bench, 1, samples, problems, CAST)
    num_asked = len(server.bodies)
    with judging_bench(tmp_path, [RUBRIC], **settings(server, above=0.3)) as bench:
        samples, problems = publish_round(bench)
        step = judge(bench, 1, samples, problems, CAST)
    again = [body["messages"][-1]["content"] for body in server.bodies[num_asked:]]
    assert len(again) == 2 and all(text.startswith(BAD) for text in again)
    assert step.summary["num_missing"] == 2


def test_a_server_that_is_mended_is_asked_for_what_is_missing_alone(tmp_path: Path, server: ChatServer) -> None:
    server.respond = some_are_bad
    with judging_bench(tmp_path, [RUBRIC], **settings(server, above=0.1)) as bench:
        samples, problems = publish_round(bench)
        with pytest.raises(GuardError):
            judge(bench, 1, samples, problems, CAST)
    server.respond = lambda body: answer(body, message={"role": "assistant", "content": "Score: 3"})
    num_asked = len(server.bodies)
    with judging_bench(tmp_path, [RUBRIC], **settings(server, above=0.1)) as bench:
        samples, problems = publish_round(bench)
        step = judge(bench, 1, samples, problems, CAST)
    assert len(server.bodies) - num_asked == 2 and step.summary["num_missing"] == 0
    assert "missing_share_judge" not in step.summary
