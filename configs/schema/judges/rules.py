"""Rules between the judges, the roles that they ask, and all that names a judge. Part of `recipe_rules.RULES`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from configs.schema.learners import beside, learners_of, readers_of_samples
from configs.schema.role import POLICY
from configs.schema.role_rules import check_role
from configs.schema.sections import Sections


def judges_fit(recipe: Sections) -> None:
    """Nothing, where judges and roles are there and can do what they are asked; ValueError for the first that can't."""
    _judges_have_their_own_names(recipe)
    _named_judges_exist(recipe)
    _roles_can_be_asked(recipe)
    _votes_have_answers(recipe)
    _answers_can_be_compared(recipe)


def _judges_have_their_own_names(recipe: Sections) -> None:
    known: dict[str, Any] = {}
    for index, judge in enumerate(recipe.judge):
        if judge.name in known:
            raise ValueError(f"judge: two judges are called '{judge.name}': give each its own name")
        _check_needed(f"judge.{index}", judge, known)
        known[judge.name] = judge
    if recipe.evaluate.best_of is not None:
        _check_needed("evaluate.best_of.judge", recipe.evaluate.best_of.judge, known)


def _check_needed(place: str, judge: Any, known: dict[str, Any]) -> None:
    """`known`: the judges that stand before it, by name."""
    for wanted in judge.needed_judges:
        if wanted not in known:
            raise ValueError(f"{place}.of: no judge called '{wanted}' stands before: {_one_of(known)}")
    try:
        judge.check_needed([known[wanted] for wanted in judge.needed_judges])
    except ValueError as error:
        raise ValueError(f"{place}.{error}") from None


def _named_judges_exist(recipe: Sections) -> None:
    names = [judge.name for judge in recipe.judge]
    for place, component in _components(recipe):
        name = getattr(component, "judge", None)
        if isinstance(name, str) and name not in names:
            raise ValueError(f"{place}: no judge is called '{name}': {_one_of(names)}")


def _components(recipe: Sections) -> Iterable[tuple[str, Any]]:
    """Everything that may name a judge, with its address."""
    yield from ((f"{address}.judge", part) for address, part in readers_of_samples(recipe))
    yield from (("calibrate.judge", recipe.calibrate), ("meta.judge", recipe.meta))


def _all_judges(recipe: Sections) -> list[Any]:
    best_of, revise = recipe.evaluate.best_of, recipe.evaluate.revise
    gate = revise.gate if revise else None
    return [*recipe.judge, *([best_of.judge] if best_of else []), *([gate.judge] if gate else [])]


def _roles_can_be_asked(recipe: Sections) -> None:
    if POLICY in recipe.roles:
        raise ValueError(f"roles.{POLICY}: this name is taken: choose another")
    for judge in _all_judges(recipe):
        for part in judge.passes:
            check_role(recipe, part.role, part.wants, f"judge '{judge.name}'")
    if recipe.guide is not None:
        check_role(recipe, recipe.guide.role, "text", "guide.role")


def _votes_have_answers(recipe: Sections) -> None:
    for judge in _all_judges(recipe):
        if judge.rule is not None and not judge.reads_gold and not judge.rule.finds_answers:
            raise ValueError(
                f"judge '{judge.name}': the verifier {judge.rule.kind} finds no answer to count: "
                "write kind number, exact, choice or math"
            )


def labels_fit(recipe: Sections) -> None:
    """Nothing, where who reads labels or answers reads a judge that gives them; ValueError for the first
    that does not. Acts after the rules of what there is."""
    _labels_are_given(recipe)
    _answers_are_found(recipe)


def _labels_are_given(recipe: Sections) -> None:
    judges = {judge.name: judge for judge in recipe.judge}
    for place, name in _readers_of_labels(recipe):
        judge = judges.get(name or recipe.judge[0].name)  # a pair's judge that is not there is told with the pair
        if judge is not None and not judge.gives_labels:
            raise ValueError(f"{place}: it reads what is called correct, and '{judge.name}' ({judge.kind}) only "
                             "scores: name a judge of kind answer or vote")  # fmt: skip


def _readers_of_labels(recipe: Sections) -> Iterable[tuple[str, str | None]]:
    """Addresses of the fields that name the judge, and its name; the first judge for None. In a segment nothing is
    selected."""
    if recipe.online is not None:
        return
    for address, part in _components(recipe):
        if getattr(part, "reads_labels", False):
            yield address, part.judge
    for train, own in learners_of(recipe):
        for maker in own.pair.makers() if own.pair else ():
            if maker.reads_first_judge:
                yield f"{beside(train, 'pair')}.judge", maker.judge
        if own.train.objective.rows == "labelled":
            yield "judge.0", None


def _answers_are_found(recipe: Sections) -> None:
    judges = {judge.name: judge for judge in recipe.judge}
    for train, own in learners_of(recipe):
        for place, part in enumerate(own.select):
            judge = judges[getattr(part, "judge", None) or recipe.judge[0].name]
            if part.kind == "one_per" and part.of == "answer" and not judge.finds_answers:
                raise ValueError(
                    f"{beside(train, 'select')}.{place}.judge: '{judge.name}' ({judge.kind}) finds no answers: name a "
                    "judge of kind answer or vote, with a verifier that finds them"
                )


def _answers_can_be_compared(recipe: Sections) -> None:
    if recipe.answer_judge() is None and recipe.evaluate.verifier is None:
        raise ValueError(
            "evaluate.verifier: no judge compares answers with gold, so say how the held-out sets are judged: "
            "verifier: {kind: number}, for example"
        )


def _one_of(names: Iterable[str]) -> str:
    return f"write one of {', '.join(sorted(names)) or 'none'}"
