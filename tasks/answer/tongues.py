"""Words of other languages with which a text takes back what it said, knows no answer, or leaves it open.

The words of English stand beside what they are used for: `cues.py` and `undecided.py`, which call this.
"""

from __future__ import annotations

import re

from tasks.answer.statement_words import words_of

_WORD = re.compile(r"[a-z']+")
_TURN_WORDS = words_of(
    "perdon equivoque equivocado equivocada disculpa disculpe disculpen correccion rectifico rectificacion "
    "realidad eso esto correcto correcta desculpe desculpa desculpem perdao enganei errei errado errada verdade "
    "pardon desole desolee trompe trompee c'est fait realite scusa scusate sbagliato sbagliata correzione "
    "entschuldigung entschuldige moment korrektur vertan verrechnet geirrt falsch stimmt geht nein klopt fout vergist "
    "przepraszam pomyli rectification erratum"
)
OPEN_WORDS = words_of(
    "nicht angaben angabe information informationen fehlen fehlt no falta faltan sin nao sei faltam ne pas impossible "
    "manque non mancano"
)


_ENGLISH = words_of(
    "wait oops sorry hold correction second actually no scratch mistake wrong right incorrect correct miscalculated "
    "know sure strike never nevermind ignore disregard forget back retract withdraw have error check proof "
    "verification "
    "decide choose pick settle which whether undecided unclear cannot can't can could couldn't unable impossible "
    "enough information data details facts infinitely but any insufficient little missing unsolvable unanswerable dne "
    "undefined indeterminate undetermined defined exist tell say state specify mention give way"
)
"""one of them is in all that a text of English takes its answer back with, or leaves it open"""
_ALL = _TURN_WORDS | OPEN_WORDS | _ENGLISH


def may_matter(rest: str) -> bool:
    """Whether what follows a number may say that it is no answer: of most texts nothing does."""
    return len(rest) > 2 and (not rest.isascii() or not _ALL.isdisjoint(_WORD.findall(rest.lower())))


def may_turn(lower: str) -> bool:
    """Whether a text in small letters may hold what TURN finds."""
    return not lower.isascii() or not _TURN_WORDS.isdisjoint(_WORD.findall(lower))


def may_be_open(lower: str) -> bool:
    """Whether a text in small letters may hold what UNANSWERED finds."""
    return not lower.isascii() or not OPEN_WORDS.isdisjoint(_WORD.findall(lower))


