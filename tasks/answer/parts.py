"""What a mathematical answer can be, beside a value: words, terms, or a formula. Read by `structure.py`."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.answer.value import Value


@dataclass(frozen=True, slots=True)
class Words:
    """Words, or letters that are a name. `text` keeps the case; `is_name`: capital letters alone, such as CAB."""

    text: str

    @property
    def is_name(self) -> bool:
        return self.text.isupper()

    def __str__(self) -> str:
        return self.text if self.is_name or len(self.text) == 1 else self.text.casefold()


@dataclass(frozen=True, slots=True)
class Terms:
    """Several terms.

    Attributes:
        kind: the two brackets, `()`, `[)`, `{}` and so on; `,` for a list without brackets, `|` for a union.
    """

    kind: str
    terms: tuple[Part, ...]

    @property
    def is_ordered(self) -> bool:
        return self.kind not in ("{}", ",", "|")


@dataclass(frozen=True, slots=True)
class Formula:
    """LaTeX that is no more than one formula."""

    text: str


Part = Value | Words | Terms | Formula
