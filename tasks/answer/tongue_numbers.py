"""Whole numbers to a hundred in words of Spanish, Portuguese, French, Italian and German, where a sentence ends in one.

Called by `said.py`. They are read behind a verb of their language alone: `once` is eleven in Spanish only.
"""

from __future__ import annotations

import functools
import re


def _row(text: str) -> list[str]:
    """Words in the order of their values."""
    return text.split()


_SPANISH = _row(
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince diecis\u00e9is "
    "diecisiete "
    "dieciocho diecinueve veinte veintiuno veintid\u00f3s veintitr\u00e9s veinticuatro veinticinco veintis\u00e9is "
    "veintisiete veintiocho veintinueve"
)
_PORTUGUESE = _row(
    "zero um dois tr\u00eas quatro cinco seis sete oito nove dez onze doze treze catorze quinze dezesseis "
    "dezessete dezoito "
    "dezenove vinte"
)
_FRENCH = _row(
    "z\u00e9ro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize "
    "dix-sept dix-huit "
    "dix-neuf vingt"
)
_ITALIAN = _row(
    "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici "
    "diciassette diciotto diciannove venti"
)
_GERMAN = _row(
    "null ein zwei drei vier f\u00fcnf sechs sieben acht neun zehn elf zw\u00f6lf dreizehn vierzehn "
    "f\u00fcnfzehn sechzehn "
    "siebzehn achtzehn neunzehn"
)
_MAX_WORDS = 5
"""of a sentence's end among which a number ends"""
_VERBS = {
    "es": "son|hay|tenemos|tengo|tiene|tienen|quedan|quedaron|sobran|sobraron|"
    "cuesta|cuestan|recibe|total de|total son|es",
    "pt": "s\u00e3o|h\u00e1|temos|tem|t\u00eam|restam|restaram|sobram|sobraram|ficam|ficaram|"
    "custa|custam|recebe|total de|\u00e9",
    "fr": "sont|reste|restent|avons|a|ont|y a|fait|co\u00fbte|co\u00fbtent|re\u00e7oit|total de|est",
    "it": "sono|ha|hanno|abbiamo|restano|rimangono|costa|costano|riceve|totale di|\u00e8",
    "de": "sind|ist|bleiben|hat|haben|gibt es|bekommt|kostet|kosten|ergibt|brauchen|braucht",
}


_HEDGES = r"(?:exactamente\s|en\stotal\s|au\stotal\s|genau\s|insgesamt\s)?"
_THING = r"(?:\s(?:de\s|d')?(?!(?:y|e|et|und|o|ou|oder|por|mal|fois|veces|vezes)\b)[^\W\d_]{3,}){0,2}"


def _tens(tens: str, units: list[str], joined: str) -> dict[str, int]:
    """The numbers from the tens on, whose words stand behind one another: `treinta` and `treinta y uno`."""
    found: dict[str, int] = {}
    for place, ten in enumerate(tens.split()):
        start = 90 - 10 * (len(tens.split()) - 1 - place)
        found[ten] = start
        found |= {f"{ten}{joined}{unit}": start + value for value, unit in enumerate(units[1:10], 1)}
    return found


@functools.cache
def _words() -> dict[str, dict[str, int]]:
    italian = _tens("venti trenta quaranta cinquanta sessanta settanta ottanta novanta", _ITALIAN, "")
    italian |= {
        word.replace("iu", "u").replace("au", "u").replace("io", "o").replace("ao", "o"): value
        for word, value in italian.items()
    }
    german = {
        (f"{_GERMAN[unit]}und" if unit else "") + ten: 10 * place + unit
        for place, ten in enumerate(
            _row("zwanzig drei\u00dfig vierzig f\u00fcnfzig sechzig siebzig achtzig neunzig"), 2
        )
        for unit in range(10)
    }
    french = _tens("vingt trente quarante cinquante soixante", _FRENCH, "-")
    french = {word: value - 30 for word, value in french.items()}
    french |= {
        f"{ten} et un": 10 * place for place, ten in enumerate(_row("vingt trente quarante cinquante soixante"), 2)
    }
    french = {word: value + (word.endswith(" et un")) for word, value in french.items()}
    french |= {f"soixante-{word}": 60 + value for value, word in enumerate(_FRENCH) if 9 < value < 20}
    french |= {f"quatre-vingt-{word}": 80 + value for value, word in enumerate(_FRENCH) if 0 < value < 20}
    tables = {
        "es": _tens("treinta cuarenta cincuenta sesenta setenta ochenta noventa", _SPANISH, " y ") | {"cien": 100},
        "pt": _tens("vinte trinta quarenta cinquenta sessenta setenta oitenta noventa", _PORTUGUESE, " e ")
        | {"cem": 100},
        "fr": french | {"soixante et onze": 71, "quatre-vingts": 80, "cent": 100},
        "it": italian | {"cento": 100},
        "de": german | {"hundert": 100, "einhundert": 100},
    }
    small = {"es": _SPANISH, "pt": _PORTUGUESE, "fr": _FRENCH, "it": _ITALIAN, "de": _GERMAN}
    return {
        tongue: {word: value for value, word in enumerate(small[tongue])} | table for tongue, table in tables.items()
    }


@functools.cache
def _pattern() -> re.Pattern[str]:
    parts = []
    for tongue, words in _words().items():
        numbers = "|".join(sorted((word for word, value in words.items() if value > 1), key=len, reverse=True))
        parts.append(rf"\b(?:{_VERBS[tongue]})\s{_HEDGES}(?P<{tongue}>{numbers})")
    return re.compile(rf"(?:{'|'.join(parts)}){_THING}[\s.!*)]*$", re.IGNORECASE)


@functools.cache
def _parts() -> frozenset[str]:
    """The last words of all numbers."""
    return frozenset(number.split()[-1] for words in _words().values() for number in words)


def find_tongue_number(line: str) -> int | None:
    """The number in words in which a sentence ends; None without one, and for `one`, which is an article too."""
    last = line.lower().rsplit(maxsplit=_MAX_WORDS)[-_MAX_WORDS:]
    if _parts().isdisjoint([word.strip(".!*)") for word in last]):
        return None
    found = _pattern().search(line)
    if found is None or found.lastgroup is None:
        return None
    return _words()[found.lastgroup][found[found.lastgroup].lower()]
