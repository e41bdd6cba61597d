"""Where a text turns from what it said before: it changes its mind, disagrees, or says more than one case.

Called by `choices.py` and `choice_words.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.answer.statement_words import words_of

if TYPE_CHECKING:
    from tasks.answer.choice_before import Claim
    from tasks.answer.choice_clauses import Clause
    from tasks.answer.choice_tokens import Token

_CHANGING = words_of(
    "change changing changed switch switching switched revise revising revised amend amending correct correcting "
    "update updating"
)
SWITCHES = frozenset(
    [f"{verb} {what} to" for verb in sorted(_CHANGING) for what in ("my answer", "my choice", "it", "that", "this")]
    + ["switch to", "switching to", "make that", "make it", "i meant", "i mean", "ich meinte", "ich meine"]
    + ["je voulais dire", "quise decir", "quer\u00eda decir", "volevo dire", "quis dizer"]
)
"""words that take a choice, and take back the one before"""
_TOLD_ALONE = words_of("rather update \u043d\u0435\u0442 \uc544\ub2c8")
"""a turn where nothing else stands between two marks"""
_NOUNS = words_of(
    "rectification amendment rectificatif rectificaci\u00f3n corre\u00e7\u00e3o correzione rettifica correctie "
    "\u4fee\u6b63 \u7ea0\u6b63 \u66f4\u6b63 \u8a02\u6b63 \u8ba2\u6b63 \uc815\uc815"
)
"""the same, of words that name other things too"""
_LATER = ("typo above", "that was a typo", "my typo", "i take that back", "i take it back", "i stand corrected")
"""a turn wherever they stand"""
_DISSENTERS = words_of("i we ich wir moi je nous yo nosotros eu n\u00f3s io noi \u044f \u043c\u044b ik jag jeg")
_DISSENT = words_of("disagree differ nicht non pas no n\u00e3o not \u043d\u0435\u0442 niet inte ikke")
_MAX_DISSENT = 4
"""tokens of `I don't agree`"""
_CASES = words_of(
    "for with without from according under if when in pour avec sans f\u00fcr mit ohne bei para con sin com sem per "
    "senza \u0434\u043b\u044f \u043f\u0440\u0438 \u0441 \u0431\u0435\u0437 voor"
)
"""they begin a case, of which another answer holds than of the next"""
_SUPPOSING = words_of("if were had suppose assuming w\u00e4re h\u00e4tte wenn falls si se \u0435\u0441\u043b\u0438 als")
_UNREAL = words_of("would w\u00e4re ser\u00eda seria serait sarebbe sarei \u0431\u044b") | {"it would be", "it'd be"}
_MAX_REFUSAL = 6
"""tokens of `but that it is not`"""
_MIN_LISTED = 3
_OTHERS = words_of(
    "others other rest remaining anderen andere \u00fcbrigen autres dem\u00e1s otras otros resto altri altre outras "
    "outros demais \u043e\u0441\u0442\u0430\u043b\u044c\u043d\u044b\u0435 \u0434\u0440\u0443\u0433\u0438\u0435 "
    "\u5176\u4ed6 \u5176\u4f59 \u4ed6\u306e \ub098\uba38\uc9c0"
)
"""in a heading: what comes below it is said against them"""


def is_turn(clause: Clause, roles: list[str], *, is_answer_to_question: bool) -> bool:
    """Whether a clause begins with a change of mind: `wait`, `no`, `Rather,`, `Update:`.

    Args:
        roles: of its tokens.
    """
    first = clause.tokens[0]
    if first.role == "turn" and first.text not in _NOUNS:
        return True
    if first.text in _NOUNS or first.text.lower() in _TOLD_ALONE or (first.role == "no" and not is_answer_to_question):
        return len(clause.tokens) == 1 or clause.tokens[1].role == "colon"
    return "turn" in roles and any(token.text in _LATER for token in clause.tokens)


def is_dissent(clause: Clause) -> bool:
    """`I wouldn't`, `I disagree`: behind what others say."""
    tokens = clause.tokens
    if len(tokens) > _MAX_DISSENT or tokens[0].text.lower() not in _DISSENTERS:
        return False
    return any(token.text.lower() in _DISSENT or token.role in ("not", "no") for token in tokens[1:]) and not (
        clause.options
    )


def is_supposition(clause: Clause) -> bool:
    """`If the gas were ideal`: what the next clause says may hold of that case alone."""
    return clause.ends == "," and clause.tokens[0].text.lower() in _SUPPOSING and not clause.options


def is_unreal(clause: Clause) -> bool:
    """`It would be C`: not so, where another choice is taken later."""
    return any(token.text in _UNREAL for token in clause.tokens)


def refuses(clause: Clause) -> bool:
    """`It isn't`: what was supposed is not so."""
    tokens = clause.tokens
    if tokens[0].role == "if":
        return False
    is_no = tokens[-1].role == "not" or tokens[0].role == "no"
    return is_no and len(tokens) <= _MAX_REFUSAL and not clause.options


def without_unreal(events: list[Claim], unreal: list[int]) -> list[Claim]:
    """The claims, those that hold of what is not so as names alone, where another is taken later.

    Args:
        unreal: the places of these claims.
    """
    later = [claim for place, claim in enumerate(events) if place > unreal[-1] and claim.kind == "take"]
    if not later:
        return events
    return [claim._replace(kind="name") if place in unreal else claim for place, claim in enumerate(events)]


def second_case(clause: Clause, previous: Clause, taken: list[Claim]) -> Claim | None:
    """What is left open by `for the most it is B, for the least C`, of the second clause; None where it is no case.

    Args:
        taken: what the clause before it claims.
    """
    last = clause.tokens[-1].text
    if len(last) > 1 or not last.isupper() or len(clause.options) > 1 or last in taken[-1].options:
        return None
    if not (_opens_case(previous) and _opens_case(clause)):
        return None
    return taken[-1]._replace(options=(*taken[-1].options, last), strength=3)


def _opens_case(clause: Clause) -> bool:
    """Whether the first word that is no `so` or `but` begins a case, and says of what."""
    texts = [token.text.lower() for token in _after_colon(clause.tokens) if token.role not in ("lead", "but", "and")]
    return texts[0] in _CASES and len(texts) > 2 if texts else False


def _after_colon(tokens: list[Token]) -> list[Token]:
    places = [place for place, token in enumerate(tokens) if token.role == "colon"]
    return tokens[places[-1] + 1 :] if places else tokens


def list_below(clauses: list[Clause]) -> Clause | None:
    """Where the list of the others begins below the choice: `C. Paris`, an empty line, then A, B and D with what is
    said of each; None where there is no such list."""
    if len(clauses) < _MIN_LISTED or not _letter_of_line(clauses[0]):
        return None
    lines = [(place, letter) for place, clause in enumerate(clauses) if (letter := _letter_of_line(clause))]
    letters = [letter for _, letter in lines]
    if len(letters) < _MIN_LISTED or letters[0] < letters[1]:
        return None
    is_ordered = letters[1:] == sorted({*letters[1:]} - {letters[0]})
    return clauses[lines[1][0]] if is_ordered and "\n\n" in clauses[lines[1][0] - 1].ends else None


def _letter_of_line(clause: Clause) -> str:
    if not clause.begins_line:
        return ""
    first = clause.tokens[clause.tokens[0].role == "colon" and len(clause.tokens) > 1]
    return first.text.upper() if first.role == "letter" else ""


def is_heading_of_others(clause: Clause) -> bool:
    """`Why not the others?`, `The other options:`, on a line of its own."""
    if not clause.begins_line or "\n" not in clause.ends or clause.options:
        return False
    return any(token.text.lower() in _OTHERS for token in clause.tokens)
