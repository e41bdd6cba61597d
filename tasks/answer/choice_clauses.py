"""A text as clauses, each of letters and of words by what they do: for the reader of choices."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from tasks.answer.choice_tokens import ORDINALS, Token, as_options, scan, with_phrases

_SHORT = 60

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
    for clause in clauses:
        clause.tokens = as_options(with_phrases(clause.tokens))
    return clauses


def _without_long(text: str, choices: str) -> str:
    """The text with one word in place of each long sentence that holds no letter and changes no mind."""
    told = _telling(choices)
    pieces = [
        piece
        if len(piece) < _SHORT or not piece.isascii() or told.search(piece)
        else f"x.{chr(10) * piece.endswith(chr(10))}"
        for piece in _SENTENCE.findall(text)
    ]
    return "".join(pieces)


@functools.cache
def _telling(choices: str) -> re.Pattern[str]:
    small = re.escape(choices.lower().replace("a", ""))
    return re.compile(
        rf"(?<![A-Za-z0-9])(?:[{re.escape(choices.upper())}{small}](?![A-Za-z0-9])|a\W*$)|[(\[][{re.escape(choices.lower())}]"
        rf"|(?i:\bthe\ (?:{'|'.join(ORDINALS)})\ |\b(?:wait|actually|sorry|correction|scratch|mistake|wrong)\b)"
    )


def _joins(raw: list[Token], place: int, clause: Clause) -> bool:
    """Whether a comma is inside of a list of letters (`A, B or D`), or behind `thus`."""
    before = clause.tokens[-1].role if clause.tokens else ""
    after = [token.role for token in raw[place + 1 : place + 4]]
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
