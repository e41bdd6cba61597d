"""Model versions: found by digest or alias, their tags renewed, their weights elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.tracking.tracker import Tracker

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Tracker:
    folder: Path = tmp_path_factory.mktemp("registry")
    return Tracker(f"sqlite:///{folder}/mlflow.db", folder / "artifacts")


def test_a_version_is_found_again_and_its_tags_are_renewed(tracker: Tracker) -> None:
    first = tracker.register_model("renewed", "s3://b/one", "d1", {"round": 1, "kept": "yes"})
    again = tracker.register_model("renewed", "s3://b/one", "d1", {"round": 1, "metric.accuracy": "0.5"})
    assert first == again
    (version,) = tracker.list_versions("renewed")
    assert (version.number, version.source, version.digest) == (first, "s3://b/one", "d1")
    assert {name: version.tags[name] for name in ("round", "kept", "metric.accuracy")} == {
        "round": "1", "kept": "yes", "metric.accuracy": "0.5",
    }  # fmt: skip


def test_a_version_is_found_by_its_alias(tracker: Tracker) -> None:
    assert tracker.find_version("named", "champion") is None
    number = tracker.register_model("named", "s3://b/two", "d2")
    assert tracker.find_version("named", "champion") is None
    tracker.set_alias("named", "champion", number)
    found = tracker.find_version("named", "champion")
    assert found is not None
    assert (found.number, found.digest) == (number, "d2")


def test_versions_are_listed_in_order_and_can_be_marked(tracker: Tracker) -> None:
    numbers = [tracker.register_model("many", f"s3://b/{number}", f"m{number}") for number in range(12)]
    assert [version.number for version in tracker.list_versions("many")] == numbers
    tracker.tag_version("many", numbers[3], {"selfloop.removed": "true"})
    marked = [version.number for version in tracker.list_versions("many") if "selfloop.removed" in version.tags]
    assert marked == [numbers[3]]
    assert tracker.list_versions("unknown") == []


def test_a_tag_that_is_too_long_is_cut(tracker: Tracker) -> None:
    tracker.register_model("long", "s3://b/x", "x", {"chain": "y" * 20_000})
    (version,) = tracker.list_versions("long")
    assert version.tags["chain"].endswith("...")
