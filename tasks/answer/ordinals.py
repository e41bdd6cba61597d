"""Places in a row in words: `the twenty-second`, `in third place`.

A single word may be a share (`a third`) or no number at all (`the second time`), so it is read only where it must be a
place: alone behind `the`, or before `day`, `place` and the like behind a verb. `Today is her twenty-fifth.` is neither.
Called by `read.py` and `said.py`.
"""

from __future__ import annotations

import re
from fractions import Fraction

from tasks.answer.number_words import WORD, read_number_words

_CARDINALS = {
    "first": "one", "second": "two", "third": "three", "fourth": "four", "fifth": "five", "sixth": "six",
    "seventh": "seven", "eighth": "eight", "ninth": "nine", "tenth": "ten", "eleventh": "eleven", "twelfth": "twelve",
    **{f"{stem}teenth": f"{stem}teen" for stem in ("thir", "four", "fif", "six", "seven", "eigh", "nine")},
    **{f"{stem}tieth": f"{stem}ty" for stem in ("twen", "thir", "for", "fif", "six", "seven", "eigh", "nine")},
}  # fmt: skip
_ONE = "|".join(sorted(_CARDINALS, key=len, reverse=True))
_MANY = rf"(?:(?:an?\s+(?=hundred|thousand))?(?:{WORD})(?:\s+and\s+|[\s-]+))+(?:{_ONE})"
_PLACES = (
    "place|day|week|month|year|floor|grade|century|row|seat|position|birthday|anniversary|house|hour|minute|lap|"
    "person|child|term|number|page|chapter|level|round"
)
_ALONE = re.compile(rf"(?:(?:on|in|at)\s)?(?:the\s(?P<place>{_MANY}|{_ONE})|(?P<many>{_MANY})|(?P<row>{_ONE})(?=\s))"
                    rf"(?:\s(?:{_PLACES}))?", re.IGNORECASE)  # fmt: skip
_SAID = re.compile(
    rf"\b(?:is|was|be|finish\w*|came|comes?|placed|ranks?|ranked|ends?|happen\w*|occurs?|lives?|arrives?|falls?)\s"
    rf"(?:in\s|on\s|at\s)?(?:the\s|her\s|his\s|their\s)?(?:(?P<many>{_MANY})(?:\s[a-z]{{3,}}){{1,2}}|(?P<row>{_ONE})\s(?:{_PLACES}))"
    r"[\s.!*)]*$",
    re.IGNORECASE,
)


def read_ordinal(text: str) -> Fraction | None:
    """The number of a place in a row that a text is; None where it is none for certain."""
    found = _ALONE.fullmatch(text)
    return None if found is None else _read(found["place"] or found["many"] or found["row"])


def find_ordinal(line: str) -> Fraction | None:
    """The place in a row in which a sentence ends."""
    found = _SAID.search(line)
    return None if found is None else _read(found["many"] or found["row"])


def _read(words: str) -> Fraction | None:
    own = words.lower()
    last = re.split(r"[^a-z]", own)[-1]
    return read_number_words(own.removesuffix(last) + _CARDINALS[last])
