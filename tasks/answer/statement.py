"""What a line states: which of its quantities is the answer, with all that the line says about it.

A line is parted into clauses; the last one that states a quantity is read as a whole. Each of its numbers has a part to
play: the one that is stated, a side of an equation before the last, an adjunct (`after 3 days`), a name (`step 3`), a
remark in brackets. Two that are stated, or a clause that negates, asks or supposes, cannot be read.
"""

from __future__ import annotations

import re

from tasks.answer.changes import changed_by
from tasks.answer.clauses import Clause, Line
from tasks.answer.denials import may_deny, refuse_denial, refuse_negation
from tasks.answer.equal import same
from tasks.answer.quantities import Quantity
from tasks.answer.read import read_plain
from tasks.answer.statement_words import (
    DETERMINERS,
    HEDGES,
    SUMS,
    UNSURE,
    words_of,
)
from tasks.answer.value import Number, UnreadableError, Value

_DEPENDING = words_of("otherwise respectively depending")
_IN_OTHER_WORDS = re.compile(
    r"[\s,;:(\u2014-]*(?:i\.?\s?e\.?|that\sis(?:\sto\ssay)?|in\sother\swords|namely|equivalently|das\shei\u00dft|d\.\s?h\.|es\sdecir|"
    r"o\ssea|ou\sseja|isto\s\u00e9|c'est-\u00e0-dire|soit|cio\u00e8|ossia|\u0442\u043e\s\u0435\u0441\u0442\u044c|\u0442\.\s?\u0435\.|"
    r"\u5373|\u4e5f\u5c31\u662f|\u3064\u307e\u308a|\u3059\u306a\u308f\u3061)[\s,:]*",
    re.IGNORECASE,
)
_DIRECT = ("open", "mark", "currency", "equals", "dash", "operator", "colon")


