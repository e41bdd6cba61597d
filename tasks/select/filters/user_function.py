"""Filter `python`: a function of the user, `keep(candidates)`, from a file of theirs.

It is given the candidates of one problem (`tasks/core/joined.py`: sample, verdicts, problem, and the chain above it)
and returns as many values: None keeps a candidate, a word such as `too_terse` refuses it, and is counted as
dropped_too_terse. The file is loaded once a round and runs in the stage's own process, without limits of time or
memory; its text is part of the step's key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from configs.errors import UserError
from configs.schema.select import UserFilter
from tasks.core.joined import Candidate
from tasks.core.user_function import load_function
from tasks.select.filters.filter import Draw, Keep

_FIELD = "select.function"
_WORD = re.compile(r"[a-z][a-z0-9_]*")


def learn(groups: Iterable[Sequence[Candidate]], config: UserFilter, draw: Draw) -> Keep:
    """Loads the function; the round is not read.

    Raises:
        UserError: there is no such file or function. What it returns raises the same where the function fails, or
            returns anything but one reason or None a candidate.
    """
    function = load_function(config.function, _FIELD, "(candidates)")

    def keep(group: Sequence[Candidate], config: UserFilter, draw: Draw) -> list[str | None]:
        return _ask(function, group, config.function) if group else []

    return keep


def _ask(function: Callable[[list[Candidate]], Any], group: Sequence[Candidate], address: str) -> list[str | None]:
    problem_id = group[0].problem.id
    try:
        reasons = function(list(group))
    except Exception as error:
        raise UserError(f"{address} failed on problem {problem_id}: {error!r}", "mend the function") from error
    is_list = isinstance(reasons, list | tuple) and len(reasons) == len(group)
    if not is_list or not all(reason is None or _is_word(reason) for reason in reasons):
        raise UserError(
            f"{address} returned {reasons!r} for the {len(group)} candidates of problem {problem_id}",
            "return a list with None or a reason of a-z 0-9 _ for each candidate",
        )
    return list(reasons)


def _is_word(reason: Any) -> bool:
    return isinstance(reason, str) and _WORD.fullmatch(reason) is not None
