from __future__ import annotations

import pytest
from pydantic import ValidationError

from tasks.report.rounds import RoundReport, champion_of
from tests.tasks.report.example import baseline, experiment_report, trained


def test_the_champion_is_the_last_accepted_candidate() -> None:
    assert experiment_report().champion.candidate == "round-1"
    assert champion_of([baseline()]).candidate == "seed"


def test_a_refused_or_stopped_candidate_is_not_accepted() -> None:
    accepted = {action: trained(1, 0.5, action).is_accepted for action in ("promote", "keep_incumbent", "stop")}
    assert accepted == {"promote": True, "keep_incumbent": False, "stop": False}


def test_drops_leave_out_reasons_that_dropped_none() -> None:
    assert trained(1, 0.5, "promote").drops() == {"wrong": 600, "truncated": 150}


def test_seconds_are_the_sum_over_stages_and_unknown_without_one() -> None:
    assert trained(1, 0.5, "promote").seconds() == 85.0
    assert baseline().model_copy(update={"metrics": {}}).seconds() is None


def test_an_interval_needs_all_its_ends() -> None:
    report = baseline()
    assert report.interval("report") == pytest.approx((0.19, 0.15, 0.23))
    cut = report.model_copy(update={"metrics": {"report_accuracy": 0.19}})
    assert cut.interval("report") is None


def test_reports_survive_json_and_refuse_unknown_keys() -> None:
    report = trained(2, 0.8, "promote")
    assert RoundReport.model_validate_json(report.model_dump_json()) == report
    with pytest.raises(ValidationError):
        RoundReport.model_validate(report.model_dump() | {"score": 1.0})
    with pytest.raises(ValidationError):
        trained(2, 0.8, "rolled")
