"""Rules between the copy of the policy that moves slowly, the objective that is taught, and what episodes are."""

from __future__ import annotations

from collections.abc import Iterator

from configs.schema.judges.base import ModelJudge
from configs.schema.judges.by_rule import VoteJudge
from configs.schema.online.objectives import OnlineObjective, Sdpo
from configs.schema.online.section import Online
from configs.schema.role import POLICY
from configs.schema.sections import Sections


def votes_of_segments(recipe: Sections) -> None:
    """Nothing, where all electorates are there; ValueError for one that only a segment has, and for its waves."""
    for judge in recipe.judge:
        if isinstance(judge, ModelJudge) and judge.every is not None and recipe.online is None:
            raise ValueError(f"judge '{judge.name}': every counts waves of a segment: leave it out, or add online")
        if isinstance(judge, VoteJudge) and judge.electorate != "own" and recipe.online is None:
            raise ValueError(f"judge '{judge.name}': electorate: {judge.electorate} is of segments: leave it out, or "
                             "add online")  # fmt: skip


def _still_judges(recipe: Sections, online: Online, is_taught: bool) -> Iterator[str]:
    """There is one copy of the weights, and one state that is called live."""
    every = {judge.every for judge in live_judges(recipe)}
    if len(every) > 1:
        yield ("judge: one state of a segment is called live, and judges of it name several numbers of waves: write "
               "the same every in each")  # fmt: skip
    if every - {None} and (online.moving is not None or is_taught):
        yield ("judge.every: it takes the place of the copy of the policy that moves slowly: leave every out, or "
               "online.moving and the objective sdpo")  # fmt: skip


def live_judges(recipe: Sections) -> list[ModelJudge]:
    """Judges that ask the policy as it is in a segment."""
    return [
        judge
        for judge in recipe.judge
        if isinstance(judge, ModelJudge) and (judge.role, judge.frozen) == (POLICY, "live")
    ]


def judged_every(recipe: Sections) -> int | None:
    """For how many waves the weights stand still that judge; None: they are those of each wave."""
    return next((judge.every for judge in live_judges(recipe)), None)


def teacher_fits(recipe: Sections, online: Online, objective: OnlineObjective) -> Iterator[str]:
    """What does not fit together, in words."""
    is_taught = isinstance(objective, Sdpo)
    if is_taught and online.episode.kind != "independent":
        yield ("online.episode.kind: the objective sdpo shows one attempt of a group to the others, each of one text: "
               "write independent")  # fmt: skip
    electorates = {judge.electorate for judge in recipe.judge if isinstance(judge, VoteJudge)}
    if online.moving is not None and not is_taught and "teacher" not in electorates:
        yield ("online.moving: nobody asks the moving copy: write the objective sdpo, or a vote judge with electorate: "
               "teacher, or leave moving out")  # fmt: skip
    if "teacher" in electorates and online.moving is None:
        yield "online.moving: a vote judge has the electorate teacher: write moving: {rate: 0.05}"
    if ("linked" in electorates) != (online.starts == "twins"):
        yield ("online.starts: a vote judge with electorate: linked reads the samples of twins, which starts: twins "
               "brings together: write both, or neither")  # fmt: skip
    if electorates - {"own"} and online.episode.kind != "independent":
        yield "online.episode.kind: electors answer in one text: write independent"
    if online.starts == "twins" and (online.problems_per_wave % 2 or online.curriculum is not None):
        yield "online.starts: twins come in pairs, in their order: write an even problems_per_wave and no curriculum"
    yield from _still_judges(recipe, online, is_taught)
    if online.moving is not None and recipe.train.start_from != "previous_with_optimizer":
        yield (f"online.moving: start_from: {recipe.train.start_from} carries nothing, and the copy would begin anew "
               "each round: write train.start_from: previous_with_optimizer")  # fmt: skip
