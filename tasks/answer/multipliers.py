"""Words and signs that multiply the number before them (million, dozen, k), and fractions in words behind it."""

from __future__ import annotations

import re
from fractions import Fraction

MULTIPLIERS = {
    "hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    "mn": 10**6, "bn": 10**9, "lakh": 10**5, "lakhs": 10**5, "crore": 10**7, "crores": 10**7, "dozen": 12,
    "mio": 10**6, "mrd": 10**9, "tausend": 10**3, "\u767e": 100, "\u5343": 1000, "\u4e07": 10**4, "\u842c": 10**4,
    "\u4ebf": 10**8, "\u5104": 10**8, "\u5146": 10**12, "k": 10**3, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12,
}  # fmt: skip
PARTS = {"half": Fraction(1, 2), "third": Fraction(1, 3), "one third": Fraction(1, 3), "two thirds": Fraction(2, 3),
         "quarter": Fraction(1, 4), "three quarters": Fraction(3, 4), "three-quarters": Fraction(3, 4)}  # fmt: skip
MULTIPLIER = (
    r"(?:\ ?(?P<multiplier>hundred|thousand|[mbtr]+illion|mn|bn|lakhs?|crores?|dozen|Mio|Mrd|Tausend)\b\.?"
    r"|(?P<character>[\u767e\u5343\u4e07\u842c\u4ebf\u5104\u5146])|(?P<letter>[kKMBT])(?![A-Za-z0-9]))"
)
"""a pattern, for re.VERBOSE: a word, a Chinese character, or a letter directly behind the digits"""
PART = r"(?:\ and\ (?:a\ )?(?P<part>" + "|".join(map(re.escape, PARTS)) + r")\b)"
"""a pattern, for re.VERBOSE: `and a half`"""
