"""What looks at all draws of a problem together is held against `generate.adaptive`, which draws fewer of some. Part of
`recipe_rules.RULES`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from configs.schema.judges.kinds import Judge
from configs.schema.learners import beside, learners_of
from configs.schema.sections import Sections

_OR = "or leave generate.adaptive out"


def fewer_draws_fit(recipe: Sections) -> None:
    """Nothing, where a problem is drawn to the end, or everything can do with fewer draws of it; ValueError for the
    first that cannot."""
    if recipe.online is not None:
        if recipe.online.episode.stopping is not None:
            raise ValueError("online.episode.adaptive: a group is compared whole: leave it out")
        return
    if (stopping := recipe.generate.stopping) is None:
        return
    for address, part in _readers(recipe):
        if not getattr(part, "takes_fewer_draws", False):
            kind = getattr(part, "kind", "")
            raise ValueError(f"generate.adaptive: {address}{f' ({kind})' if kind else ''} looks at all draws of a "
                             f"problem: leave one of them out")  # fmt: skip
    _who_accepts_is_a_rule(recipe)
    _enough_is_enough(recipe, stopping.enough)
    for train, own in learners_of(recipe):
        _what_is_kept_was_accepted(recipe, beside(train, "select"), own.select, stopping.enough)


def accepting_judge(recipe: Sections) -> Judge:
    """Who says which draws are accepted: the judge by which `select` keeps what is right, else the first."""
    named = next((getattr(part, "judge", None) for part in recipe.select if _keeps_accepted(part)), None)
    return next((judge for judge in recipe.judge if judge.name == named), recipe.judge[0])


def _readers(recipe: Sections) -> Iterator[tuple[str, Any]]:
    """Everything that may look at the draws of a problem, with its address."""
    yield from ((name, part) for name in ("calibrate", "guide", "meta") if (part := getattr(recipe, name)) is not None)
    yield from ((f"judge.{place}", judge) for place, judge in enumerate(recipe.judge))
    for train, own in learners_of(recipe):
        yield from ((f"{beside(train, 'select')}.{place}", part) for place, part in enumerate(own.select))
        for name in ("weigh", "pair"):
            if (part := getattr(own, name)) is not None:
                yield beside(train, name), part
        yield f"{train}.objective", own.train.objective


def _who_accepts_is_a_rule(recipe: Sections) -> None:
    judge = accepting_judge(recipe)
    if not judge.gives_labels or judge.passes:
        raise ValueError(f"generate.adaptive: '{judge.name}' ({judge.kind}) is no rule that calls draws correct: let "
                         f"select keep what a judge of kind answer calls correct, {_OR}")  # fmt: skip
    if recipe.guide is not None and judge.name != recipe.judge[0].name:
        raise ValueError(f"guide: it goes by the first judge, and generate.adaptive by '{judge.name}': write "
                         f"'{judge.name}' first, {_OR}")  # fmt: skip


def _enough_is_enough(recipe: Sections, enough: int) -> None:
    for address, part in _readers(recipe):
        field = getattr(part, "accepted_field", None)
        if field is not None and (wanted := getattr(part, field)) > enough:
            raise ValueError(f"generate.adaptive.enough: {address}.{field} makes use of {wanted} accepted draws of a "
                             f"problem, and {enough} are fewer: write {wanted} or more")  # fmt: skip


def _what_is_kept_was_accepted(recipe: Sections, address: str, filters: Sequence[Any], enough: int) -> None:
    """Only accepted draws are the same in distribution however many are drawn, and only so many that a cap is full."""
    name, first = accepting_judge(recipe).name, recipe.judge[0].name
    accepting = [place for place, one in enumerate(filters) if _keeps_accepted(one) and (one.judge or first) == name]
    caps = [place for place, one in enumerate(filters) if getattr(one, "accepted_field", None) is not None]
    if not accepting:
        raise ValueError(f"generate.adaptive: {address} keeps draws that were not accepted: add {{kind: correct, "
                         f"judge: {name}}}, {_OR}")  # fmt: skip
    if not caps:
        raise ValueError(f"generate.adaptive: {address} keeps all that is accepted, so that every draw counts: add "
                         f"{{kind: cap, per_problem: {enough}}}, {_OR}")  # fmt: skip
    if caps[0] < accepting[0]:
        raise ValueError(f"generate.adaptive: {address}.{caps[0]} picks among draws before {address}.{accepting[0]} "
                         f"keeps those that are accepted: write it behind that, {_OR}")  # fmt: skip


def _keeps_accepted(part: Any) -> bool:
    return getattr(part, "keeps_accepted", False)
