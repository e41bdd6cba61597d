"""Where the end of a line says all that the whole line would say, so that only the end need be understood.

`So she makes 9 * 2 = $18 a day.`: what stands before the last `=` of a plain equation is one of its sides, whatever it
is, unless a word there governs what follows. Called by `find.py`; a test holds that both ways read alike.
"""

from __future__ import annotations

import re

_SIDE = re.compile(r"=\ ?\$?\d[\d,]*(?:\.\d+)?%?(?:(?=[ ,.])[A-Za-z0-9 ,.'$%]*)?")
"""a number behind the sign, and behind it no operator, no bracket and no question"""
_BEFORE = re.compile(r"(?:[A-Za-z0-9 $+*/,:;%'\"=-]|\.(?=\d))*(?:[0-9%]|[A-Za-z]{2})\ ?")
"""no bracket, and no other sentence; at its end no name of one letter, which may be one of several: `x = 3 or x = 5`"""
_GOVERNING = ("check", "verif", "proof", "because", "since", "given", "remainder", "respectively", "otherwise",
              "depending", "not", "rather", "instead")  # fmt: skip
"""part of each word that counts behind its own clause too, or that says that the equation is no answer"""


def begin_of_end(line: str) -> int:
    """The place of the last `=`, where nothing before it counts; 0 where the whole line does."""
    place = line.rfind("=")
    if place < 2 or _SIDE.fullmatch(line, place) is None or _BEFORE.fullmatch(line, 0, place) is None:
        return 0
    lower = line.lower()
    is_governed = any(map(lower.__contains__, _GOVERNING)) or lower.find("that", place) >= 0
    return 0 if is_governed else place
