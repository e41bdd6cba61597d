"""What the fields of a problem file mean, guessed from its first rows: what is asked, the gold answer, what kind it is.

Called by `selfloop init`, which writes the guess into the recipe, where it can be read and corrected.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from configs.errors import ProblemsError
from configs.schema.verifiers.kinds import ChoiceVerifier, NumberVerifier
from tasks.judge.verifiers.choice import LETTERS
from tasks.judge.verifiers.registry import explain_gold
from tasks.sample.problems.files import scan_rows

ROWS_READ = 200
CHATS = ("messages", "chosen", "conversations", "conversation", "chat")
CONTEXTS = ("body", "context", "passage", "story")
QUESTIONS = ("question", "problem", "prompt", "instruction", "query", "input", "text", "ask")
GOLDS = ("answer", "gold", "target", "label", "final_answer", "expected", "output", "solution", "correct")
MARKED = "#### (.+)"
MOST = 0.9
"""share of the golds that have to be of a kind for it to be guessed"""


@dataclass(frozen=True)
class Guess:
    """What the rows are taken for.

    Attributes:
        prompt: a Jinja template, empty where `messages` names a field with a chat.
        gold: field of the gold answer; None where none is recognised.
        pattern: of the answer in that field; None: all of it.
        answer: number, choice or text.
        choices: the letters that golds are, for choice.
    """

    prompt: str = "{{ question }}"
    messages: str | None = None
    gold: str | None = "answer"
    pattern: str | None = None
    answer: str = "number"
    choices: str = ""


def first_rows(path: Path, name: str) -> list[dict[str, Any]]:
    """The first rows of a file that can be read.

    Raises:
        ProblemsError: the file is none of problems, or has no row that can be read.
    """
    rows = [row for row in islice(scan_rows(path, name), ROWS_READ) if not isinstance(row, ProblemsError)]
    if not rows:
        raise ProblemsError(f"{name} has no row that can be read", "make or copy the file again")
    return rows


def guess_rows(rows: Sequence[Mapping[str, Any]], name: str, prompt: str | None, gold: str | None) -> Guess:
    """What the fields mean.

    Args:
        prompt, gold: what the user says of them.

    Raises:
        ProblemsError: no field looks like a question, or like an answer; lists the fields there are.
    """
    fields = {str(field).lower(): str(field) for field in rows[0]}
    chat = (
        None if prompt else next((fields[word] for word in CHATS if isinstance(_of(rows[0], fields, word), list)), None)
    )
    asked = prompt or ("" if chat else _template(fields))
    if not asked and chat is None:
        raise ProblemsError(
            f"{name}: no field looks like a question; there are {', '.join(fields.values())}",
            'say what is asked: --prompt "{{ FIELD }}"',
        )
    found = gold or next((fields[word] for word in GOLDS if word in fields), None)
    if found is None or found not in rows[0]:
        raise ProblemsError(
            f"{name}: {f'no field {found}' if found else 'no field looks like an answer'}; there are "
            f"{', '.join(fields.values())}",
            "name the field of the right answer: --gold FIELD",
        )
    return _with_kind(rows, Guess(asked, chat, found))


def _of(row: Mapping[str, Any], fields: Mapping[str, str], word: str) -> Any:
    return row[fields[word]] if word in fields else None


def _template(fields: Mapping[str, str]) -> str:
    question = next((fields[word] for word in QUESTIONS if word in fields), None)
    if question is None:
        return ""
    context = next((fields[word] for word in CONTEXTS if word in fields), None)
    return " ".join(_field(name) for name in (context, question) if name)


def _field(name: str) -> str:
    return f"{{{{ {name} }}}}" if name.isidentifier() else f"{{{{ row[{name!r}] }}}}"


def _with_kind(rows: Sequence[Mapping[str, Any]], guess: Guess) -> Guess:
    """The kind of answer, from the golds of the rows."""
    golds = [_text(row[str(guess.gold)]) for row in rows if row.get(str(guess.gold)) not in (None, "")]
    marked = [match.group(1) for gold in golds if (match := re.search(MARKED, gold))]
    pattern = MARKED if marked and len(marked) == len(golds) else None
    golds = marked if pattern else golds
    letters = sorted({gold.strip().upper() for gold in golds})
    answer, choices = "text", ""
    if letters and all(len(letter) == 1 and letter in LETTERS for letter in letters):
        answer, choices = "choice", LETTERS[: max(2, LETTERS.index(letters[-1]) + 1)]
    elif golds and sum(explain_gold(gold, NumberVerifier()) is None for gold in golds) >= MOST * len(golds):
        answer = "number"
    return Guess(guess.prompt, guess.messages, guess.gold, pattern, answer, choices or ChoiceVerifier().choices)


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
