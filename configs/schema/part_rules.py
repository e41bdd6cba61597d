"""What reads chains is held against what a recipe's sampler writes: the one place for all. Part of
`recipe_rules.RULES`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from configs.schema.chains import AROUND, REVISION, ReadsChains
from configs.schema.learners import beside, learners_of, readers_of_samples
from configs.schema.pair import Mixture
from configs.schema.revision.sampler import RevisionPart
from configs.schema.sections import Sections


@dataclass(frozen=True, slots=True)
class _Written:
    """What texts a round has: the parts that they can be, and whether attempts follow one another."""

    parts: frozenset[str]
    revises: bool

    def has(self, need: str) -> bool:
        """Whether what `ReadsChains.chain_needs` names is there."""
        around = bool(self.parts - {"attempt", "step"})
        return {REVISION: self.revises, AROUND: around}.get(need, need in self.parts)


def parts_are_written(recipe: Sections) -> None:
    """Nothing, where somebody writes all that filters, rows, pairs, weights, judges and rewards read of chains;
    ValueError for the first that nobody writes."""
    written = _written(recipe)
    of_credit = _Written(written.parts | _derived(recipe), written.revises)
    for address, one in _readers(recipe):
        for field, need in one.chain_needs():
            if not (of_credit if address == "online.credit" else written).has(need):
                place = ".".join(filter(None, (address, field)))
                raise ValueError(f"{place}: {_what(recipe, need, written)}: {_advice(recipe, need)}")
    _siblings_are_there(recipe)
    _programs_are_run(recipe)
    _cuts_see_all_attempts(recipe)


def _written(recipe: Sections) -> _Written:
    drawn, guide = recipe.episode, recipe.guide
    helped = frozenset({"attempt"}) if guide is not None else frozenset()
    return _Written(drawn.parts | helped, drawn.revises or (guide is not None and guide.kind == "interactive"))


def _derived(recipe: Sections) -> frozenset[str]:
    made = recipe.online.derived if recipe.online is not None else ()
    return frozenset({"verdict"} if any(one.kind == "verdicts" for one in made) else ())


def _readers(recipe: Sections) -> Iterator[tuple[str, ReadsChains]]:
    """Everything that may read chains, with its address."""
    yield from ((address, one) for address, one in _components(recipe) if isinstance(one, ReadsChains))


def _components(recipe: Sections) -> Iterator[tuple[str, Any]]:
    yield from ((f"judge.{place}", judge) for place, judge in enumerate(recipe.judge))
    yield from readers_of_samples(recipe)
    for train, own in learners_of(recipe):
        pair = beside(train, "pair")
        for place, maker in enumerate(own.pair.makers() if own.pair else ()):
            yield (f"{pair}.sets.{place}.pair" if isinstance(own.pair, Mixture) else pair), maker
    if (online := recipe.online) is not None:
        yield from ((f"online.reward.{place}", term) for place, term in enumerate(online.reward))
        yield "online.credit", online.credit
        yield from ((f"online.derived.{place}", one) for place, one in enumerate(online.derived))


def _what(recipe: Sections, need: str, written: _Written) -> str:
    """What is missing, in words."""
    sampler = f"{_place(recipe)} ({recipe.episode.kind})"
    told = {REVISION: "no attempt follows another one", AROUND: "no text is written around the attempts"}
    known = ", ".join(sorted(written.parts))
    return f"{told.get(need, f'nobody writes a text of part {need}')}: {sampler} writes {known}"


def _advice(recipe: Sections, need: str) -> str:
    place, kind = _place(recipe), recipe.episode.kind
    out = "or leave it out"
    if kind == "revise" and not recipe.episode.revises:
        return f"write {place}.max_turns: 2 or more, {out}"
    if need == REVISION:
        return (f"add a marker with part: attempt, {out}" if kind == "inline"
                else f"write {place}: {{kind: revise}}, {out}")  # fmt: skip
    if need == "step":
        return f"write {place}: {{kind: edit}} or {{kind: stepwise}}, {out}"
    if need not in (*get_args(RevisionPart), AROUND):
        return f"no sampler writes it: leave {need} out"
    wanted = "critique" if need == AROUND else need
    if kind == "inline":
        return f"add a marker with part: {wanted} to {place}.markers, {out}"
    if kind == "revise":
        return f"add a step with part: {wanted} to {place}.steps, {out}"
    return f"write {place}: {{kind: revise}} with a step of part: {wanted}, {out}"


def _place(recipe: Sections) -> str:
    """Address of the sampler."""
    return "generate" if recipe.online is None else "online.episode"


def _siblings_are_there(recipe: Sections) -> None:
    """Two ways on from one text need a step that is written several times."""
    drawn = recipe.generate
    for train, own in learners_of(recipe):
        for maker in own.pair.makers() if own.pair else ():
            if maker.kind != "siblings":
                continue
            steps = drawn.steps if drawn.kind == "revise" else ()
            first = next((place for place, step in enumerate(steps) if maker.part in (*step.parts, step.part)), 0)
            if all(step.num * len(step.writers) < 2 and step.peers == 1 for step in steps[first:]):
                raise ValueError(f"{beside(train, 'pair')}: from the {maker.part} on every text is followed by one "
                                 "alone, and none has a sibling: write num: 2 in that step of generate.steps, or one "
                                 "after it")  # fmt: skip


def _programs_are_run(recipe: Sections) -> None:
    for train, own in learners_of(recipe):
        for place, part in enumerate(own.select):
            if part.kind == "calls" and recipe.interpreter is None:
                raise ValueError(f"{beside(train, 'select')}.{place}: nobody runs programs of a text: add "
                                 "generate.interpreter, or leave it out")  # fmt: skip


def _cuts_see_all_attempts(recipe: Sections) -> None:
    for train, own in learners_of(recipe):
        leaves = [part.inner for part in own.select if part.kind == "leaves"]
        for place, part in enumerate(own.select):
            if part.kind == "cut" and (not leaves or not all(leaves)):
                raise ValueError(f"{beside(train, 'select')}.{place}: a chain is cut at one of its attempts, and those "
                                 "before the last are dropped before it: write {kind: leaves, inner: true} before "
                                 "it")  # fmt: skip
