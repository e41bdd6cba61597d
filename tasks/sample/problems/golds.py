"""Gold answers, read by the verifiers that will compare with them, before any model is loaded.

Called by `run.py`. What a verifier cannot read whole is listed, each with its problem and the reason.
"""

from __future__ import annotations

from collections.abc import Iterable

from configs.errors import ProblemsError
from configs.schema.verifiers.kinds import Verifier
from tasks.core.records import Problem
from tasks.judge.verifiers.registry import explain_gold

MAX_LISTED = 20
"""golds that one message shows"""


def require_readable_gold(problems: Iterable[Problem], part: str, verifier: Verifier) -> None:
    """Nothing, where the verifier can read every gold answer whole.

    Raises:
        ProblemsError: lists the problems whose answer it cannot read, with the answers and why.
    """
    unread, num_problems = [], 0
    for place, problem in enumerate(problems):
        num_problems += 1
        complaint = explain_gold(problem.gold, verifier)
        if complaint is not None:
            unread.append(f"number {place} ({problem.id}) {complaint}")
    if unread:
        more = f"\n  and {len(unread) - MAX_LISTED} more" if len(unread) > MAX_LISTED else ""
        listed = "".join(f"\n  {line}" for line in unread[:MAX_LISTED])
        raise ProblemsError(
            f"{len(unread)} of {num_problems} problems of the {part} set have a gold answer that the verifier "
            f"{verifier.kind} cannot compare with (numbers count from 0):{listed}{more}",
            FIXES_OF_GOLD.get(verifier.kind, "correct these answers, or choose another verifier"),
        )


FIXES_OF_GOLD = {
    "number": "correct them, take the number out with mapping.answer.pattern, set the verifier's locale, or choose the "
    "verifier math or exact",
    "choice": "correct them, set the verifier's choices, or map numbers of choices with mapping.answer.index_of",
    "math": "correct them, take the answer out with mapping.answer.pattern, or choose the verifier exact",
    "reasoning_gym": "take the problems from the source reasoning_gym, or choose another verifier",
    "code": "name the fields that hold the tests in mapping.answer.fields, or another layout",
}
