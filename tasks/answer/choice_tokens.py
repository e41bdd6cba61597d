"""The tokens of a text for the reader of choices: letters, and words by what they do. Called by `choice_clauses.py`.

A letter is a choice where it stands in brackets or beside words that say something of choices. `vitamin C`, `a B cell`
and the article A are words.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from tasks.answer.choice_words import CHINESE_WORDS, PHRASES, ROLES
from tasks.answer.statement_words import words_of

ORDINALS = ("first", "second", "third", "fourth", "fifth", "last")
_AFTER = words_of("be modal and or not wrong fits but because than itis it colon yes no turn if lead leaves")
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


@functools.cache
def _lexer(choices: str) -> re.Pattern[str]:
    either = re.escape(choices.upper() + choices.lower())
    ordinals = "|".join((*ORDINALS[: min(5, len(choices))], ORDINALS[-1]))
    return re.compile(
        rf"""
        (?P<mark>[\u2705\u2713\u2714\u2611\u274c\u2717\u2718\u2610]|\[[xX\ ]\])
      | [(\[]+\s?(?P<strong>[{either}])\s?[)\]]+
      | (?<![{_NO_WORD}.'\u00b0/-])(?P<item>[{re.escape(choices.upper())}])\)(?![{_NO_WORD}])
      | (?<![{_NO_WORD}'\u00b0-])(?<![a-z\d]/)(?<![{_NO_WORD}]\.)(?P<bare>[{either}])
        (?![{_NO_WORD}'+\u00b0]|[.,]\d|\s?%|-[A-Za-z]|/\w\w|[:/]\d|\.[A-Za-z])
      | \b[Tt][Hh][Ee]\ (?P<ordinal>{ordinals})\ (?:option|choice|answer|one|alternative)\b
      | (?P<word>[\u2e80-\u9fff\uac00-\ud7af]+|(?:[^\W\d_\u2e80-\u9fff\uac00-\ud7af]|{_VOWEL_SIGNS})+(?:['-][^\W\d_]+)*)
      | (?P<number>\d[\d.,]*\w*)
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
        if kind in ("strong", "item"):
            tokens.append(Token("letter", found, "()" if kind == "strong" else ")"))
        elif kind == "bare":
            tokens.append(Token("bare", found))
        elif kind == "ordinal":
            tokens.append(Token("letter", choices[-1 if found == ORDINALS[-1] else ORDINALS.index(found)]))
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


def with_phrases(tokens: list[Token]) -> list[Token]:
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
        return after.text > "\u2e80" or (
            after.role == "fill" and after.text in ("for", "by", "with", "here", "now", "overall")
        )
    is_content = after.role == "content" and letter not in "AI"
    return brings and has_answer and is_content
