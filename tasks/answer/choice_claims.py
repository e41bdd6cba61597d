"""What one clause says of choices: it takes one, denies some, leaves several open, or only names them.

A choice is taken by words that are known to take one (`the answer is`, `I choose`, `is correct`, `that leaves`), where
nothing in the clause turns that round. What is not known says nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from tasks.answer.choice_clauses import Clause
from tasks.answer.choice_tokens import Token
from tasks.answer.statement_words import words_of


class Claim(NamedTuple):
    """Attributes:
    kind: take | deny | name.
    options: more than one of them is left open by a claim that takes them.
    strength: 3 for `the answer is B`, 2 for `B is right`, 1 for a letter that stands alone.
    """

    kind: str
    options: tuple[str, ...]
    strength: int = 0


_SKIPPED_BEFORE = words_of("fill option colon modal")
_SELF = words_of("i i'd i'll i'm we we'd we'll let's me ich \u044f je yo eu io jag jeg ik")
_SKIPPED_AFTER = words_of("fill be modal it and colon option")


def claims_of(clause: Clause, previous: list[Claim]) -> list[Claim]:
    """All claims of a clause, in order.

    Args:
        previous: of the clause before it.
    """
    tokens = clause.tokens
    groups = _groups(tokens)
    found: list[Claim] = []
    for number, (first, end) in enumerate(groups):
        begin = groups[number - 1][1] if number else 0
        until = groups[number + 1][0] if number + 1 < len(groups) else len(tokens)
        options = tuple(dict.fromkeys(token.text.upper() for token in tokens[first:end] if token.role == "letter"))
        before, after = tokens[begin:first], tokens[end:until]
        is_last = until == len(tokens)
        after = after if is_last else _without_next(after)
        said = _claim(tokens[:first], before, after, options, [*previous, *found])
        if said.kind == "name" and (is_last or not after) and number == 0 and _stands_alone(tokens, first, end, after):
            said = Claim("take", options, 1)
        found.append(said)
    return found


def _groups(tokens: list[Token]) -> list[tuple[int, int]]:
    """Where options stand that are joined by `and`, `or` and the like."""
    groups: list[tuple[int, int]] = []
    for place, token in enumerate(tokens):
        if token.role != "letter":
            continue
        between = tokens[groups[-1][1] : place] if groups else []
        roles = {one.role for one in between}
        is_joined = bool(groups) and (
            not between or (roles <= {"and", "or", "option", "fill"} and bool(roles & {"and", "or"}))
        )
        if is_joined:
            groups[-1] = (groups[-1][0], place + 1)
        else:
            groups.append((place, place + 1))
    return groups


def _claim(
    ahead: list[Token], before: list[Token], after: list[Token], options: tuple[str, ...], previous: list[Claim]
) -> Claim:
    """What is said of one group, by what stands before it, behind it and ahead of all of it."""
    roles = [token.role for token in before]
    if "than" in roles:
        return Claim("deny", options)
    if "but" in roles:
        place = len(roles) - 1 - roles[::-1].index("but")
        before, roles = before[place + 1 :], roles[place + 1 :]
        if not roles and not after:
            return Claim("take", options, 3 if previous and previous[-1].kind == "deny" else 2)
    behind = _behind(after)
    said = {token.role for token in _since_lead(before)}
    is_negated = bool(said & {"not", "wrong"}) and not _is_relative(before)
    if is_negated or behind == "deny":
        return Claim("name" if is_negated and behind == "deny" else "deny", options)
    governing = {token.role for token in _since_lead(ahead)}
    if governing & {"third", "if"} or behind == "name" or any(token.role == "if" for token in after):
        return Claim("name", options)
    strength = _brought(before, previous, is_first=len(ahead) == len(before)) or (2 if behind == "take" else 0)
    return Claim("take" if strength else "name", options, strength)


def _is_relative(before: list[Token]) -> bool:
    """`The statement that is not true is B`: it tells what was asked for, and takes B."""
    texts = [token.text for token in before]
    nouns = [
        place for place, text in enumerate(texts) if text in ("statement", "one", "sentence", "claim", "word", "item")
    ]
    is_relative = bool(nouns) and texts[nouns[0] + 1 : nouns[0] + 2] in (["that"], ["which"], ["that is"])
    return is_relative and texts[-1:] in (["is"], [":"])


def _since_lead(ahead: list[Token]) -> list[Token]:
    """What stands ahead, from the last `so` or `but` on."""
    places = [place for place, token in enumerate(ahead) if token.role in ("lead", "but")]
    return ahead[places[-1] + 1 :] if places else ahead


def _behind(after: list[Token]) -> str:
    """What stands behind options: `take`, `deny`, `name` where they are a subject of something else, or nothing."""
    has_be = False
    for place, token in enumerate(after):
        if token.role in ("not", "wrong", "no"):
            rest = [one.role for one in after[place + 1 : place + 4]]
            return "name" if token.role == "not" and "wrong" in rest else "deny"
        if token.role in ("right", "answer"):
            return "take" if has_be or token.text > "\u0400" else "name" if token.role == "right" else ""
        if token.role in ("fits", "yes", "itis") or token.text == "matches":
            return "take"
        if token.role in ("because", "but", "than", "lead", "or"):
            return ""
        if token.role == "if":
            return "name"
        has_be = has_be or token.role in ("be", "modal", "colon")
        if token.role not in _SKIPPED_AFTER:
            return "name" if any(one.role in ("be", "modal") for one in after[:place]) else ""
    return ""


def _brought(before: list[Token], previous: list[Claim], *, is_first: bool) -> int:
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
    if place < 0:
        is_switch = bool(previous) and previous[-1].kind == "deny" and before[-1:] != [] and before[-1].text == "to"
        is_arrow = before[:1] != [] and before[0].text in ("=>", "->", "\u2192") and is_first
        return 3 if is_switch else 2 if is_arrow else 0
    token = before[place]
    if "options" in subject and not subject & {"right", "answer"}:
        return 0
    if token.role == "choose" and not _is_own(_since_lead(before[:place])):
        return 0
    if token.role in ("answer", "choose"):
        return 3
    if token.role in ("leaves", "itis", "but", "turn"):
        return 2
    if token.role == "lead":
        is_lead = all(one.role in ("lead", "fill", "option", "colon", "and") for one in before)
        return 2 if is_lead else 0
    if token.role == "right":
        has_no_verb = has_colon or "option" in subject or token.text > "\u0400"
        return 3 if "answer" in subject else 2 if has_no_verb else 0
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
    if last is not None and last.role == "it":
        return 2
    is_elliptic = last is None or last.role in ("lead", "but")
    return 2 if is_elliptic and previous and previous[-1].kind == "deny" else 0


def _without_next(after: list[Token]) -> list[Token]:
    """What stands behind options, without what belongs to the next: `B and not A`, `B rather than C`."""
    for place, token in enumerate(after):
        if token.role in ("be", "modal"):
            return after
        if token.role in ("than", "but") or (token.role == "not" and place == len(after) - 1):
            return [one for one in after[:place] if one.role != "and"]
    return after


def _stands_alone(tokens: list[Token], first: int, end: int, after: list[Token]) -> bool:
    """Whether a clause is options and nothing that is said of them: `B`, `option B`, `(B) Paris`, `B: Paris`."""
    ahead = [token.role for token in tokens[:first]]
    if any(role not in ("fill", "option", "lead", "colon", "yes", "and", "or", "turn") for role in ahead) and ahead != [
        "phrase"
    ]:
        return False
    if not after:
        return True
    if [token.role for token in after] == ["option"]:
        return True
    mark = tokens[end - 1].mark
    if (after[0].role == "colon" and after[0].text != "=") or (after[0].role in ("content", "fill", "right") and mark):
        is_verb = (
            mark == "()" and after[0].role == "content" and after[0].text.islower() and after[0].text.endswith("s")
        )
        return not is_verb and not {"not", "wrong"} & {token.role for token in after}
    return all(token.role in ("fill", "turn", "because") for token in after[:1])
