"""Lines below an answer that are no part of it: `*Serves 6.*`, `Note: prices of 2023`, `[1] See chapter 3`.

And amounts as accounts write them: `Net income: (1,200)` is -1200. Called by `find.py`.
"""

from __future__ import annotations

import re

_NOTE = re.compile(
    r"[\s*_(>~#-]*(?:(?:foot)?notes?|sources?|references?|nb|n\.b|p\.?\s?s|disclaimer|see\salso|figures?|confidence|certainty|time\staken"
    r"|(?:pro\s)?tips?|fun\sfact|by\sthe\sway|hint|reminder|double-?check\w*|check(?:ing)?|verif(?:ication|y(?:ing)?)"
    r"|obs|observa[c\u00e7][a\u00e3]o|nota(?:\sbene)?|remarques?|anm|anmerkung|hinweis|tipp|probe|kontrolle|osservazione|nb"
    r"|comprobaci[o\u00f3]n|verificaci[o\u00f3]n|verifica[c\u00e7][a\u00e3]o|v[e\u00e9]rification|verifica|prova\sreal|opmerking|uwaga"
    r"|\u043f\u0440\u0438\u043c\u0435\u0447\u0430\u043d\u0438\u0435|\u043f\u0440\u043e\u0432\u0435\u0440\u043a\u0430|\u6ce8|\u5907\u6ce8|\u6ce8\u610f|\u9a8c\u7b97|\u691c\u7b97|\u88dc\u8db3)"
    r"\b[*_]*\s?[:.\uff1a]"
    r"|\s*\[\d{1,2}\]\s",
    re.IGNORECASE,
)
_OFFER = re.compile(
    r"\W*(?:(?:would|do)\syou\s(?:like|want|need|prefer)|want\s(?:me\s)?to\b|(?:shall|should|can|may)\si\b|"
    r"if\syou(?:'d)?\s(?:like|want)|m\u00f6ch(?:test\sdu|ten\ssie)|soll\sich|quieres|te\sgustar\u00eda|veux-tu|voulez-vous|"
    r"souhaitez-vous|quer\sque|gostaria|vuoi|vuole|\u0445\u043e\u0442\u0438\u0442\u0435|\u0445\u043e\u0447\u0435\u0448\u044c)[^\n]*\?[\s*_)]*"
    r"|\W*(?:let\sme\sknow|feel\sfree)\b[^\n]*",
    re.IGNORECASE,
)
"""a whole line that offers more: `Would you like to see it with 5 kids?`"""
_BIDS = ("let ", "feel")
"""how such a line begins that is no question"""
_ASIDE = re.compile(r"\s*(?:\*(?!\*)[^*\n]+\*|_(?!_)[^_\n]+_|\*?\([^()\n]+\)\*?)\.?\s*")
"""a whole line in italics or in brackets"""
_TOTAL = re.compile(
    r"[\s*_#>-]*(?:(?:so|thus|therefore|hence)\W+)?(?:the\s|in\s)?(?:grand\s|final\s|overall\s)?(?:total|sum|result|answer|price)\b"
    r"[^\n]{0,60}\d",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(
    r"\b(?:net|income|profit|earnings|cash|flow|balance|revenue|surplus|deficit|margin|equity|operating)\b[^\n]{0,60}"
    r"(?:[:=]|\b(?:is|was|of))\s*(?P<before>[$\u20ac\u00a3])?\s?\(\s?(?P<inside>[$\u20ac\u00a3])?\s?(?P<amount>\d[\d,]*(?:\.\d+)?)\s?\)"
    r"(?P<unit>\s(?:thousand|million|billion))?[\s.*]*",
    re.IGNORECASE,
)


def is_note(line: str, before: str) -> bool:
    """Whether a line is a note, where an answer stands above it.

    Args:
        line: as it is written.
        before: the text above it.
    """
    is_offer = ("?" in line or line.lstrip()[:4].lower() in _BIDS) and _OFFER.fullmatch(line)
    if _NOTE.match(line) or is_offer:
        return re.search(r"\d", before) is not None
    if _ASIDE.fullmatch(line) is None:
        return False
    above = before.rstrip("\n -_=*")
    return _TOTAL.match(above, above.rfind("\n") + 1) is not None


def signed_account(line: str) -> str | None:
    """The amount that a line of accounts ends in, with the minus sign that its brackets are; None without one."""
    found = _ACCOUNT.search(line) if ")" in line[-20:] else None
    if found is None or found.end() < len(line):
        return None
    return f"-{found['before'] or found['inside'] or ''}{found['amount']}{found['unit'] or ''}"
