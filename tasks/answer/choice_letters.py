"""Which bare letters are choices: by what stands beside them. Called by `choice_clauses.py`."""

from __future__ import annotations

from tasks.answer.choice_tokens import Token
from tasks.answer.choice_words import PHRASES, ROLES
from tasks.answer.statement_words import words_of

_ADVERBS = words_of("for by with here now overall probably likely \u00fcbrig") | {
    "for sure",
    "most likely",
    "i think",
    "i guess",
}
NOR = words_of("nor noch ni n\u00e9 nem")
"""before the last of several that are denied"""
_AFTER = words_of(
    "be modal and or not notbut wrong fits but because than itis it colon yes no turn if lead leaves can phrase"
)
"""roles that may follow a letter that is a choice"""


def as_options(tokens: list[Token]) -> list[Token]:
    """The tokens with each bare letter as an option or as a word."""
    has_answer = any(token.role in ("answer", "right", "option", "choose") for token in tokens)
    found: list[Token] = []
    for place, token in enumerate(tokens):
        if token.role != "bare":
            found.append(token)
            continue
        before = found[-1] if found else None
        after = tokens[place + 1] if place + 1 < len(tokens) else None
        is_option = _is_option(token, before, after, has_answer=has_answer)
        role = "letter" if is_option else ROLES.get(token.text.lower(), "content")
        found.append(Token(role, token.text, token.mark if is_option else ""))
    return found


def _is_option(token: Token, before: Token | None, after: Token | None, *, has_answer: bool) -> bool:
    letter = token.text
    brings = before is not None and before.role in ("be", "colon", "answer", "option", "choose", "or", "and", "to")
    if letter.islower():
        return _is_small_option(token, before, after, brings=brings and has_answer)
    if before is not None and before.role == "content":
        return False
    if before is not None and before.text in NOR:
        return True
    if after is None or after.role in _AFTER or after.role == "bare" or (after.role == "letter" and after.mark):
        return letter != "I" or after is None or after.role in ("be", "colon", "or", "and")
    if after.role in ("right", "fill", "option"):
        return after.text > "\u2e80" or (after.role == "fill" and after.text in _ADVERBS)
    is_content = after.role == "content" and letter not in "AI"
    return brings and has_answer and is_content


def _is_small_option(token: Token, before: Token | None, after: Token | None, *, brings: bool) -> bool:
    """Whether a small letter is a choice: no article, and no word of another language."""
    if token.mark:
        return brings or before is None
    if brings and (after is None or after.role in ("because", "but", "colon", "than")):
        return True
    role = "" if before is None else before.role
    if after is not None:
        return after.role in ("be", "modal") and (
            role == "option" or (role in ("", "lead", "fill") and token.text not in "aieoy")
        )
    return (
        token.text not in "aieoy"
        and before is not None
        and (role in ("itis", "be", "choose") or before.text in PHRASES)
    )
