"""The tokens of a text for the reader of choices: letters, and words by what they do. Called by `choice_clauses.py`.

A letter is a choice where it stands in brackets or beside words that say something of choices. `vitamin C`, `a B cell`
and the article A are words.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from tasks.answer.choice_words import CHINESE_WORDS, PHRASES, ROLES

ORDINALS = ("first", "second", "third", "fourth", "fifth", "last")
_NO_WORD = r"A-Za-z0-9_\u00c0-\u024f"
_BY_START: dict[str, dict[str, list[tuple[str, ...]]]] = {}
for _phrase in sorted(PHRASES, key=lambda phrase: -phrase.count(" ")):
    _first, *_more = _phrase.split()
    _BY_START.setdefault(_first, {}).setdefault(_more[0] if _more else "", []).append((_first, *_more))
"""phrases by their first word and their second, which is empty where there is none; the longest first"""
_VOWEL_SIGNS = r"[\u0300-\u036f\u064b-\u065f\u0900-\u0963\u0970-\u0dff\u0e30-\u0e4e]"
"""which are no letters to `re`"""
_WORD = rf"(?:[^\W\d_\u2e80-\u9fff\uac00-\ud7af]|{_VOWEL_SIGNS})"
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


@functools.cache
def _lexer(choices: str) -> re.Pattern[str]:
    either = re.escape(choices.upper() + choices.lower())
    ordinals = "|".join((*ORDINALS[: min(5, len(choices))], ORDINALS[-1]))
    return re.compile(
        rf"""
        (?=[A-Za-z]{{2}})(?![Tt][Hh][Ee]\ (?:{ordinals})\ )(?P<often>{_WORD}+(?:['-][^\W\d_]+)*)
      | (?P<mark>[\u2705\u2713\u2714\u2611\u274c\u2717\u2718\u2610]|\[[xX\ ]\])
      | (?<!\b[A-Za-z])(?<!\b(?:sin|cos|tan|log|det|var|cov|exp))(?<!\bPr)[(\[]+\s?(?P<strong>[{either}])\s?[)\]]+
      | [(\[]\s?(?P<native>[\u0590-\u06ff\u0900-\u0e3f])\s?[)\]]
      | (?<![{_NO_WORD}.'\u00b0/(\[-])(?P<item>[{either}])\)(?![{_NO_WORD}])
      | (?<![{_NO_WORD}\u00b0-])(?<![{_NO_WORD}]')(?<![a-z\d]/)(?<![{_NO_WORD}]\.)(?P<bare>[{either}])
        (?![{_NO_WORD}+\u00b0]|'(?!d[i\u0131u\u00fc]r\b)[A-Za-z]|[.,]\d|\s?%|-[A-Za-z]|/\w\w|[:/]\d|\.[A-Za-z])
      | \b[Tt][Hh][Ee]\ (?P<ordinal>{ordinals})\ (?:option|choice|answer|one|alternative)\b
      | (?P<word>[\u2e80-\u9fff\uac00-\ud7af]+|{_WORD}+(?:['-][^\W\d_]+)*)
      | (?P<number>\d+(?:[.,]\d+)*\w*)
      | (?P<end>[\n\u0964]|\.{{2,}}|\u2026|[.!?;,])
      | (?P<colon>=>|->|[:=|\u2192]|(?<=\s)[-\u2014]+(?=\s))
      | (?P<join>[&+/])
        """,
        re.VERBOSE,
    )


def scan(text: str, choices: str) -> list[Token]:
    tokens: list[Token] = []
    for match in _lexer(choices).finditer(text):
        kind, found = match.lastgroup or "", match[match.lastgroup or 0]
        if kind == "often":
            tokens.append(_word(found))
        elif kind == "strong":
            tokens.append(Token("letter", found, "()"))
        elif kind == "item":
            tokens.append(Token("bare" if found.islower() else "letter", found, ")"))
        elif kind == "bare":
            tokens.append(Token("bare", found))
        elif kind == "native":
            tokens.append(Token("fill", found))
        elif kind == "ordinal":
            tokens.append(Token("letter", choices[-1 if found == ORDINALS[-1] else ORDINALS.index(found)]))
        elif kind == "mark":
            tokens.append(Token(_MARKS[found], found))
        elif kind == "word":
            word = found.lower()
            if word > "\u2e80":
                tokens += [Token(ROLES.get(one, PHRASES.get(one, "fill")), one) for one in CHINESE_WORDS.findall(word)]
            else:
                tokens.append(_word(found))
        else:
            tokens.append(Token({"number": "content", "join": "and"}.get(kind, kind), found))
    return tokens


@functools.lru_cache(1 << 14)
def _word(found: str) -> Token:
    word = found.lower()
    role = ROLES.get(word)
    if role is None:
        return Token("not", word) if word.endswith(("n't", "n\u2019t")) else Token("content", found)
    return Token(role, word if role != "content" else found)


def with_phrases(tokens: list[Token]) -> list[Token]:
    """The tokens with phrases as one."""
    words = [token.text.lower() for token in tokens]
    if _BY_START.keys().isdisjoint(words):
        return tokens
    found, place = list[Token](), 0
    words.append("")
    while place < len(tokens):
        phrase = _phrase_at(words, place) if words[place] in _BY_START else ()
        if phrase:
            text = " ".join(phrase)
            found.append(Token(PHRASES[text], text))
        else:
            found.append(tokens[place])
        place += len(phrase) or 1
    return found


def _phrase_at(words: list[str], place: int) -> tuple[str, ...]:
    """The longest phrase that begins there, as words; empty where there is none."""
    begun = _BY_START[words[place]]
    for phrase in begun.get(words[place + 1], ()):
        if tuple(words[place : place + len(phrase)]) == phrase:
            return phrase
    return begun[""][0] if "" in begun else ()
