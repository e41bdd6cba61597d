"""Segments of online training small enough for tests: rounds as functions, in this process or in one to be killed.

python -m tests.flows.segments FOLDER RECIPE.json ROUNDS [CLUSTER]
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from configs.schema.recipe import Recipe
from flows.round import baseline, improvement_round
from infra.cluster.address import AUTO
from infra.engines.learn.learner import Learner
from infra.store.files import sha256_of
from infra.store.folder import FolderStore
from tasks.core.bench import Workbench
from tasks.core.ledger import Ledger
from tasks.decide.state import LoopState, RoundOutcome
from tests.flows.micro import micro_recipe

REWARD = [{"kind": "judge"}, {"kind": "format", "pattern": "1;", "weight": 0.5}]
"""a model this small is sure of itself: the second term tells its samples apart where the judge cannot"""


def segment_recipe(steps: int = 3, rounds: int = 1, **sections: Any) -> dict[str, Any]:
    """A recipe of segments; keyword arguments are laid over the sections."""
    tree = micro_recipe(rounds={"max": rounds})
    del tree["generate"]
    tree["warm_start"]["epochs"] = 60
    tree["train"] = {
        "objective": {"kind": "grpo"}, "start_from": "previous_with_optimizer", "reference": "seed", "max_steps": steps,
        "learning_rate": 1e-3, "batch_size": 16, "max_length": 64, "schedule": "constant", "tune": {"kind": "full"},
        "checkpoint_seconds": 0.01,
    }  # fmt: skip
    tree["online"] = {
        "problems_per_wave": 4, "group_size": 6, "episode": {"max_tokens": 16}, "reward": REWARD, "probe": None,
    }  # fmt: skip
    for name, section in sections.items():
        known = tree.get(name)
        tree[name] = {**known, **section} if isinstance(known, dict) and isinstance(section, Mapping) else section
    return tree


def run_rounds(folder: Path, tree: Mapping[str, Any], rounds: int | None = None, cluster: str = AUTO) -> RoundOutcome:
    """Run the baseline and the rounds, or go on with them; what is done is found in the folder's store."""
    recipe = Recipe.model_validate(tree)
    ledger = Ledger(FolderStore(folder / "store"), folder / "work", {}, lambda: None)
    with Workbench(recipe, ledger, folder, cluster_address=cluster) as bench:
        outcome = baseline(bench)
        for number in range(1, (recipe.rounds.max if rounds is None else rounds) + 1):
            outcome = improvement_round(bench, number, outcome.state)
    return outcome


def begin(folder: Path, tree: Mapping[str, Any]) -> LoopState:
    """The state after the baseline, in the folder's store."""
    return run_rounds(folder, tree, rounds=0).state


def segment_folder(folder: Path, round: int = 1) -> Path:
    """Where the published segment of a round lies."""
    (record,) = (folder / "store").glob(f"micro/round-{round:03d}/segment/*/record.json")
    return record.parent


def digests(folder: Path, round: int = 1) -> dict[str, str]:
    """Digests of all that a segment published, less its record, which holds the time."""
    place = segment_folder(folder, round)
    files = sorted(path for path in place.rglob("*") if path.is_file() and path.name != "record.json")
    return {str(path.relative_to(place)): sha256_of(path) for path in files}


class monkeypatched:  # reads as a context
    """Something happens just after, or instead of, the nth call of a method."""

    def __init__(self, owner: type, name: str, after: int, do: Callable[..., None], instead: bool = False) -> None:
        self.owner, self.name, self.left, self.do, self.instead = owner, name, after, do, instead

    def __enter__(self) -> None:
        self.before = getattr(self.owner, self.name)

        def call(own: Any, *args: Any, **kwargs: Any) -> Any:
            self.left -= 1
            if self.left == 0 and self.instead:
                return self.do(own)
            found = self.before(own, *args, **kwargs)
            if self.left == 0:
                self.do(own)
            return found

        setattr(self.owner, self.name, call)

    def __exit__(self, *_: object) -> None:
        setattr(self.owner, self.name, self.before)


def kill_process(owner: Any) -> None:
    """Of a learner the first, or of a session."""
    process = owner._ranks if isinstance(owner, Learner) else owner._transport
    os.killpg(process.source.pid, signal.SIGKILL)


if __name__ == "__main__":
    run_rounds(Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text()), int(sys.argv[3]), *sys.argv[4:])
