"""docs/metrics.md names every metric that the monitors, the default guards and the report use."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from configs.schema.guard import DEFAULT_GUARDS, Guard
from configs.schema.judges.by_rule import VoteJudge
from configs.schema.judges.opinions import PairwiseJudge, RubricJudge
from tasks.core.records import Label
from tasks.core.step import Summary
from tasks.evaluate.correction.numbers import correction_numbers
from tasks.monitor.group import RoundGroup
from tasks.monitor.measure import Monitor
from tasks.monitor.orders import JudgementColumns
from tasks.monitor.training_rows import TrainingRows
from tasks.report import monitor_table, track
from tests.build.records import make_pair, make_problem, make_sample, make_scored, make_verdict
from tests.tasks.evaluate.correction.ten_problems import COURSES, DRAWS, TURNS

PAGE = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([a-zA-Z0-9_]+)`", PAGE))


def everything() -> Summary:
    """The metrics of a round in which all there is to know is known."""
    judges = [RubricJudge(), PairwiseJudge(), VoteJudge()]
    monitor = Monitor(judges, (), 0, {"p0": 0.2, "p1": 1.0}, [0.0, 0.5, 0.0, 0.0, 0.5])
    shares = (0.2, 0.4, 0.6, 0.9)
    for number in range(4):
        draws = [
            make_sample(
                f"p{number}", i, f"<<{i}>>" + "x" * i, model="m1" if i < 8 else "m2", draw="" if i < 8 else "hot"
            )
            for i in range(16)
        ]
        correct = [i % 3 == 0 if number else i == 0 for i in range(16)]
        scored = {
            judge.name: [make_scored(one, float(one.index % 5), judge.name, answer="7") for one in draws]
            for judge in judges
        }
        scored["vote"] = [make_verdict(one, Label.CORRECT, "vote", score=shares[number], answer="7") for one in draws]
        monitor.add(RoundGroup(make_problem(f"p{number}"), draws, scored, correct=correct, kept=correct))
    for watch in monitor.judges:
        watch.add_judgements([JudgementColumns("a", "b", 0, 1.0), JudgementColumns("b", "a", 0, 0.0)])
    rows = TrainingRows({suite: [make_problem(suite)] for suite in ("select", "report")})
    rows.add_all([make_pair(make_sample(), make_sample(index=1))])
    return {**monitor.numbers(), **rows.numbers()}


def page_name(metric: str) -> str:
    """A metric's name as the page writes it: K and S for numbers, no name of a later judge."""
    metric = re.sub(r"^(pairwise|vote)_(?=judge_|exploit_|gap_|pseudo_)", "", metric)
    metric = re.sub(r"^(explore_pass_at|exploit_best_of|exploit_reward_at)_\d+", r"\1_K", metric)
    metric = re.sub(r"(_at_K)_\d+$", r"\1_S", metric)
    metric = re.sub(r"^pseudo_label_precision(?=_(50|75|100)$)", "", metric)
    return re.sub(r"^judge_order_agreement(_low|_high)$", r"\1", metric)


def test_every_metric_of_the_monitors_is_described() -> None:
    numbers = everything()
    assert len(numbers) > 80
    assert {page_name(metric) for metric in numbers} - NAMED == set()


def test_a_round_in_which_all_is_known_has_all_that_the_page_describes() -> None:
    described = {name for line in PAGE.partition("## Drift")[0].splitlines() if line.startswith("| `")
                 for name in re.findall(r"`([a-zA-Z0-9_]+)`", line.split("|")[1])}  # fmt: skip
    assert described - {page_name(metric) for metric in everything()} == set()


@pytest.mark.parametrize("names", [monitor_table._SHOWN, track._HEADLINES])
def test_what_the_report_shows_is_described(names: tuple[str, ...]) -> None:
    suites = {name for suite in ("select", "report") for name in (f"{suite}_accuracy",)}
    families = {"explore_pass_at_", "explore_pass_at_1", "exploit_best_of_", "exploit_reward_at_"}
    found = {re.sub("_t1$", "_tT", name.removeprefix("report_")) if "report_revise" in name else name for name in names}
    assert found - NAMED - suites - families == set()


def test_numbers_of_self_correction_are_described() -> None:
    described = {re.sub(r"_t\d$", "_tT", re.sub(r"_t\d_t\d$|(?<=majority)_(low|high)$", "", name))
                 for name in correction_numbers(COURSES, DRAWS, TURNS, 0, oracle=True)}  # fmt: skip
    assert len(described) > 20
    assert described - NAMED == set()


def test_the_guards_that_the_page_proposes_are_guards() -> None:
    blocks = [yaml.safe_load(block)["guards"] for block in re.findall(r"```yaml\n(guards:.*?)```", PAGE, re.DOTALL)]
    metrics = {guard.metric for block in blocks for guard in map(Guard.model_validate, block)}
    assert {"select_revise_right_to_wrong", "drift_revise_accuracy_t1", "judge_mode_share"} <= metrics
    known = {f"select_{name}" for name in correction_numbers(COURSES, DRAWS, TURNS, 0, oracle=True)}
    assert {name for name in metrics if name.startswith("select_revise_")} <= known


def test_default_guards_stand_on_the_page_as_they_are() -> None:
    for guard in DEFAULT_GUARDS:
        limit = f"above {guard.above:g}" if guard.above is not None else f"below {guard.below:g}"
        assert f"| `{guard.metric}` | {limit} | {guard.action} |" in PAGE
    rows = re.findall(r"^\| `\w+` \| (?:above|below) [-0-9.]+ \| \w+ \|$", PAGE, re.MULTILINE)
    assert len(rows) == len(DEFAULT_GUARDS)
