"""The work pool of Kubernetes, and the machines of its sessions, as far as they can be read without a cluster."""

from __future__ import annotations

import json
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).parents[3] / "infra/deploy"
TEMPLATE: dict[str, Any] = yaml.safe_load((FOLDER / "kubernetes-pool.yaml").read_text(encoding="utf-8"))
MACHINES: dict[str, Any] = yaml.safe_load((FOLDER / "raycluster.yaml").read_text(encoding="utf-8"))
VARIABLES: dict[str, dict[str, Any]] = TEMPLATE["variables"]["properties"]
FLOW: dict[str, Any] = TEMPLATE["job_configuration"]["job_manifest"]["spec"]["template"]["spec"]
HEAD, (WORKERS,) = MACHINES["spec"]["headGroupSpec"], MACHINES["spec"]["workerGroupSpecs"]


def container(group: dict[str, Any]) -> dict[str, Any]:
    (found,) = group["template"]["spec"]["containers"]
    return dict(found)


def test_every_place_of_the_template_is_a_variable_and_every_variable_has_a_place() -> None:
    assert set(re.findall(r"{{ (\w+) }}", json.dumps(TEMPLATE["job_configuration"]))) == set(VARIABLES)


def test_the_flow_asks_for_no_gpu_and_knows_where_its_machines_are() -> None:
    (pod,) = FLOW["containers"]
    assert pod["resources"]["limits"]["nvidia.com/gpu"] == "{{ gpus }}" and VARIABLES["gpus"]["default"] == "0"
    address = VARIABLES["env"]["default"]["RAY_ADDRESS"]
    ports = {port["name"]: port["containerPort"] for port in container(HEAD)["ports"]}
    assert address == f"ray://{MACHINES['metadata']['name']}-head-svc:{ports['client']}", (
        "KubeRay's name of the service"
    )


def test_flow_and_machines_have_one_image_one_secret_and_one_ray() -> None:
    images = {container(group)["image"] for group in (HEAD, WORKERS)}
    secrets = {one["secretRef"]["name"] for group in (HEAD, WORKERS) for one in container(group)["envFrom"]}
    assert images == {VARIABLES["image"]["default"]} and secrets == {VARIABLES["secret"]["default"]}
    assert MACHINES["spec"]["rayVersion"] == version("ray")


def test_sessions_run_on_workers_alone_with_every_gpu_that_these_have() -> None:
    assert HEAD["rayStartParams"]["num-cpus"] == "0" and "nvidia.com/gpu" not in str(HEAD)
    assert container(WORKERS)["resources"]["limits"]["nvidia.com/gpu"] == WORKERS["rayStartParams"]["num-gpus"]


@pytest.mark.slow
def test_prefect_fills_the_template_in() -> None:
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.utilities.templating import apply_values

    WorkPoolCreate(name="k8s", type="kubernetes", base_job_template=TEMPLATE)
    given = {name: one["default"] for name, one in VARIABLES.items() if "default" in one} | {
        "name": "night",
        "labels": {},
    }
    filled: dict[str, Any] = apply_values(TEMPLATE["job_configuration"], given, remove_notset=True)
    job = filled["job_manifest"]
    (pod,) = job["spec"]["template"]["spec"]["containers"]
    assert job["metadata"]["generateName"] == "night-" and pod["image"] == "selfloop-gpu"
    assert pod["env"]["RAY_ADDRESS"].startswith("ray://") and pod["resources"]["limits"]["nvidia.com/gpu"] == "0"
    assert "{{" not in json.dumps(filled)
