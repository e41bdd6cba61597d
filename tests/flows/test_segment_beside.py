"""A segment whose samples are drawn beside its learner: the same samples, and no kill changes them."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from configs.errors import EngineError
from infra.engines.learn.beside import Beside
from infra.engines.learn.learner import Learner
from tasks.online.wave_folder import WaveFolder
from tests.flows.micro import processes_of
from tests.flows.segments import digests, kill_process, monkeypatched, run_rounds, segment_folder, segment_recipe
from tests.flows.test_segment_live import two_judges
from tests.flows.test_segments import Stopped, kill_at_random, stop

pytestmark = pytest.mark.slow
NUM_KILLS = int(os.environ.get("SELFLOOP_TEST_KILLS", "2"))
WAVES = 4
LORA = {"kind": "lora", "rank": 4, "alpha": 32}


def tree(where: str = "session", **train: Any) -> dict[str, Any]:
    return segment_recipe(steps=WAVES, train=train, online={"sampler": {"where": where}})


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the baseline of every recipe here."""
    folder = tmp_path_factory.mktemp("begun")
    run_rounds(folder, tree(), rounds=0)
    return folder


@pytest.fixture(scope="module")
def straight(begun: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A segment that its learner drew, undisturbed."""
    folder = tmp_path_factory.mktemp("straight") / "run"
    shutil.copytree(begun, folder)
    run_rounds(folder, tree("learner"))
    return folder


@pytest.fixture
def folder(begun: Path, tmp_path: Path) -> Path:
    shutil.copytree(begun, tmp_path / "run")
    return tmp_path / "run"


@contextmanager
def following(follow: Callable[[Beside, int], None]) -> Iterator[None]:
    """Something else happens where a session gets a wave's weights."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Beside, "follow", follow)
        yield


@contextmanager
def followed() -> Iterator[list[int]]:
    """Numbers of the waves whose weights a session gets."""
    numbers: list[int] = []
    before = Beside.follow

    def follow(own: Beside, wave: int) -> None:
        numbers.append(wave)
        before(own, wave)

    with following(follow):
        yield numbers


def kill_session(pool: Beside) -> None:
    (session,) = pool._pool._sessions
    kill_process(session)


def test_a_session_draws_what_the_learner_draws_and_its_gap_is_told(folder: Path, straight: Path) -> None:
    with followed() as numbers:
        outcome = run_rounds(folder, tree())
    assert numbers == list(range(WAVES))
    assert digests(folder) == digests(straight)
    lines = [json.loads(line) for line in (segment_folder(folder) / "metrics.jsonl").read_text().splitlines()]
    assert all(line["sampler_gap_mean"] < 1e-4 and line["sampler_gap_max"] < 1e-3 for line in lines)
    assert outcome.steps["segment"].summary["sampler_gap_mean"] < 1e-4


def test_weights_that_lag_behind_show_in_the_gap(folder: Path) -> None:
    """The monitor sees what would go wrong: a session that keeps the weights of its first wave."""
    before = Beside.follow
    with following(lambda own, wave: before(own, wave) if wave == 0 else None):
        run_rounds(folder, tree())
    lines = [json.loads(line) for line in (segment_folder(folder) / "metrics.jsonl").read_text().splitlines()]
    gaps = [line["sampler_gap_mean"] for line in lines]
    assert gaps[0] < 1e-4 < 1e-3 < gaps[1] < gaps[-1]
    assert lines[-1]["weight_ess"] < lines[0]["weight_ess"], "and the correction takes it away"


def test_adapters_follow_as_files(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "other")
    run_rounds(folder, tree(tune=LORA))
    run_rounds(tmp_path / "other", tree("learner", tune=LORA))
    assert digests(folder) == digests(tmp_path / "other")


ENDS = {
    "the session as it draws": (Beside, "follow", 3, kill_session, False, None),
    "the learner as it trains": (Learner, "train", 2, kill_process, False, EngineError),
    "the learner before it hands over its weights": (Learner, "wanted", 3, kill_process, False, EngineError),
    "the conductor after it published": (WaveFolder, "publish", 3, stop, False, Stopped),
    "the conductor before it published": (WaveFolder, "publish", 3, stop, True, Stopped),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.nightly
def test_whatever_ended_it_ends_with_the_same_bytes(end: str, folder: Path, straight: Path) -> None:
    owner, name, after, do, instead, error = ENDS[end]
    with monkeypatched(owner, name, after, do, instead):
        if error is None:
            run_rounds(folder, tree())
        else:
            with pytest.raises(error):
                run_rounds(folder, tree())
    published = len(list((folder / "store").glob("micro/round-001/segment/*/waves/*.json")))
    with followed() as numbers:
        run_rounds(folder, tree())
    assert numbers == ([] if error is None else list(range(published, WAVES))), "what is published is not drawn again"
    assert digests(folder) == digests(straight)
    assert processes_of(folder) == []


def test_a_segment_may_be_drawn_elsewhere_after_a_kill(folder: Path, straight: Path) -> None:
    with pytest.raises(Stopped), monkeypatched(WaveFolder, "publish", 2, stop):
        run_rounds(folder, tree("learner"))
    with followed() as numbers:
        run_rounds(folder, tree())
    assert numbers == [2, 3]
    assert digests(folder) == digests(straight)


@pytest.mark.nightly
def test_kills_at_random_moments_change_nothing(folder: Path, straight: Path, tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text(json.dumps(tree()))
    kill_at_random(folder, tmp_path / "recipe.json", NUM_KILLS, random.Random(5), 2.0)
    run_rounds(folder, tree())
    assert digests(folder) == digests(straight)
    assert processes_of(folder) == []


def elsewhere(folder: Path, recipe: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """What a segment publishes that was drawn in its learner, and beside it."""
    run_rounds(folder / "learner", recipe, rounds=0)
    shutil.copytree(folder / "learner", folder / "session")
    for where in ("learner", "session"):
        recipe["online"]["sampler"] = {"where": where}
        run_rounds(folder / where, recipe)
    return digests(folder / "learner"), digests(folder / "session")


def test_live_judges_ask_the_same_weights(tmp_path: Path) -> None:
    one, other = elsewhere(tmp_path, two_judges(tmp_path))
    assert one == other


def test_the_moving_copy_votes_in_the_learner(tmp_path: Path) -> None:
    one, other = elsewhere(tmp_path, segment_recipe(
        steps=2, judge=[{"kind": "vote", "electorate": "teacher"}], evaluate={"verifier": {"kind": "number"}},
        online={"moving": {"rate": 0.5}, "flat_groups": "keep"},
    ))  # fmt: skip
    assert one == other
