"""All that the clauses of a text claim of choices, in order, by what stands around each. Called by `choices.py`."""

from __future__ import annotations

from tasks.answer.choice_claims import Claim, claims_of
from tasks.answer.choice_clauses import Clause
from tasks.answer.choice_turns import (
    SWITCHES,
    is_dissent,
    is_heading_of_others,
    is_supposition,
    is_turn,
    is_unreal,
    list_below,
    refuses,
    second_case,
    without_unreal,
)

_SENTENCE_ENDS = (".", "!", "?", "\n", ";")


def events_of(clauses: list[Clause]) -> list[Claim]:
    """All that the clauses claim, in order; `turn` where the text changes its mind."""
    events, previous, asked = list[Claim](), list[Claim](), tuple[str, ...]()
    is_reason = is_heading = is_against = is_supposed = False
    supposed, unreal = None, list[int]()
    listed = list_below(clauses)
    for place, clause in enumerate(clauses):
        roles = [token.role for token in clause.tokens]
        if roles[0] in ("lead", "but", "answer") or clause.begins_line:
            is_reason = False
        if is_turn(clause, roles, is_answer_to_question=bool(asked)):
            events.append(Claim("turn", ()))
        is_against = is_against or (
            len(events) == 1 and _is_first_taken(events) and (clause is listed or is_heading_of_others(clause))
        )
        if supposed is not None and refuses(clause):
            events[supposed] = events[supposed]._replace(kind="name")
            supposed = None
        if roles[0] == "but" and "also" not in [token.text for token in clause.tokens]:
            events.append(Claim("but", ()))
        if asked and roles[0] in ("no", "not"):
            events.append(Claim("deny", asked))
        is_yes = asked and (roles[0] == "yes" or clause.tokens[0].text in ("yes", "ja", "oui"))
        if is_yes:
            events.append(Claim("take", asked, 2))
        asked = ()
        cut = roles.index("because") if "because" in roles else len(roles)
        if cut == 0:
            is_heading_of_reasons = roles[1:2] in ([], ["colon"])
            is_reason = (clause.ends != "," or bool(events)) and (
                is_heading_of_reasons or clause.ends not in _SENTENCE_ENDS
            )
            continue
        claims = [] if is_reason else claims_of(Clause(clause.tokens[:cut], clause.ends, clause.begins_line), previous)
        if "?" in clause.ends:
            asked = claims[-1].options if claims else ()
            claims = []
        is_reason = is_reason or cut < len(roles)
        if is_against:
            claims = [claim for claim in claims if claim.strength > 1]
        if previous and previous[-1].kind == "take":
            case = second_case(clause, clauses[place - 1], previous)
            claims = [case] if case is not None else claims
        is_taken = "choose" in roles and bool(claims) and claims[-1].kind == "take"
        if is_taken and any(token.text in SWITCHES for token in clause.tokens):
            events.append(Claim("turn", ()))
        if not claims and previous and previous[-1].strength == 1:
            events += _marked(clause, previous[-1])
        if not claims and events and events[-1].options and _denies(roles):
            events.append(Claim("deny", events[-1].options))
        events += [
            _lifted(claim, clause, previous, is_heading=is_heading, is_last=place == len(clauses) - 1)
            for claim in claims
        ]
        if claims:
            supposed = len(events) - 1 if is_supposed and claims[-1].kind == "take" else None
            if supposed is not None and is_unreal(clause):
                unreal.append(supposed)
        is_supposed = is_supposition(clause)
        is_answer = not claims and "answer" in roles and roles[-1] in ("answer", "be", "colon")
        is_heading = is_answer and ("\n" in clause.ends or roles == ["answer"])
        previous = claims or ([Claim("deny", ())] if roles[0] in ("no", "turn") or asked or is_dissent(clause) else [])
        if clause.ends[-1:] in _SENTENCE_ENDS:
            is_reason = False
    return without_unreal(events, unreal) if unreal else events


def _is_first_taken(events: list[Claim]) -> bool:
    """Whether nothing is said yet but one choice."""
    return len(events) == 1 and events[0].kind == "take" and len(events[0].options) == 1


def _denies(roles: list[str]) -> bool:
    """`But it is wrong`, of the choice that was named before."""
    has_subject = "itis" in roles or ("it" in roles and "be" in roles)
    return has_subject and ("wrong" in roles or ("not" in roles and "right" in roles))


def _marked(clause: Clause, claim: Claim) -> list[Claim]:
    """What a mark behind the text of a choice says of it: `B. Nitrogen \u2705`."""
    roles = {token.role for token in clause.tokens if not token.text.isalpha()}
    first = clause.tokens[0].role
    if "yes" in roles or first == "right":
        return [claim._replace(strength=2)]
    return [Claim("deny", claim.options)] if "no" in roles or first == "wrong" else []


def _lifted(claim: Claim, clause: Clause, previous: list[Claim], *, is_heading: bool, is_last: bool) -> Claim:
    """A letter alone counts under a heading as an answer; in the middle of a line only after a question or denial."""
    if claim.strength != 1:
        return claim
    if is_heading:
        return claim._replace(strength=3)
    is_apart = clause.begins_line or (is_last and not previous) or (previous and previous[-1].kind == "deny")
    return claim if is_apart else claim._replace(kind="item")
