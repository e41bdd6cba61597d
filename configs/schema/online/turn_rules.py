"""Rules of episodes with several texts: what a row of them can be trained on. Part of `online_fits`."""

from __future__ import annotations

from collections.abc import Iterator

from configs.schema.generate import ReviseGenerate
from configs.schema.online.objectives import OnlineObjective, PolicyGradient
from configs.schema.online.section import Online
from configs.schema.revision.parts import POLICY
from configs.schema.sections import Sections


def turns_fit(recipe: Sections, online: Online, objective: OnlineObjective) -> Iterator[str]:
    """What does not fit, in words."""
    if isinstance(online.episode, ReviseGenerate):
        yield from _steps(online.episode)
    is_row_ratio = isinstance(objective, PolicyGradient) and objective.ratio in ("sequence", "sequence_sum")
    if is_row_ratio and online.credit.unit == "turn" and online.episode.kind in ("revise", "inline"):
        yield (f"train.objective.ratio: {getattr(objective, 'ratio', '')} is one number of a row, and gives all its "
               "texts the mean of what each is worth: write ratio: token or turn, or credit.unit: episode")  # fmt: skip
    if online.control is not None:
        for judge in recipe.judge:
            if judge.sees_group:
                yield (f"online.control: '{judge.name}' judges the samples of a problem against each other, and those "
                       "of the second group are no members: write another judge")  # fmt: skip


def _steps(episode: ReviseGenerate) -> Iterator[str]:
    for place, step in enumerate(episode.steps):
        if step.split is not None:
            yield (f"online.episode.steps.{place}.split: parts that are cut out of a text have no tokens of their own: "
                   "write a step for each, or episode.kind: inline")  # fmt: skip
        if POLICY in step.also_by:
            yield (f"online.episode.steps.{place}.also_by: the policy draws as the first of several: write by: policy, "
                   "and the others in also_by")  # fmt: skip
        if step.keep is not None and step.by == POLICY:
            yield (f"online.episode.steps.{place}.keep: texts that are not kept cannot be learnt from, and what is "
                   "left is not what the policy draws: leave keep out")  # fmt: skip
    if episode.first.pool is not None:
        yield "online.episode.first.pool: attempts of other rounds are not drawn from the live weights: leave pool out"
