"""Passes: one model asked about every sample, for one judge. Says who is asked, and in which order.

Passes of one model lie together, those of the model that wrote the samples first: its generator is open already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from configs.errors import RecipeError
from configs.schema.judge import ImplicitJudge, Judge, RewardModelJudge
from tasks.core.bench import Workbench
from tasks.core.refs import ModelRef
from tasks.core.roles import Cast, Pool, open_reward_model, open_role
from tasks.core.step import canonical_json
from tasks.judge.implicit import REFERENCE
from tasks.judge.kinds import KINDS
from tasks.judge.questions import ModelJudge
from tasks.judge.read import judgement_prefix


@dataclass(frozen=True)
class Pass:
    """One model asked for one judge.

    Attributes:
        part: empty for the judge's own model; `reference` and `trusted` are further passes.
        player: the state that is asked, of the policy or of a role that learns; None for a role that stays as it is.
    """

    judge: ModelJudge
    part: str
    player: ModelRef | None

    def file_name(self, number: int) -> str:
        """Name of the file of one shard."""
        return f"{judgement_prefix(self.judge.name, self.part)}{number:05d}.parquet"

    def open(self, bench: Workbench) -> Pool:
        """What answers."""
        if isinstance(self.judge, RewardModelJudge):
            return open_reward_model(bench, self.judge.role)
        return open_role(bench, self.judge.role, self.player)


def plan_passes(judges: Sequence[Judge], cast: Cast) -> list[Pass]:
    """The passes of all judges that ask a model, in the order in which they are made.

    Raises:
        RecipeError: an implicit judge would compare a model with itself.
    """
    passes = [
        Pass(judge, part, _player(judge, part, cast))
        for judge in judges
        if isinstance(judge, ModelJudge)
        for part in KINDS[judge.kind].parts(judge)
    ]
    for judge in judges:
        if isinstance(judge, ImplicitJudge) and judge.reference != "none":
            _check_reference(judge, cast)
    places: dict[bytes, int] = {canonical_json(["policy", cast.round_start.digest]): -1}
    for place, step in enumerate(passes):
        places.setdefault(_model_key(step), place)
    return sorted(passes, key=lambda step: places[_model_key(step)])


def _player(judge: ModelJudge, part: str, cast: Cast) -> ModelRef | None:
    if isinstance(judge, ImplicitJudge) and part == REFERENCE:
        return _reference(judge, cast)
    return cast.player(judge.role, judge.frozen)


def _reference(judge: ImplicitJudge, cast: Cast) -> ModelRef:
    """A state of the judge's own chain; of the policy's, where the judge is a model that stays as it is."""
    return cast.player(judge.role, judge.reference) or cast.state(judge.reference)


def _model_key(step: Pass) -> bytes:
    return canonical_json(["role", step.judge.role] if step.player is None else ["policy", step.player.digest])


def _check_reference(judge: ImplicitJudge, cast: Cast) -> None:
    """Every score would be zero, and none of them would mean anything."""
    player, reference = cast.player(judge.role, judge.frozen), _reference(judge, cast)
    if player is not None and player.digest == reference.digest:
        raise RecipeError(
            f"judge '{judge.name}': its model ({judge.frozen}) and its reference ({judge.reference}) are both "
            f"'{player.name}' here, so that every score would be 0",
            "write reference: base or seed, whichever another model was trained from, or reference: none",
        )
