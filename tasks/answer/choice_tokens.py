"""A text as clauses, each of letters and of words by what they do: for the reader of choices.

A letter is a choice where it stands in brackets or beside words that say something of choices. `vitamin C`, `a B cell` and
the article A are words.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import NamedTuple

from tasks.answer.choice_words import CHINESE_WORDS, PHRASES, ROLES

ORDINALS = ("first", "second", "third", "fourth", "fifth")
_AFTER = frozenset("be modal and or not wrong fits but because than itis it colon yes no turn if lead leaves".split())
"""roles that may follow a letter that is a choice"""
_NO_WORD = r"A-Za-z0-9_\u00c0-\u024f"
_PHRASE_STARTS = {phrase.split()[0] for phrase in PHRASES}
_MAX_PHRASE = 5
_VOWEL_SIGNS = r"[\u0300-\u036f\u064b-\u065f\u0900-\u0963\u0970-\u0dff\u0e30-\u0e4e]"
"""which are no letters to `re`"""
_MARKS = {"\u2705": "yes", "\u2713": "yes", "\u2714": "yes", "\u2611": "yes", "\u274c": "no", "\u2717": "no",
          "\u2718": "no", "\u2610": "no", "[x]": "yes", "[X]": "yes", "[ ]": "no"}  # fmt: skip


class Token(NamedTuple):
    """Attributes:
    role: letter | colon | content | one of the roles of words.
    text: a word in small letters; content and letters as they are written.
    mark: the brackets of a letter: `()`, `)` or none.
    """

    role: str
    text: str
    mark: str = ""


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


@functools.cache
def _lexer(choices: str) -> re.Pattern[str]:
    either = re.escape(choices.upper() + choices.lower())
    ordinals = "|".join(ORDINALS[: len(choices)])
    return re.compile(
        rf"""
        (?P<mark>[\u2705\u2713\u2714\u2611\u274c\u2717\u2718\u2610]|\[[xX\ ]\])
      | [(\[]+\s?(?P<strong>[{either}])\s?[)\]]+
      | (?<![{_NO_WORD}.'\u00b0/-])(?P<item>[{re.escape(choices.upper())}])\)(?![{_NO_WORD}])
      | (?<![{_NO_WORD}'\u00b0-])(?<![a-z\d]/)(?<![{_NO_WORD}]\.)(?P<bare>[{either}])
        (?![{_NO_WORD}'+\u00b0]|[.,]\d|\s?%|-[A-Za-z]|/\w\w|[:/]\d|\.[A-Za-z])
      | \b[Tt][Hh][Ee]\ (?P<ordinal>{ordinals})\ (?=(?:option|choice|answer|one|alternative)\b)
      | (?P<word>[\u2e80-\u9fff\uac00-\ud7af]+|(?:[^\W\d_\u2e80-\u9fff\uac00-\ud7af]|{_VOWEL_SIGNS})+(?:['-][^\W\d_]+)*)
      | (?P<number>\d[\d.,]*\w*)
      | (?P<end>[\n\u0964]|\.{{2,}}|\u2026|[.!?;,])
      | (?P<colon>=>|->|[:=|\u2192]|(?<=\s)[-\u2014]+(?=\s))
      | (?P<join>[&+/])
        """,
        re.VERBOSE,
    )


def parse_clauses(text: str, choices: str) -> list[Clause]:
    """The clauses of a plain text, in order; those without words and letters left out."""
    raw = _scan(_without_long(text, choices), choices)
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
        clause.tokens = _checked(_with_phrases(clause.tokens))
    return clauses


def _without_long(text: str, choices: str) -> str:
    """The text with one word in place of each long sentence that holds no letter and changes no mind."""
    told = _telling(choices)
    pieces = [
        piece if len(piece) < _SHORT or not piece.isascii() or told.search(piece) else f"x.{chr(10) * piece.endswith(chr(10))}"
        for piece in _SENTENCE.findall(text)
    ]
    return "".join(pieces)


_SHORT = 60
_SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?\n]+|$)")


@functools.cache
def _telling(choices: str) -> re.Pattern[str]:
    small = re.escape(choices.lower().replace("a", ""))
    return re.compile(
        rf"(?<![A-Za-z0-9])(?:[{re.escape(choices.upper())}{small}](?![A-Za-z0-9])|a\W*$)|[(\[][{re.escape(choices.lower())}]"
        rf"|(?i:\bthe\ (?:{'|'.join(ORDINALS)})\ |\b(?:wait|actually|sorry|correction|scratch|mistake|wrong)\b)"
    )


def _scan(text: str, choices: str) -> list[Token]:
    tokens: list[Token] = []
    for match in _lexer(choices).finditer(text):
        kind, found = match.lastgroup or "", match[match.lastgroup or 0]
        if kind in ("strong", "item"):
            tokens.append(Token("letter", found, "()" if kind == "strong" else ")"))
        elif kind == "bare":
            tokens.append(Token("bare", found))
        elif kind == "ordinal":
            tokens.append(Token("letter", choices[ORDINALS.index(found)]))
        elif kind == "mark":
            tokens.append(Token(_MARKS[found], found))
        elif kind == "word":
            word = found.lower()
            if word > "\u2e80":
                tokens += [Token(ROLES.get(one, PHRASES.get(one, "fill")), one) for one in CHINESE_WORDS.findall(word)]
            else:
                role = _role(word)
                tokens.append(Token(role, found if role == "content" else word))
        else:
            tokens.append(Token({"number": "content", "join": "and"}.get(kind, kind), found))
    return tokens


def _role(word: str) -> str:
    role = ROLES.get(word)
    if role is not None:
        return role
    return "not" if word.endswith(("n't", "n\u2019t")) else "content"


def _joins(raw: list[Token], place: int, clause: Clause) -> bool:
    """Whether a comma is inside of a list of letters (`A, B or D`), or behind `thus`."""
    before = clause.tokens[-1].role if clause.tokens else ""
    after = [token.role for token in raw[place + 1 : place + 4]]
    if before in ("letter", "bare"):
        following = after[1:] if after[:1] in (["and"], ["or"]) else after
        is_letter = following[:1] in (["letter"], ["bare"])
        return is_letter and following[1:2] not in (["be"], ["wrong"], ["fits"], ["content"], ["modal"], ["colon"], ["because"])
    return bool(clause.tokens) and all(token.role in ("lead", "fill", "yes") for token in clause.tokens)


def _with_phrases(tokens: list[Token]) -> list[Token]:
    """The tokens with phrases as one."""
    found, place = list[Token](), 0
    while place < len(tokens):
        if tokens[place].text.lower() in _PHRASE_STARTS:
            for length in range(min(_MAX_PHRASE, len(tokens) - place), 0, -1):
                text = " ".join(token.text for token in tokens[place : place + length]).lower()
                if text in PHRASES:
                    found.append(Token(PHRASES[text], text))
                    place += length
                    break
            else:
                found.append(tokens[place])
                place += 1
        else:
            found.append(tokens[place])
            place += 1
    return found


def _checked(tokens: list[Token]) -> list[Token]:
    """The tokens with each bare letter as an option or as a word."""
    has_answer = any(token.role in ("answer", "right", "option", "choose") for token in tokens)
    found: list[Token] = []
    for place, token in enumerate(tokens):
        if token.role != "bare":
            found.append(token)
            continue
        before = found[-1] if found else None
        after = tokens[place + 1] if place + 1 < len(tokens) else None
        is_option = _is_option(token.text, before, after, has_answer=has_answer)
        found.append(Token("letter" if is_option else ROLES.get(token.text.lower(), "content"), token.text))
    return found


def _is_option(letter: str, before: Token | None, after: Token | None, *, has_answer: bool) -> bool:
    brings = before is not None and before.role in ("be", "colon", "answer", "option", "choose", "or", "and", "to")
    if letter.islower():
        return brings and has_answer and after is None
    if before is not None and before.role == "content":
        return False
    if after is None or after.role in _AFTER or after.role == "bare" or (after.role == "letter" and after.mark):
        return letter != "I" or after is None or after.role in ("be", "colon", "or", "and")
    if after.role in ("right", "fill", "option"):
        return after.text > "\u2e80" or (after.role == "fill" and after.text in ("for", "by", "with", "here", "now", "overall"))
    is_content = after.role == "content" and letter not in "AI"
    return brings and has_answer and is_content
