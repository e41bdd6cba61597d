"""What stands before the letter of a choice, and whether it takes the letter. Called by `choice_claims.py`."""

from __future__ import annotations

from typing import NamedTuple

from tasks.answer.choice_tokens import Token
from tasks.answer.statement_words import LABELS, words_of


class Claim(NamedTuple):
    """Attributes:
    kind: take | deny | name.
    options: more than one of them is left open by a claim that takes them.
    strength: 3 for `the answer is B`, 2 for `B is right`, 1 for a letter that stands alone.
    """

    kind: str
    options: tuple[str, ...]
    strength: int = 0


_LABELS = LABELS | words_of("vitamin hepatitis plan type class group appendix see compare consider copyright")
_MODAL = words_of("modal be fill option colon")
_MUST = words_of("must should gotta has got needs") | {"can only be"}
_IT_IS = words_of("es est jest \u00e8 \u00e9 adalah")
"""verbs that are a clause without a word for `it`"""
_OPENING = words_of("turn colon lead")
_FALSE = words_of("false incorrect untrue inaccurate")
_STATEMENTS = words_of("statement sentence claim assertion")
_UNWISE = words_of("crazy mad insane stupid absurd unwise shame pity")
_SKIPPED_BEFORE = words_of("fill option colon modal")
_SELF = words_of("i i'd i'll i'm we we'd we'll let's me ich \u044f je yo eu io jag jeg ik")


def quoted(before: list[Token]) -> int:
    """How strongly a letter in brackets at the end of a clause is taken: `The answer is Paris (C)`."""
    roles = [token.role for token in before]
    if "be" in roles and "answer" in roles[: roles.index("be")]:
        return 3
    names = [token.text for token in before if token.role == "content"]
    is_name = len(names) == len(before) and all(name[0].isupper() or name[0].isdigit() for name in names)
    return 1 if is_name and names and names[0].lower() not in _LABELS else 0


def is_relative(before: list[Token]) -> bool:
    """`The statement that is not true is B`: it tells what was asked for, and takes B."""
    texts = [token.text for token in before]
    nouns = [
        place for place, text in enumerate(texts) if text in _STATEMENTS or text in ("one", "the one", "word", "item")
    ]
    follows = texts[nouns[0] + 1 : nouns[0] + 2] if nouns else []
    is_relative = follows in (["that"], ["which"], ["that is"]) or (
        bool(nouns) and is_asked_for(before, nouns[0] - 1) and "not" not in {token.role for token in before}
    )
    return is_relative and texts[-1:] in (["is"], [":"])


def is_asked_for(tokens: list[Token], place: int) -> bool:
    """`the false statement`: no answer is told wrong, but the kind of statement told that was asked for."""
    texts = [token.text for token in tokens[max(0, place - 1) : place + 2]]
    return len(texts) == 3 and texts[0] in ("the", "only") and texts[1] in _FALSE and texts[2] in _STATEMENTS


def is_twice_negated(before: list[Token]) -> bool:
    """`It would be wrong not to choose B`."""
    roles = [token.role for token in before]
    place = len(before) - 1
    while place > 0 and (roles[place] in ("choose", "fill", "option") or before[place].text == "to"):
        place -= 1
    is_not = place > 0 and before[place].text == "not" and "choose" in roles[place:]
    blamed = [
        token for token in before[:place] if token.role in ("not", "wrong", "no") or token.text.lower() in _UNWISE
    ]
    return is_not and len(blamed) == 1 and not any(token.role in ("answer", "right") for token in before)


def since_lead(ahead: list[Token]) -> list[Token]:
    """What stands ahead, from the last `so` or `but` on."""
    for place in range(len(ahead), 0, -1):
        if ahead[place - 1].role in ("lead", "but"):
            return ahead[place:]
    return ahead


def brought(before: list[Token], previous: list[Claim], *, is_first: bool) -> int:
    """How strongly what stands before options takes them; 0 where it does not."""
    place = len(before) - 1
    while place >= 0 and (
        before[place].role in _SKIPPED_BEFORE
        or (before[place].role == "lead" and any(one.role in ("be", "answer") for one in before[:place]))
    ):
        place -= 1
    skipped = before[place + 1 :]
    subject = {token.role for token in before}
    has_colon = any(token.role == "colon" for token in skipped)
    is_after_denial = bool(previous) and previous[-1].kind == "deny"
    if is_first and before[:1] and before[0].text in _MUST and all(one.role in _MODAL for one in before):
        return 2
    if place < 0:
        is_switch = is_after_denial and before[-1:] != [] and before[-1].text == "to"
        if is_after_denial and has_colon and not is_switch:
            return 2
        is_arrow = before[:1] != [] and before[0].text in ("=>", "->", "\u2192") and is_first
        return 3 if is_switch else 2 if is_arrow else 0
    token = before[place]
    if "options" in subject and not subject & {"right", "answer"}:
        return 0
    if token.role == "choose" and not _is_own(since_lead(before[:place])):
        return 0
    if token.role in ("answer", "choose"):
        return 3
    if token.role == "itis" and token.text == "its" and place:
        return 0
    if token.role in ("leaves", "itis", "but", "turn") or (token.role == "no" and place == 0 and token.text.isalpha()):
        return 2
    if token.role == "lead":
        is_lead = all(one.role in ("lead", "fill", "option", "colon", "and") for one in before)
        return 2 if is_lead else 0
    if token.role == "right":
        if place and before[place - 1].text in _IT_IS:
            return 2
        if token.text == "only" and "leaves" in subject:
            return 2
        has_no_verb = has_colon or "option" in subject or token.text > "\u0400"
        return 3 if "answer" in subject else 2 if has_no_verb else 0
    if token.role == "be" and token.text in _IT_IS and all(one.role in _OPENING for one in before[:place]):
        return 2
    if token.role == "be":
        return _by_subject(before[:place], subject, previous)
    return 3 if has_colon and "answer" in subject else 0


def _is_own(ahead: list[Token]) -> bool:
    """Whether it is the text that chooses, and not `my neighbour`."""
    return any(token.text.lower() in _SELF for token in ahead) or all(token.role != "content" for token in ahead)


def _by_subject(ahead: list[Token], subject: set[str], previous: list[Claim]) -> int:
    """How strongly `is B` takes B, by what it says it of."""
    if "answer" in subject:
        return 3
    if "right" in subject or "option" in subject:
        return 2
    last = next((token for token in reversed(ahead) if token.role not in ("fill", "modal", "be")), None)
    if last is not None and last.role in ("it", "itis"):
        return 2
    is_elliptic = last is None or last.role in ("lead", "but")
    return 2 if is_elliptic and previous and previous[-1].kind == "deny" else 0
