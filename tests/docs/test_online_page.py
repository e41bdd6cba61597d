"""docs/online.md and the code say the same of limits and numbers of a segment."""

from __future__ import annotations

import re
from pathlib import Path

from configs.schema.guard import DEFAULT_GUARDS, ONLINE_GUARDS, Limit
from configs.schema.judges.by_rule import AnswerJudge, VoteJudge
from configs.schema.judges.kinds import Judge
from configs.schema.judges.opinions import RubricJudge
from infra.engines.learn.losses import MAXIMA
from tasks.core.records import Label, Verdict
from tasks.online.course import WATCHED
from tasks.online.monitors.choices import choice_numbers
from tasks.online.monitors.judges import judge_numbers, vote_numbers
from tests.tasks.online.build import attempt, rollout

PAGE = (Path(__file__).parents[2] / "docs" / "online.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([a-zA-Z0-9_]+)`", PAGE))


def said(limit: Limit) -> str:
    return f"above {limit.above:g}" if limit.above is not None else f"below {limit.below:g}"


def test_the_limits_of_segments_stand_on_the_page_as_they_are() -> None:
    for guard in ONLINE_GUARDS:
        second = f", while `{guard.meanwhile.metric}` is {said(guard.meanwhile)}" if guard.meanwhile else ""
        waves = guard.num_waves or "the round"
        assert f"| `{guard.metric}` | {said(guard)}{second} | {guard.action} | {waves} |" in PAGE
    assert len(re.findall(r"^\| `\w+` \| (?:above|below) ", PAGE, re.MULTILINE)) == len(ONLINE_GUARDS)
    assert not {guard.metric for guard in DEFAULT_GUARDS} & {guard.metric for guard in ONLINE_GUARDS}


def test_numbers_of_judges_votes_and_choices_are_described() -> None:
    group = [Verdict("a", "p", judge, Label.CORRECT, 1.0) for judge in ("answer", "vote", "rubric")]
    judges: list[Judge] = [AnswerJudge(), VoteJudge(), RubricJudge()]
    numbers = judge_numbers(judges, [group]) | vote_numbers(judges, [group])
    numbers |= choice_numbers("(x)", [rollout(attempt(1.0, text="x"))])
    named = {re.sub("^(judged|choice|accuracy)_(answer|vote|rubric|x)$", r"\1_NAME", name) for name in numbers}
    assert named - NAMED == set()
    assert {f"{name}_rise" for name in WATCHED} | set(MAXIMA) <= NAMED
