"""Rules between `online.derived`, the episodes that it is made of, and what is trained."""

from __future__ import annotations

from collections.abc import Iterator

from configs.schema.online.derived import Derived, DerivedCopies
from configs.schema.online.objectives import OnlineObjective, PolicyGradient
from configs.schema.online.section import Online
from configs.schema.revision.parts import POLICY
from configs.schema.sections import Sections


def derived_fits(recipe: Sections, online: Online, objective: OnlineObjective) -> Iterator[str]:
    """What does not fit together, in words."""
    names: set[str] = set()
    terms = {term.name for term in online.terms(objective)}
    for place, made in enumerate(online.derived):
        address = f"online.derived.{place}"
        if made.name in names | terms:
            yield f"{address}.name: '{made.name}' is another one's, or a reward term's: give each its own name"
        names.add(made.name)
        if not isinstance(objective, PolicyGradient):
            yield (f"{address}: derived rows stand beside advantages, and the objective {objective.kind} reads none: "
                   "write grpo, dapo or another policy gradient")  # fmt: skip
        yield from _episode_has_it(address, made, online)
    if any(isinstance(one, DerivedCopies) and one.stream == "advantage" for one in online.derived):
        yield from _moved(online)


def _episode_has_it(address: str, made: Derived, online: Online) -> Iterator[str]:
    if made.kind == "attempts" and made.when == "none_right" and online.flat_groups == "drop":
        yield (f"{address}.when: none_right: groups without a right attempt are flat, and flat_groups: drop draws "
               "others in their place: write flat_groups: keep")  # fmt: skip
    credit = online.credit
    if made.kind == "verdicts" and credit.combine == "normalise_then_sum":
        yield f"{address}: verdicts have one reward term of their own: leave credit.combine out"
    if made.kind == "verdicts" and credit.train_parts and "verdict" not in credit.train_parts:
        yield f"{address}: credit.train_parts leaves verdicts out: add verdict to it"
    if made.kind == "copies" and made.stream == "likelihood" and _is_trained(made.part, online):
        yield (f"{address}.part: the policy's own texts of part {made.part} are trained where they stand, and a row "
               "stands in one place: write credit: {train_parts: [attempt]}")  # fmt: skip
    if made.kind == "copies" and online.episode.kind == "inline":
        yield (f"{address}: texts of an inline episode are pieces of one turn, and stand under no chat of their own: "
               "write online.episode.kind: revise")  # fmt: skip


def _is_trained(part: str, online: Online) -> bool:
    """Whether the live weights write texts of a part that get credit."""
    steps = online.episode.steps if online.episode.kind == "revise" else ()
    own = {name for step in steps for name in step.parts if any(who.name == POLICY for who in step.writers)}
    return part in own and (not online.credit.train_parts or part in online.credit.train_parts)


def _moved(online: Online) -> Iterator[str]:
    """Attempts that stand under the problem alone are trained once, there."""
    credit = online.credit
    if credit.unit != "turn" or credit.train_turns != "last":
        yield ("online.credit: copies with stream: advantage move last attempts under the problem alone: write "
               "credit: {unit: turn, train_turns: last}")  # fmt: skip
