"""Numbers in words of other languages, and separators that a text itself settles."""

from __future__ import annotations

import pytest

from tasks.answer.formula_ends import plain_end
from tasks.answer.settled import settled_locale
from tasks.answer.tongue_numbers import find_tongue_number


@pytest.mark.parametrize(
    ("sentence", "number"),
    [
        ("Entonces quedan treinta y un huevos.", None),  # before a noun it is `uno` cut short: not read
        ("Entonces son setenta y nueve.", 79),
        ("No total s\u00e3o quarenta e cinco laranjas.", 45),
        ("Il reste soixante-quinze billes.", 75),
        ("Il reste quatre-vingt-dix-neuf billes.", 99),
        ("Restano quarantotto mele.", 48),
        ("Es bleiben siebenunddrei\u00dfig Eier.", 37),
        ("He did it once.", None),
        ("Elle a neuf fois plus de billes.", None),
        ("Hay una caja.", None),
    ],
)
def test_a_sentence_ends_in_a_number_of_its_language(sentence: str, number: int | None) -> None:
    assert find_tongue_number(sentence) == number


@pytest.mark.parametrize(
    ("text", "locale", "settled"),
    [
        ("250 \u00b7 5 \u20ac = 1.250 \u20ac", "en", "de"),
        ("5.5 / 4 = 1.375", "en", "en"),
        ("5.5 / 4 = 1.375", "de", "en"),
        ("5 : 4 = 1,250", "en", "en"),  # no other comma says that it stands before a fraction
        ("2,5 : 2 = 1,250", "en", "de"),
        ("7 * 5 = 1.250", "en", "en"),  # true in neither
        ("1.250", "en", "en"),
    ],
)
def test_an_equation_settles_a_separator(text: str, locale: str, settled: str) -> None:
    assert settled_locale(text, locale) == settled


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("So x = 1 or x = 3.", "1; 3"),
        ("So x = 1 or y = 3.", None),
        ("Le sommet est S(2 ; \u22123).", "(2 ; -3)"),
        ("The vertex is (2, -3).", "(2, -3)"),
        ("The number of ways is C(5, 2).", None),
    ],
)
def test_roots_and_points_at_the_end_of_a_plain_text(text: str, end: str | None) -> None:
    assert plain_end(text) == end
