"""A line parted into clauses, and what each of its quantities is: stated, an adjunct, a name, a side of an equation.

The words that say so are closed lists in `statement_words.py`. Called by `statement.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tasks.answer.locales import Conventions
from tasks.answer.quantities import Quantity, find_quantities
from tasks.answer.statement_words import (
    ADJUNCT,
    ANCHORS,
    ASIDE,
    DETERMINERS,
    HEDGES,
    LABELS,
    OFFERS,
    OPENERS,
    REASON,
    SUMS,
    WEAK_ADJUNCT,
    words_of,
)
from tasks.answer.tokens import Token, tokenize

_BOUNDARIES = ("stop", "semicolon", "comma", "colon", "rule")
_CONTRASTS = ("not", "rather", "instead")
_CHECKS = words_of("checking verify verifying verification double-check double-checking proof")
_AFTERWORDS = _CHECKS | {"check", "checks"} | {first for first, _ in OFFERS}
"""one of them is in all that `_without_check` takes off"""


@dataclass(slots=True)
class Clause:
    """A part of a line that says one thing.

    Attributes:
        opener: the word or sign that begins it.
        first, end: its tokens.
        quantities: that it holds.
        words: that it holds.
        sides: where the signs of equations are that part it, those inside of its quantities aside.
    """

    opener: str
    first: int
    end: int
    quantities: list[Quantity]
    words: list[str] = field(default_factory=list)
    sides: list[int] = field(default_factory=list)


class Line:
    """A line, parted.

    Args:
        line: in plain writing.
        begin: where it begins to count.

    Attributes:
        tokens, quantities: in order.
        texts: of all tokens. Most lines have none of the words that a rule is about, and it need not look further.
    """

    def __init__(self, line: str, known: Conventions, begin: int = 0) -> None:
        self.line, self.known = line, known
        self.tokens = tokenize(line, begin)
        self.texts = {token.text for token in self.tokens}
        self.quantities = find_quantities(line, self.tokens, known)

    def _clauses(self) -> list[Clause]:
        inside = {place: quantity for quantity in self.quantities for place in range(quantity.first, quantity.last + 1)}
        clauses, depth = [Clause("", 0, 0, [])], 0
        for place, token in enumerate(self.tokens):
            quantity = inside.get(place)
            if quantity is not None:
                if place == quantity.first:
                    clauses[-1].quantities.append(quantity)
                clauses[-1].end = place + 1
                if token.kind == "word":
                    clauses[-1].words.append(token.text)
                continue
            if token.kind == "equals" and token.text != "\u2248":
                clauses[-1].sides.append(place)
            is_bracket = token.kind in ("open", "close")
            is_aside = is_bracket and (depth > 0 or not self._is_whole_line(token))
            if is_aside:
                depth += 1 if token.kind == "open" else -1
            is_opener = token.kind == "word" and token.text in OPENERS and depth <= 0
            if is_opener and clauses[-1].opener in ASIDE and clauses[-1].first == clauses[-1].end == place:
                clauses[-1].end = place + 1  # `after giving 3 to Mary`
                clauses[-1].words.append(token.text)
            elif is_aside or is_opener or token.kind in _BOUNDARIES:
                opener = "(" if depth > 0 else token.text
                clauses.append(Clause(opener, place + 1, place + 1, []))
            else:
                clauses[-1].end = place + 1
                if token.kind == "word":
                    clauses[-1].words.append(token.text)
        return clauses

    def _is_whole_line(self, token: Token) -> bool:
        return token.kind == "open" and not self.line[: token.begin].strip(" .*-")

    def _without_check(self, clauses: list[Clause]) -> list[Clause]:
        """The clauses before one that says that the answer was checked, or that offers more."""
        if self.texts.isdisjoint(_AFTERWORDS):
            return clauses
        for place, clause in enumerate(clauses):
            words = clause.words
            if tuple(words[:2]) in OFFERS and place > 0 and clause.opener in (".", "!", "?", ""):
                return clauses[:place]
            following = clauses[place + 1].opener if place + 1 < len(clauses) else ""
            is_check = (
                _CHECKS.intersection(words)
                or (words[-1:] == ["check"] and following in (":", "."))
                or (clause.opener in ("which", "that") and words[:1] == ["checks"])
                or words[:2] in (["it", "checks"], ["this", "checks"])
                or words[1:3] == ["checks", "out"]
            )
            if is_check and any(before.quantities for before in clauses[:place]):
                return clauses[:place]
        return clauses

    def words(self, first: int, end: int) -> list[str]:
        """The words among some tokens."""
        return [token.text for token in self.tokens[first:end] if token.kind == "word"]

    def _named(self, clause: Clause) -> list[Quantity]:
        """The quantities that are no names."""
        return [quantity for quantity in clause.quantities if not self._is_label(quantity)]

    def _is_label(self, quantity: Quantity) -> bool:
        return quantity.first > 0 and self.tokens[quantity.first - 1].text in LABELS

    def _is_variable(self, clause: Clause, side: int) -> bool:
        """`5 = x`."""
        after = self.tokens[side + 1 : clause.end]
        return len(after) == 1 and after[0].kind == "word" and len(after[0].text) == 1

    def _before(self, quantity: Quantity, ahead: int = 0) -> str:
        """The word before a quantity, hedges aside, or one ahead of it."""
        place = quantity.first - 1 - ahead
        while not ahead and place > 0 and self.tokens[place].text in HEDGES:
            place -= 1
        return self.tokens[place].text if place >= 0 else ""

    def _is_worked(self, quantity: Quantity) -> bool:
        """Whether it is a sum that is to be worked out, in `we add 4 + 2 to find 6`."""
        tokens = self.tokens[quantity.first : quantity.last + 1]
        return any(
            token.kind == "operator" or (token.kind == "dash" and token.begin > quantity.begin) for token in tokens
        )

    def _is_adjunct(self, quantity: Quantity, *, following: bool) -> bool:
        word, ahead = self._before(quantity), self._before(quantity, 1)
        if following and ahead == "to" and self._before(quantity, 2) == "order":
            return True  # `30 a day in order to finish 600`
        return word in ADJUNCT or (following and word in WEAK_ADJUNCT and not (word == "of" and ahead in SUMS))

    def _is_aside(self, quantity: Quantity) -> bool:
        """Whether a quantity behind the one that is stated is none that is stated too."""
        return self._is_adjunct(quantity, following=True) or self._before(quantity) in DETERMINERS

    def _is_anchored(self, quantity: Quantity) -> bool:
        return self._before(quantity) in ANCHORS

    def _is_asked(self, last: int) -> bool:
        stops = [token.text for token in self.tokens[last + 1 :] if token.kind == "stop"]
        return stops[:1] == ["?"]

    def _span(self, quantity: Quantity) -> str:
        return self.line[quantity.begin : quantity.end].strip()

    def _is_stating(self, clause: Clause) -> bool:
        if clause.opener == "(" or not self._named(clause):
            return False
        words = clause.words
        if words and words[0] in _CONTRASTS:
            return False
        return clause.opener not in ASIDE or (clause.opener not in REASON and bool(clause.sides))