class Statement(Line):
    """What a line states.

    Attributes:
        end: where on the line that ends, once it was read.
        begin: where it begins, once it was read.
    """

    end = 0
    begin = 0

    def stated(self) -> Value | None:
        """What the line states in the end; None where it holds no number.

        Raises:
            UnreadableError: what it states cannot be read whole, or is not one thing.
        """
        if not self.quantities:
            return None
        clauses = self._without_check(self._clauses())
        stating = [place for place, clause in enumerate(clauses) if self._is_stating(clause)]
        stating = stating or [place for place, clause in enumerate(clauses) if self._named(clause)]
        if stating and clauses[stating[-1]].opener == "(":
            refuse_negation([word for clause in clauses[: stating[-1]] for word in clause.words])
        if not stating:
            raise UnreadableError(f"'{self.line.strip()[-60:]}' states no number")
        value = self._read_clause(clauses, stating[-1])
        is_measured = isinstance(value, Number) and value.unit is not None and value.unit.dimension != ()
        return self._first_spelling(value) if is_measured and len(self.quantities) > 1 else value

    def stated_directly(self) -> Value | None:
        """What the line begins with, as it does behind `The answer is`; None where that is no number.

        Raises:
            UnreadableError: as `stated`.
        """
        if not self.quantities or not self._is_direct(self.quantities[0]):
            return None
        clauses = self._clauses()
        if self._is_asked(self.quantities[0].last):
            return None
        place = next(place for place, clause in enumerate(clauses) if self.quantities[0] in clause.quantities)
        while place + 1 < len(clauses) and clauses[place + 1].opener in ("=", "->"):
            place += 1
        return self._read_clause(clauses, place, is_direct=True)

    def _is_direct(self, quantity: Quantity) -> bool:
        ahead = self.tokens[: quantity.first]
        return all(
            token.kind in _DIRECT
            or token.text in HEDGES
            or (len(token.text) == 1 and token.kind == "word" and self.tokens[place + 1].kind == "equals")
            for place, token in enumerate(ahead)
        )

    def _read_clause(self, clauses: list[Clause], place: int, *, is_direct: bool = False) -> Value:
        clause = clauses[place]
        chosen = self._choose(clause, is_direct)
        self._refuse_parallel(clauses, place if not is_direct else place + 1, is_direct=is_direct)
        self._check_words(clauses, place, chosen)
        value, self.begin, self.end = self._read(chosen), chosen.begin, chosen.end
        for later in clauses[place + 1 :]:
            is_worked = later.opener == "(" and "=" in self.line[chosen.end :].partition(")")[0]
            if later.opener in ("(", "or", "oder", "ou") and later.quantities and not is_worked:
                value = self._with_other(value, later)
        return value

    def _refuse_parallel(self, clauses: list[Clause], place: int, *, is_direct: bool) -> None:
        """UnreadableError where two clauses state alike: `Tom has 5 and Ann has 7`, `5 for Tom and 6 for Ann`."""
        if not 0 < place < len(clauses):
            return
        clause, before = clauses[place], clauses[place - 1]
        if not self._named(before) or not clause.quantities:
            return
        begins = clause.opener in ("and", "or", "und", "et", "y") and clause.quantities[0].first == clause.first
        is_alike = clause.opener in ("and", "or", "while") or (
            clause.opener in (",", ";") and SUMS.isdisjoint(clause.words) and not before.sides
        )
        is_contrast = clause.words[:1] in (["not"], ["rather"], ["sino"], ["sondern"])
        if not (begins if is_direct else is_alike) or is_contrast:
            return
        stated = [one for one in self._named(before) if not (self._is_aside(one) or self._is_worked(one))]
        if stated and not clause.sides and not before.sides and self._is_stating(before):
            raise UnreadableError(f"'{self._span(stated[-1])}' and another number are both stated")

    def _choose(self, clause: Clause, is_direct: bool) -> Quantity:
        named = self._named(clause)
        if not named:
            raise UnreadableError("a number that is a name")
        sides = clause.sides
        if sides:
            named = [quantity for quantity in named if quantity.first > sides[-1]]
            if not named and self._is_variable(clause, sides[-1]):
                named = [quantity for quantity in clause.quantities if quantity.last == sides[-1] - 1]
            if not named:
                raise UnreadableError("what an equation ends in is no number")
            if self._is_worked(named[0]) and clause.quantities[0].last == sides[0] - 1:
                named = clause.quantities[:1]  # `the number is 15 = 3 * 5`
        rounded = "\u2248" in self.texts and [
            place for place in range(clause.first, clause.end) if self.tokens[place].text == "\u2248"
        ]
        if rounded and named[0].first < rounded[-1]:
            named = [quantity for quantity in named if quantity.last < rounded[-1]]
        if sides or is_direct:
            chosen, others = named[0], [other for other in named[1:] if not self._is_aside(other)]
        else:
            chosen, others = self._stated_one(named)
        if others:
            raise UnreadableError(f"'{self._span(chosen)}' and '{self._span(others[0])}' are both stated")
        return chosen

    def _stated_one(self, named: list[Quantity]) -> tuple[Quantity, list[Quantity]]:
        """The quantity that a clause without an equation states, and others that it states too."""
        free = [one for one in named if self._before(one) not in DETERMINERS]
        mains = [
            one for place, one in enumerate(named) if one in free and not self._is_adjunct(one, following=place > 0)
        ]
        for others in (free, named):
            mains = mains or (others if len(others) == 1 else [])
        if not mains:
            return named[-1], named[:-1]
        if self._is_anchored(mains[-1]):
            return mains[-1], []
        return mains[-1], [one for one in mains[:-1] if not self._is_worked(one)]

    def _check_words(self, clauses: list[Clause], place: int, chosen: Quantity) -> None:
        """UnreadableError where the clause, or what governs it, negates, supposes or asks."""
        clause = clauses[place]
        if "remainder" in clause.words[1:] and self.tokens[clause.end - 1].kind == "number":
            raise UnreadableError("a quotient and a remainder are stated")
        if not self.texts.isdisjoint(_DEPENDING) and not _DEPENDING.isdisjoint(
            word for later in clauses[place:] for word in later.words
        ):
            raise UnreadableError("what it is depends on something")
        if clause.opener in UNSURE and not clause.sides:
            raise UnreadableError(f"'{clause.opener}' stands before the number")
        if may_deny(self):
            refuse_denial(self, clauses, place, chosen)
        if self._is_asked(chosen.last):
            raise UnreadableError("the number is asked for")

    def _first_spelling(self, value: Value) -> Value:
        """The value as it was said before, where the last one is another spelling: `160 minutes, i.e. 2 h 40 min`."""
        place = next((place for place, one in enumerate(self.quantities) if one.end == self.end), 0)
        if place == 0:
            return value
        before = self.quantities[place - 1]
        if _IN_OTHER_WORDS.fullmatch(self.line, before.end, self.quantities[place].begin) is None:
            return value
        try:
            first = self._read(before)
        except UnreadableError:
            return value
        return first if same(first, value) else value

    def _with_other(self, value: Value, clause: Clause) -> Value:
        """The value, where a bracket or an alternative behind it says the same."""
        words = [word for word in clause.words if word not in HEDGES]
        if len(clause.quantities) != 1 or (clause.opener == "(" and words):
            return value
        try:
            other = self._read(clause.quantities[0])
        except UnreadableError:
            if clause.opener == "(":
                return value  # `7 (3 + 4)`
            raise
        is_cents = (
            isinstance(value, Number) and value.unit is not None and value.unit.name in ("cents", "cent", "\u00a2")
        )
        if isinstance(value, Number) and isinstance(other, Number) and value.value == other.value:
            return value
        if not (same(other, value) or same(value, other)):
            raise UnreadableError(f"{value} and {other} are both stated")
        return other if is_cents and isinstance(other, Number) and other.unit is not None else value

    def _read(self, quantity: Quantity) -> Value:
        span = self._span(quantity)
        changed = changed_by(self.line, self.tokens, quantity)
        if changed:
            raise UnreadableError(f"'{changed}' beside '{span}' belongs to it")
        opening, closing = self.line[: quantity.begin][-1:], self.line[quantity.end : quantity.end + 1]
        if opening in ("(", "[", "{") and closing in (")", "]", "}") and re.search(r"\d,(?!\d{3}(?!\d))\d", span):
            raise UnreadableError(f"'({span})' holds several numbers")
        return _read_either(span, self.known.locale)


def _read_either(span: str, locale: str) -> Value:
    """The value of a spelling, also where it is written twice: `1/2, or 0.5`, and `12;12`."""
    try:
        return read_plain(span, locale)
    except UnreadableError:
        twice = [read_plain(part.strip(), locale) for part in re.split(r",?\sor\s|;", span)]
        if len(twice) == 2 and same(twice[1], twice[0]):
            return max(twice, key=lambda value: isinstance(value, Number) and value.is_percent)
        raise
