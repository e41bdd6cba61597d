"""Which judges are asked while attempts are revised. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from configs.errors import RecipeError
from configs.schema.generate import ReviseGenerate
from configs.schema.judges.base import with_needed
from configs.schema.judges.kinds import Judge
from configs.schema.revision.rules import judges_named
from tasks.sample.revision.asking import LoadedStep


def judges_asked(config: ReviseGenerate, steps: Sequence[LoadedStep], judges: Sequence[Judge]) -> list[Judge]:
    """The judges that are asked on the way, and those that they are made from, in the recipe's order."""
    known = {judge.name: judge for judge in judges}
    wanted = {name for _, name in judges_named(config)}
    if (why := next(_first_judge_is_needed(config, steps), None)) is not None:
        if any(one.sees_group for one in with_needed(judges[0], known)):
            raise RecipeError(
                f"{why}: it asks the first judge, '{judges[0].name}', which judges the samples of a problem against "
                "each other, and on the way they are not all there",
                "write another judge first",
            )
        wanted.add(judges[0].name)
    waiting = list(wanted)
    while waiting:
        needed = set(known[waiting.pop()].needed_judges) - wanted
        wanted |= needed
        waiting += needed
    return [judge for judge in judges if judge.name in wanted]


def _first_judge_is_needed(config: ReviseGenerate, steps: Sequence[LoadedStep]) -> Iterator[str]:
    """Where labels or answers of the first judge are looked at."""
    if config.first.at_most is not None:
        yield "generate.first.at_most"
    if config.first.cut is not None:
        yield "generate.first.cut"
    yield from (f"generate.until.{place}.same" for place, stop in enumerate(config.until) if stop.same == "answer")
    for place, step in enumerate(steps):
        if {"label", "peer"} & step.sees:
            yield f"generate.steps.{place}"
        if step.config.keep is not None and step.config.keep.true_verdict is not None:
            yield f"generate.steps.{place}.keep.true_verdict"
