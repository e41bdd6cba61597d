"""All filters by their `kind`. To add one: a config class in configs/schema/select.py, a file like `cap.py`, an entry
here."""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.select import Select
from tasks.select.filters import (
    balance,
    basic,
    best_share,
    by_draw,
    cap,
    chains,
    distinct_equations,
    feedback,
    hint_shows,
    length_gap,
    top_k,
    user_function,
)
from tasks.select.filters.filter import Filter, ProblemFilter, RoundFilter

FILTERS: dict[str, Filter] = {
    "correct": ProblemFilter(basic.correct),
    "judged": ProblemFilter(basic.judged),
    "threshold": ProblemFilter(basic.threshold),
    "both_outcomes": ProblemFilter(basic.both_outcomes),
    "keep_problem": ProblemFilter(basic.keep_problem),
    "cap": ProblemFilter(cap.keep),
    "unique": ProblemFilter(basic.unique),
    "distinct_equations": ProblemFilter(distinct_equations.keep, version=2),
    "length": ProblemFilter(basic.length),
    "length_gap": RoundFilter(length_gap.learn),
    "best_share": RoundFilter(best_share.learn),
    "top_k": RoundFilter(top_k.learn),
    "order": ProblemFilter(by_draw.order),
    "above_mean": RoundFilter(by_draw.learn_means),
    "drop_truncated": ProblemFilter(basic.drop_truncated),
    "hint_shows": ProblemFilter(hint_shows.keep, version=2),
    "leaves": ProblemFilter(chains.leaves),
    "moves": ProblemFilter(chains.moves),
    "gain": ProblemFilter(chains.gain),
    "true_verdicts": ProblemFilter(feedback.true_verdicts),
    "helps": ProblemFilter(chains.helps),
    "confirmed": ProblemFilter(feedback.confirmed),
    "pattern": ProblemFilter(chains.pattern),
    "cut": ProblemFilter(chains.cut),
    "pass_rate": ProblemFilter(chains.pass_rate),
    "rescued": ProblemFilter(chains.rescued),
    "calls": ProblemFilter(chains.calls),
    "one_per": ProblemFilter(chains.one_per),
    "balance": RoundFilter(balance.learn, version=2),
    "leaks": ProblemFilter(feedback.leaks),
    "mirrors": ProblemFilter(feedback.mirrors),
    "python": RoundFilter(user_function.learn),
}


def filter_versions(filters: Sequence[Select]) -> dict[str, int | str]:
    """Versions of the code that these filters use, for step keys."""
    return {config.kind: FILTERS[config.kind].version for config in filters}
