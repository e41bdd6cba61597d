"""prefect.yaml: deployments that name existing pools, with schedules that ship inactive."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.services.bootstrap_prefect import POOLS

FILE = Path(__file__).parents[3] / "infra/deploy/prefect.yaml"
DEPLOYMENTS: list[dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["deployments"]


def test_the_three_deployments_are_there() -> None:
    assert {one["name"]: one["entrypoint"] for one in DEPLOYMENTS} == {
        "improve": "flows/improve.py:scheduled_improve",
        "benchmark": "flows/benchmark.py:benchmark",
        "housekeeping": "flows/housekeeping.py:housekeeping",
    }


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=[one["name"] for one in DEPLOYMENTS])
def test_deployment_has_a_pool_and_an_inactive_schedule(deployment: dict[str, Any]) -> None:
    assert deployment["work_pool"]["name"] in POOLS
    assert [schedule["active"] for schedule in deployment["schedules"]] == [False]
    limit = {"limit": 1, "collision_strategy": "CANCEL_NEW"}
    is_continued = "continued" in deployment["tags"]  # the lease keeps its runs apart, and knows which of them are dead
    assert deployment.get("concurrency_limit") == (None if is_continued else limit)


def test_work_stays_in_the_folder_of_the_pool() -> None:
    (step,) = yaml.safe_load(FILE.read_text(encoding="utf-8"))["pull"]
    assert step == {"prefect.deployments.steps.set_working_directory": {"directory": "."}}


@pytest.mark.slow
def test_prefect_reads_every_field() -> None:
    from prefect.cli.deploy._models import DeploymentConfig, PrefectYamlModel, RawScheduleConfig, WorkPoolConfig

    known = {"deployment": DeploymentConfig, "schedule": RawScheduleConfig, "pool": WorkPoolConfig}
    fields = {name: set(model.model_fields) for name, model in known.items()}
    PrefectYamlModel.model_validate(yaml.safe_load(FILE.read_text(encoding="utf-8")))
    for one in DEPLOYMENTS:
        assert set(one) <= fields["deployment"]
        assert set(one["work_pool"]) <= fields["pool"]
        for schedule in one["schedules"]:
            assert set(schedule) <= fields["schedule"]
            RawScheduleConfig.model_validate(schedule)