TURN = re.compile(
    r"\bperd[o\u00f3]n\b|\bme\s(?:he\s)?equivo\w+|\bdisculp\w+|\bcorrecci[o\u00f3]n\b|\brectific\w+|\ben\srealidad\b"
    r"|\b(?:eso|esto)\s(?:es|est[a\u00e1])\s(?:mal|incorrect\w+)|\bno\ses\scorrect\w"
    r"|\bdesculp\w+|\bperd[a\u00e3]o\b|\bme\senganei\b|\b(?:eu\s)?errei\b|\bcorre[c\u00e7][a\u00e3]o\b|\bna\sverdade\b"
    r"|\best[a\u00e1]\serrad\w|\bpardon\b|\bd[e\u00e9]sol[e\u00e9]e?\b|\bje\sme\ssuis\stromp\w+|\bc'est\sfaux\b"
    r"|\ben\sr[e\u00e9]alit[e\u00e9]\b|(?:^|[.!?\n])\s*en\sfait\b|\bscusa(?:te)?\b|\bmi\ssono\ssbagliat\w"
    r"|\bho\ssbagliato\b|\bcorrezione\b|\bin\srealt[a\u00e0]\b|\b[e\u00e8]\ssbagliat\w"
    r"|\bentschuldig\w+|\bmoment(?:\smal)?[,!.:]|\bkorrektur\b|\b(?:vertan|verrechnet|geirrt)\b"
    r"|\b(?:ist|war|also)\s(?:aber\s|leider\s|doch\s|das\s|es\s)?falsch\b|\bstimmt\s(?:\w+\s){0,2}nicht\b"
    r"|\bgeht\s(?:\w+\s){0,2}nicht\sauf\b|(?:^|[.!?\n])\s*nein\b|\bklopt\s(?:\w+\s)?niet\b|\bis\s(?:dus\s)?fout\b"
    r"|\bvergist\b|\bprzepraszam\b|\bpomyli\w+|\bnieprawid\w+"
    r"|\b\u0438\u0437\u0432\u0438\u043d\w+|\b\u043e\u0448\u0438\u0431(?:\u0441\u044f|\u043b\w+|\u043e\u0447\u043d\w+)"
    r"|\b\u043d\u0435\u0432\u0435\u0440\u043d\w+|\b\u043d\u0435\u043f\u0440\u0430\u0432\u0438\u043b\u044c\u043d\w+"
    r"|\b\u043d\u0435\s\u0441\u0445\u043e\u0434\w+|\b\u043f\u043e\u043f\u0440\u0430\u0432\u043a\w+"
    r"|(?<!\u5bf9)\u4e0d\u5bf9|\u9519\u4e86|\u7b97\u9519|\u66f4\u6b63|\u62b1\u6b49|\u5bf9\u4e0d\u8d77|\u7b49\u7b49\uff0c|\u4e0d\u6b63\u786e|\u6709\u8bef"
    r"|\u9593\u9055(?:\u3044|\u3048)(?:\u307e\u3057|\u3066|\u3067\u3057)|\u8a02\u6b63|\u3059\u307f\u307e\u305b\u3093|\u8aa4\u308a\u3067"
    r"|\u9055\u3044\u307e\u3057\u305f|\ud2c0\ub838|\uc8c4\uc1a1|\uc815\uc815",
    re.IGNORECASE,
)
"""`Perdon, me equivoque`, `die Probe geht nicht auf`: what stands before it does not count"""
UNANSWERED = re.compile(
    r"\bnicht\sgenug\s(?:informationen|angaben|daten)|\bwei\u00df\s(?:ich\s)?(?:es\s|das\s)?nicht\b"
    r"|\b(?:kann|k\u00f6nnen|l\u00e4sst\ssich)\s(?:\w+\s){0,4}nicht\s(?:\w+\s){0,3}(?:bestimm|berechn|sagen|l\u00f6sen|beantwort|entscheid)\w*"
    r"|\b(?:angaben?|informationen?)\sfehl(?:t|en)\b"
    r"|\bno\s(?:se|lo|la)\s(?:puede\s)?(?:s\u00e9|sabe|saber|calcular|determinar|resolver|decir)\b|\bno\ss\u00e9\b"
    r"|\bno\s(?:puedo|podemos|es\sposible)\s(?:calcular|determinar|resolver|decidir|saber|responder|decir)\w*"
    r"|\b(?:no\shay|faltan?|sin)\s(?:suficientes?\s)?(?:datos|informaci\u00f3n)\b|\binformaci\u00f3n\sinsuficiente\b"
    r"|\bn\u00e3o\s(?:sei|se\ssabe|consigo|posso|podemos|d\u00e1\spara|\u00e9\sposs\u00edvel)\s?(?:saber|calcular|determinar|resolver|decidir|responder|dizer)?\b"
    r"|\bfaltam?\s(?:dados|informa\u00e7\w+)|\b(?:dados|informa\u00e7\u00f5es)\sinsuficientes\b"
    r"|\bje\sne\ssais\spas\b|\b(?:on|je)\sne\s(?:peut|peux|sait)\spas\b|\bpas\sassez\sd(?:e\s|')(?:donn|info)\w+"
    r"|\bimpossible\sde\s(?:savoir|dire|calculer|d\u00e9terminer|r\u00e9pondre)|\bil\smanque\b"
    r"|\bnon\s(?:so|si\spu\u00f2|posso|\u00e8\spossibile)\s?(?:sapere|calcolare|determinare|decidere|dire)?\b|\bmancano\s(?:dati|informazioni)"
    r"|\b\u043d\u0435\s(?:\u0437\u043d\u0430\u044e|\u043c\u043e\u0433\u0443|\u0445\u0432\u0430\u0442\u0430\u0435\u0442|\u043d\u0430\u0448[\u0435\u0451]\u043b|\u043f\u043e\u043d\u0438\u043c\u0430\u044e)"
    r"|\b\u043d\u0435\u0432\u043e\u0437\u043c\u043e\u0436\u043d\u043e|\b\u043d\u0435\u0434\u043e\u0441\u0442\u0430\u0442\u043e\u0447\u043d\u043e\s(?:\u0434\u0430\u043d\u043d|\u0438\u043d\u0444\u043e\u0440)\w+|\b\u043d\u0435\u0438\u0437\u0432\u0435\u0441\u0442\u043d\u043e"
    r"|\u4e0d\u4f1a\u505a|\u4e0d\u77e5\u9053|\u4e0d\u786e\u5b9a|\u4e0d\u6e05\u695a|\u65e0\u6cd5(?:\u786e\u5b9a|\u56de\u7b54|\u5224\u65ad|\u8ba1\u7b97|\u5f97\u51fa|\u77e5\u9053|\u6c42)|\u6761\u4ef6\u4e0d\u8db3|\u4fe1\u606f\u4e0d\u8db3|\u4e0d\u591f\u4fe1\u606f|\u6ca1\u6709\u7b54\u6848"
    r"|(?:\u308f|\u5206)\u304b(?:\u308a\u307e\u305b\u3093|\u3089\u306a\u3044)|\u65ad\u5b9a\u3067\u304d|\u6c7a\u3081\u3089\u308c|\u6c42\u3081\u3089\u308c\u307e\u305b\u3093|\u5224\u65ad\u3067\u304d(?:\u307e\u305b\u3093|\u306a\u3044)|\u60c5\u5831\u304c(?:\u8db3\u308a|\u4e0d\u8db3)"
    r"|\ubaa8\ub974\uaca0|\uc54c\s\uc218\s\uc5c6|\uacb0\uc815\ud560\s\uc218\s\uc5c6|\ubd80\uc871",
    re.IGNORECASE,
)
"""`no se puede saber`: the text says that it has no answer"""
CONCLUSION = re.compile(
    r"=|\b(?:also|daher|somit|deshalb|folglich|aber|entonces|luego|por\s(?:lo\s)?tanto|as\u00ed\sque|pero|ent\u00e3o|logo|portanto|mas|donc|mais|"
    r"quindi|dunque|ma|\u0437\u043d\u0430\u0447\u0438\u0442|\u043d\u043e|\u043f\u043e\u044d\u0442\u043e\u043c\u0443)\b|\u6240\u4ee5|\u56e0\u6b64|\u4f46|\u3057\u304b\u3057|\u3088\u3063\u3066",
    re.IGNORECASE,
)
"""between what is not known and a number: the number is an answer all the same"""
FIRST_THEN = re.compile(
    r"(?:\b(?:first|start\sby|begin\sby|zuerst|zun\u00e4chst|primero|primeiro|d'abord|prima|innanzitutto|"
    r"\u0441\u043d\u0430\u0447\u0430\u043b\u0430)\b|\u9996\u5148|\u5148(?!\u751f)|\u307e\u305a)[^.!?=\n\u3002]*"
    r"(?:\b(?:then|next|after\sthat|finally|dann|danach|anschlie\u00dfend|luego|despu\u00e9s|depois|em\sseguida|puis|"
    r"ensuite|poi|dopo|\u0437\u0430\u0442\u0435\u043c|\u043f\u043e\u0442\u043e\u043c)\b|\u7136\u540e|\u518d|\u6b21\u306b|\u305d\u308c\u304b\u3089)[^=\d]*$",
    re.IGNORECASE,
)
"""what is to be done first and then, without a number in the end"""
