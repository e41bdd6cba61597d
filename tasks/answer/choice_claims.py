"""What one clause says of choices: it takes one, denies some, leaves several open, or only names them.

A choice is taken by words that are known to take one (`the answer is`, `I choose`, `is correct`, `that leaves`), where
nothing in the clause turns that round. What is not known says nothing.
"""

from __future__ import annotations

from tasks.answer.choice_before import Claim, brought, is_relative, is_twice_negated, quoted, since_lead
from tasks.answer.choice_behind import said_behind, without_next
from tasks.answer.choice_clauses import Clause
from tasks.answer.choice_exceptions import said_of_exception
from tasks.answer.choice_letters import NOR
from tasks.answer.choice_tokens import Token
from tasks.answer.choice_words import PHRASES
from tasks.answer.statement_words import words_of

_ECHOES = words_of("schon \u0434\u0430")
"""`A and B do not. C does`, in other languages"""
_PREPOSITIONS = words_of("with for on by from at of in")
"""`With B as the base`: something else is said"""
_SKIPPED_BEFORE = words_of("fill option colon modal")


def claims_of(clause: Clause, previous: list[Claim]) -> list[Claim]:
    """All claims of a clause, in order.

    Args:
        previous: of the clause before it.
    """
    tokens = clause.tokens
    groups = _groups(tokens)
    if not groups:
        return []
    found: list[Claim] = []
    kind = said_of_exception(tokens, groups[0]) if len(groups) == 1 else ""
    if kind:
        return [Claim(kind, _options(tokens, groups[0]), 2)]
    until = 0
    for number, (first, end) in enumerate(groups):
        begin = (
            until
            if found and _is_verdict(tokens, groups[number - 1][1], until)
            else groups[number - 1][1]
            if number
            else 0
        )
        until = groups[number + 1][0] if number + 1 < len(groups) else len(tokens)
        options = _options(tokens, groups[number])
        before, after = tokens[begin:first], tokens[end:until]
        is_last = until == len(tokens)
        after = after if is_last else without_next(after)
        mark = tokens[end - 1].mark
        said = _claim(tokens[:first], before, after, options, [*previous, *found], mark)
        if said.kind == "take" and any(token.text == "worse" for token in tokens[until:]):
            said = said._replace(kind="name")
        if said.kind == "name" and is_last and not after and mark == "()" and number == 0:
            said = said._replace(kind="take", strength=strength) if (strength := quoted(before)) else said
        if said.kind == "name" and (is_last or not after) and number == 0 and _stands_alone(tokens, first, end, after):
            said = Claim("take", options, 1)
        found.append(said)
    return found


def _is_verdict(tokens: list[Token], begin: int, end: int) -> bool:
    """Whether what stands between two letters is said of the first: `A) incorrect B) correct`, `A is false and B`."""
    roles = [token.role for token in tokens[begin:end]]
    if len(roles) == 1:
        return bool(tokens[begin - 1].mark) and roles[0] in ("right", "wrong", "yes", "no")
    return roles[-1:] == ["and"] and roles[0] == "be" and bool({"right", "wrong", "fits"} & set(roles))


def _options(tokens: list[Token], group: tuple[int, int]) -> tuple[str, ...]:
    first, end = group
    if end == first + 1:
        return (tokens[first].text.upper(),)
    return tuple(dict.fromkeys(token.text.upper() for token in tokens[first:end] if token.role == "letter"))


def _groups(tokens: list[Token]) -> list[tuple[int, int]]:
    """Where options stand that are joined by `and`, `or` and the like."""
    groups: list[tuple[int, int]] = []
    for place, token in enumerate(tokens):
        if token.role != "letter":
            continue
        between = tokens[groups[-1][1] : place] if groups else []
        roles = {"or" if one.text in NOR else one.role for one in between}
        if groups and tokens[groups[-1][1] - 1].mark and not token.mark and (not between or between[0].text == "both"):
            break  # the letters of an option's text: `(D) Both A and B`
        is_joined = bool(groups) and (
            not between or (roles <= {"and", "or", "option", "fill"} and bool(roles & {"and", "or"}))
        )
        if is_joined:
            groups[-1] = (groups[-1][0], place + 1)
        else:
            groups.append((place, place + 1))
    return groups


def _claim(
    ahead: list[Token],
    before: list[Token],
    after: list[Token],
    options: tuple[str, ...],
    previous: list[Claim],
    mark: str,
) -> Claim:
    """What is said of one group, by what stands before it, behind it and ahead of all of it."""
    roles = [token.role for token in before]
    if "than" in roles:
        return Claim("deny", options)
    behind = said_behind(after, mark)
    if "but" in roles or "notbut" in roles:
        place = max(place for place, role in enumerate(roles) if role in ("but", "notbut"))
        before, is_instead = before[place + 1 :], bool(previous) and previous[-1].kind == "deny"
        is_bare = all(token.role in _SKIPPED_BEFORE for token in before)
        is_opinion = not before or before[-1].text in PHRASES
        if is_bare and (is_instead or (is_opinion and not after)) and behind in ("take", ""):
            return Claim("take", options, 3 if is_instead else 2)
    is_echo = len(after) == 1 and (after[0].role in ("be", "yes") or after[0].text in _ECHOES)
    if before == ahead and not roles and is_echo and _is_denial(previous):
        return Claim("take", options, 2)  # `A and B are not right. C is.`
    if [token.text for token in before[-2:]] in (["so", "is"], ["so", "does"], ["so", "are"]) and previous:
        return previous[-1]._replace(options=options)
    said = {token.role for token in since_lead(before)}
    is_negated = bool(said & {"not", "wrong"}) and not is_relative(before)
    if is_negated and behind == "" and "not" in said and is_twice_negated(before):
        return Claim("take", options, 2)
    if is_negated or behind == "deny":
        return Claim("name" if is_negated and behind == "deny" else "deny", options)
    governing = {token.role for token in since_lead(ahead)}
    if governing & {"third", "if"} or behind == "name" or any(token.role == "if" for token in after):
        return Claim("name", options)
    strength = brought(before, previous, is_first=len(ahead) == len(before)) or (2 if behind == "take" else 0)
    return Claim("take" if strength else "name", options, strength)


def _is_denial(previous: list[Claim]) -> bool:
    return bool(previous) and previous[-1].kind == "deny"


def _stands_alone(tokens: list[Token], first: int, end: int, after: list[Token]) -> bool:
    """Whether a clause is options and nothing that is said of them: `B`, `option B`, `(B) Paris`, `B: Paris`."""
    ahead = [token.role for token in tokens[:first]]
    if any(role not in ("fill", "option", "lead", "colon", "yes", "and", "or", "turn") for role in ahead) and ahead != [
        "phrase"
    ]:
        return False
    if any(token.text in _PREPOSITIONS for token in tokens[:first]):
        return False
    if not after or (tokens[end - 1].mark and any(token.role == "letter" for token in after)):
        return True
    if [token.role for token in after] == ["option"]:
        return True
    mark = tokens[end - 1].mark
    if after[0].role == "phrase" and (mark or len(after) == 1):
        return True
    if (after[0].role == "colon" and after[0].text != "=") or (after[0].role in ("content", "fill", "right") and mark):
        is_verb = (
            mark == "()" and after[0].role == "content" and after[0].text.islower() and after[0].text.endswith("s")
        )
        return not is_verb and not {"not", "wrong"} & {token.role for token in after}
    return all(token.role in ("fill", "turn", "because") for token in after[:1])
