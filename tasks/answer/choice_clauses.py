"""A text as clauses, each of letters and of words by what they do: for the reader of choices."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from tasks.answer.choice_letters import as_options
from tasks.answer.choice_tokens import ORDINALS, Token, scan, with_phrases
from tasks.answer.choice_turns import is_dissent
from tasks.answer.statement_words import words_of

_SHORT = 60
_BE = ("is", "est", "ist", "es")
_EXCEPTING = words_of(
    "except excluding apart other besides with \u9664\u4e86 \u9664 au\u00dfer excepto sauf menos tranne exceto"
)
_MAX_EXCEPTION = 5
"""tokens of `with the exception of C`"""

_LONG = "x."
"""stands for long sentences"""
_SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?\n]+|$)")


@dataclass(slots=True)
class Clause:
    """What stands between two marks.

    Attributes:
        ends: the mark behind it: one of `.,;!?` or a line's end.
        begins_line: whether nothing stands before it on its line.
    """

    tokens: list[Token]
    ends: str = ""
    begins_line: bool = False

    @property
    def options(self) -> list[str]:
        return [token.text.upper() for token in self.tokens if token.role == "letter"]


def parse_clauses(text: str, choices: str) -> list[Clause]:
    """The clauses of a plain text, in order; those without words and letters left out."""
    raw = scan(_without_long(text, choices), choices)
    clauses, current = list[Clause](), Clause([], begins_line=True)
    for place, token in enumerate(raw):
        if token.role == "colon" and current.tokens and is_dissent(current):
            current.ends = ","
            clauses.append(current)
            current = Clause([])
            continue
        if token.role == "turn" and current.tokens and current.tokens[-1].role == "colon":
            clauses.append(current)
            current = Clause([])
        if token.role != "end":
            current.tokens.append(token)
            continue
        if token.text == "," and _joins(raw, place, current):
            if current.tokens[-1].role in ("letter", "bare"):
                current.tokens.append(Token("or", ","))
            continue
        current.ends = token.text
        if current.tokens:
            clauses.append(current)
            current = Clause([], begins_line=token.text == "\n")
        else:
            current = Clause([], begins_line=token.text == "\n" or current.begins_line)
            if clauses and token.text in "?\n":
                clauses[-1].ends += token.text
    if current.tokens:
        clauses.append(current)
    clauses = _with_predicates(clauses)
    for clause in clauses:
        clause.tokens = as_options(with_phrases(clause.tokens))
    return clauses


def _with_predicates(clauses: list[Clause]) -> list[Clause]:
    """The clauses, a verb apart (`The answer, as shown, is C`) with what it is said of."""
    found = list[Clause]()
    for clause in clauses:
        first = next((token for token in clause.tokens if token.role != "lead"), clause.tokens[0])
        place = len(found) - 1
        if first.role == "be" and first.text in _BE:
            while place >= 0 and found[place].ends == "," and not _is_subject(found[place]):
                place -= 1
        if (
            first.role == "be"
            and first.text in _BE
            and place >= 0
            and found[place].ends == ","
            and _is_subject(found[place])
        ):
            found[place] = Clause([*found[place].tokens, *clause.tokens], clause.ends, found[place].begins_line)
        else:
            found.append(clause)
    return found


def _is_subject(clause: Clause) -> bool:
    roles = {token.role for token in clause.tokens}
    return bool(roles & {"answer", "right", "option"}) and not roles & {"letter", "bare", "be"}


def _is_exception(clause: Clause) -> bool:
    """Whether a clause is nothing but `except for C`, so that what is said of the others belongs to it."""
    roles = [token.role for token in clause.tokens]
    is_begun = bool(roles) and clause.tokens[0].text.lower() in _EXCEPTING
    return is_begun and sum(role in ("letter", "bare") for role in roles) == 1 and len(roles) <= _MAX_EXCEPTION


def _without_long(text: str, choices: str) -> str:
    """The text with one word in place of each long sentence that holds no letter and changes no mind."""
    told = _telling(choices)
    pieces = list[str]()
    for piece in _SENTENCE.findall(text):
        if len(piece) < _SHORT or not piece.isascii() or told.search(piece):
            pieces.append(piece)
        elif piece[-1] == "\n":
            pieces.append(_LONG + "\n")
        elif not pieces or pieces[-1] != _LONG:
            pieces.append(_LONG)
    return "".join(pieces)


@functools.cache
def _telling(choices: str) -> re.Pattern[str]:
    small = re.escape(choices.lower().replace("a", ""))
    return re.compile(
        rf"(?<![A-Za-z0-9])(?:[{re.escape(choices.upper())}{small}](?![A-Za-z0-9])"
        rf"|a(?:\W*$|(?=[,;:.)]))|(?<=option\ )a\b|(?<=choice\ )a\b|(?<=answer\ is\ )a\b)"
        rf"|[(\[][{re.escape(choices.lower())}]"
        rf"|(?i:\bthe\ (?:{'|'.join(ORDINALS)})\ |\b(?:wait|actually|sorry|correction|scratch|mistake|wrong)\b)"
    )


def _joins(raw: list[Token], place: int, clause: Clause) -> bool:
    """Whether a comma is inside of a list of letters (`A, B or D`), or behind `thus`."""
    before = clause.tokens[-1].role if clause.tokens else ""
    after = [token.role for token in raw[place + 1 : place + 4]]
    if _is_exception(clause):
        return after[:1] not in (["letter"], ["bare"], ["end"])
    if before in ("letter", "bare"):
        following = after[1:] if after[:1] in (["and"], ["or"]) else after
        is_letter = following[:1] in (["letter"], ["bare"])
        return is_letter and following[1:2] not in (
            ["be"],
            ["wrong"],
            ["fits"],
            ["content"],
            ["modal"],
            ["colon"],
            ["because"],
        )
    return bool(clause.tokens) and all(token.role in ("lead", "fill", "yes") for token in clause.tokens)
