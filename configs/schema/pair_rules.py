"""Rules between the pairs that a model learns from, its objective and the judges. Part of `recipe_rules.RULES`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from configs.schema.pair import Mixture, Pair
from configs.schema.sections import Sections


def check_pairs(own: Sections, train: str, pair: str) -> None:
    """Nothing, where the pair section names judges that are there, and gives what the objective reads; ValueError for
    the first thing that does not fit.

    Args:
        own: the recipe as one model learns by it.
        train, pair: addresses of its sections.
    """
    if own.pair is None:
        return
    for place, maker in _makers(own.pair, pair):
        _judges_exist(own, place, maker)
        _answers_are_read(own, place, maker)
        _judgements_are_written(own, place, maker)
        _labels_are_given(own, train, place, maker)
        _chances_are_given(own, place, maker)
    _all_pairs_are_told_of(own, train)
    if isinstance(own.pair, Mixture) and own.pair.fill == "repeat":
        _steps_are_known(own, train, pair)


def _makers(section: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Every kind of pairs of a section, with its address."""
    for index, maker in enumerate(section.makers()):
        yield (f"{place}.sets.{index}.pair" if isinstance(section, Mixture) else place), maker


def _judges_exist(own: Sections, place: str, maker: Any) -> None:
    names = [judge.name for judge in own.judge]
    for field, name in maker.named_judges():
        if name is not None and name not in names:
            raise ValueError(f"{place}.{field}: no judge is called '{name}': write one of {', '.join(sorted(names))}")


def _answers_are_read(own: Sections, place: str, maker: Any) -> None:
    field = "distinct_answers" if maker.distinct_answers else "min_gap" if maker.min_gap is not None else None
    if field and not any(judge.rule is not None and judge.rule.finds_answers for judge in own.judge):
        raise ValueError(f"{place}.{field}: no judge reads answers: add one of kind answer, or vote, with a verifier "
                         "that finds them")  # fmt: skip


def _judgements_are_written(own: Sections, place: str, maker: Any) -> None:
    if maker.kind != "judgements":
        return
    judge = next((judge for judge in own.judge if judge.name == maker.judge), own.judge[-1])
    if judge.num_opinions < 2:
        raise ValueError(f"{place}.judge: judgements of one sample are set against each other, and '{judge.name}' "
                         "writes no two of them: name a rubric judge with read: text and repeats: 2")  # fmt: skip
    if (maker.label or own.judge[0].name) == judge.name:
        raise ValueError(f"{place}.label: '{judge.name}' would be its own measure: name the judge that is trusted")


def _labels_are_given(own: Sections, train: str, place: str, maker: Any) -> None:
    if own.train.objective.needs_soft_labels and maker.soft_label is None:
        raise ValueError(
            f"{place}.soft_label: the objective reads it: name two judges, or write {train}.objective.label"
        )


def _chances_are_given(own: Sections, place: str, maker: Any) -> None:
    judges: dict[str, Any] = {judge.name: judge for judge in own.judge}
    found = win_rate_judge(maker, list(judges))
    judge = judges[found]
    if maker.win_rate is not None and not judge.gives_chances:
        raise ValueError(f"{place}.win_rate: the {judge.kind} judge '{found}' gives no chances to win: name one of "
                         "kind win_rate")  # fmt: skip
    reads, objective = own.train.objective.reads_chances, own.train.objective.kind
    if reads is not None and not judge.gives_chances:
        raise ValueError(f"{place}.win_rate: the objective {objective} reads how often each side wins: add a judge of "
                         "kind win_rate, and name it here or as the pair's judge")  # fmt: skip
    if reads == "of_the_pair" and getattr(judge, "by", "") != "scores":
        raise ValueError(f"{place}.win_rate: form: single reads the chance of one side to beat the other, which comes "
                         f"of scores: '{found}' counts the samples beaten: write form: win_rate")  # fmt: skip


def _all_pairs_are_told_of(own: Sections, train: str) -> None:
    """Pairs from a file, and those of judgements, come without what only `pair` can say."""
    objective = own.train.objective
    told = "soft labels" if objective.needs_soft_labels else "chances to win" if objective.reads_chances else None
    if told and own.train.replay is not None:
        raise ValueError(f"{train}.replay: pairs of a file have no {told}, which the objective {objective.kind} reads: "
                         "leave it out")  # fmt: skip
    if told and own.meta is not None:
        raise ValueError(f"meta: pairs of judgements have no {told}, which the objective {objective.kind} reads: leave "
                         "it out, or take another objective")  # fmt: skip


def win_rate_judge(maker: Pair, names: list[str]) -> str:
    """Name of the judge that a pair's chances are of, if it is of such a kind: `win_rate`, or the pair's own judge."""
    return maker.win_rate or maker.judge or names[0 if maker.reads_first_judge else -1]


def _steps_are_known(own: Sections, train: str, pair: str) -> None:
    if own.train.max_steps is None:
        raise ValueError(f"{pair}.fill: pairs are repeated for the steps of a round: write {train}.max_steps, or fill: "
                         "shrink")  # fmt: skip
    if own.train.step_growth is not None:
        raise ValueError(f"{pair}.fill: repeat counts the same steps in every round: leave {train}.step_growth out")
