"""The words in which people and models take a choice, or do not: patterns, in the languages of the multilingual sets.

Called by `choices.py`, which says in what order they count.
"""

from __future__ import annotations

import re

OPEN, CLOSE = r"[\s(\[*_\"'`$]*", r"[\s)\]*_\"'`$.:,;!]*"
NO_WORD = r"(?![A-Za-z0-9_']|[.,]\d|\s?%|/\w)"
"""what follows is no longer the letter: AB, 3.5, 3 %"""
NOUN = r"(?:answer|option|choice|response|letter|alternative)s?"
VERB = r"(?:is|are|was|would\s+be|must\s+be|should\s+be)"
LANGUAGES = (
    r"antwort|r[e\u00e9]ponse|respuesta|resposta|risposta|antwoord|svar|cevap|odpowied\u017a|jawaban|jibu|"
    r"\u0111\u00e1p\s\u00e1n|\u043e\u0442\u0432\u0435\u0442|\u7b54\u6848|\u6b63\u89e3|\u7b54\u3048|\u7b54|"
    r"(?<![\u4e0d\u522b\u5225\u6ca1\u6c92])(?<!\u4e0d[\u80fd\u5e94\u61c9\u53ef\u4f1a\u6703\u8981])(?<!\u4e0d\u5e94\u8be5)(?<!\u4e0d\u61c9\u8a72)(?:\u9009|\u9078)(?:[\u62e9\u64c7]\u4e86?)?|"
    r"\uc815\ub2f5|\uc120\ud0dd\uc9c0|\ub2f5|\u0909\u0924\u094d\u0924\u0930|\u0989\u09a4\u09cd\u09a4\u09b0|"
    r"\u0627\u0644\u0625\u062c\u0627\u0628\u0629|\u0627\u0644\u062c\u0648\u0627\u0628"
)
RIGHT = (
    r"correct[oa]s?|correcte|correta|corretta|richtige?|korrekte?|juste|bonne|juist|\u0432\u0435\u0440\u043d\w+|"
    r"\u043f\u0440\u0430\u0432\u0438\u043b\u044c\u043d\w+"
)
ARE = r"ist|lautet|w\u00e4re|est|es|ser\u00eda|seria|\u00e9|\u00e8|is"
OPTION = (
    r"letra|lettre|lettera|buchstabe|option|opci[o\u00f3]n|op[c\u00e7][a\u00e3]o|opzione|alternativa|choix|auswahl|"
    r"scelta"
)
LETTER = rf"la|a|il|el|le|de|die|das|l'option|{OPTION}|respuesta|resposta|r\u00e9ponse|risposta|antwort"
COPULA = rf"(?:\s+(?:{ARE}|final|{RIGHT}|{LETTER})(?![^\W\d_])|\u662f|\u4e3a|\u70ba|\u306f|\uc740|\ub294)*"
NAMED_RIGHT = (
    rf"\b(?:{OPTION})(?:\s+(?:{RIGHT}))?\s+(?:{ARE})(?:\s+(?:{LETTER}))*"
    rf"|\b(?<!nicht\s)(?<!no\s)(?<!not\s)(?<!non\s)(?<!pas\s)(?:{RIGHT})\s+(?:{ARE})(?:\s+(?:{LETTER}))*"
    r"|(?<![\u4e0d\u975e])(?<!\u9519\u8bef)(?<!\u932f\u8aa4)(?<!\u8bef\u7684)(?<!\u8aa4\u7684)(?<!\u4e0d\u6b63\u786e)(?:\u9009\u9879|\u9078\u9805|\u9078\u629e\u80a2|\u6b63\u786e\u7684?|\u6b63\u78ba\u7684?)[\u5e94\u61c9\u8be5\u8a72]*[\u662f\u4e3a\u70ba\u306f]"
    r"|\u0432\u0430\u0440\u0438\u0430\u043d\u0442(?=\s*[:\u2014-])"
)
"""option, letter or right alone, which say nothing without a verb: `La opcion correcta es la`, `Richtig ist`"""
CUE = (
    rf"(?i:\b{NOUN}(?:\s+(?:choice|option|letter))?(?:\s+(?:to|for)\s+(?:the|this)\s+(?:question|problem))?[\"'*_]*\s*(?:{VERB}\b|=|:|-|\u2014|\u2192)+"
    r"|\bi(?:'d|\s+would|'ll|\s+will)?\s+(?:choose|pick|select|go\s+with|say|answer)\b"
    r"|\b(?:choose|pick|select|chose|picked|selected)\b"
    r"|\bgoing\s+with\b|\b(?:has|needs)\s+to\s+be\b|\bleaves\b|=>|\u2192|\bsondern\b|\u800c\u662f|\u5e94\u4e3a"
    r"|\bnot\s+\(?[A-Za-z0-9]\)?,?\s+but\b(?:\s+rather)?"
    rf"|(?:{LANGUAGES}){COPULA}\s*[:\u2192]?|(?:{NAMED_RIGHT})\s*[:\u2014-]?)"
    r"[\s:*_]*(?i:(?:the\s+)?(?:letter|option|choice|answer|number)\s+)?"
)
BEHIND = (
    r"(?i:[\s)\]*_\"'`.:]*\s(?:(?:is|was|would\s+be|must\s+be|seems|looks)\s+(?:\w+ly\s+)*(?:the\s+)?"
    r"(?:\w+\s+likely\s+)?(?:best|correct|right|true|most|answer|one)\b|(?:fits|works|matches)\s+best\b)"
    rf"|\s+(?:{ARE})\s+(?:(?:{LETTER})\s+)*(?:{RIGHT})(?![^\W\d_]|\s*\?)"
    r"|\s?(?:\u662f|\u4e3a|\u304c)?(?:\u6700)?(?:\u6b63\u786e|\u6b63\u78ba|\u6b63\u3057\u3044|\u5bf9\u7684|\u5c0d\u7684))"
)
NEGATIONS = (
    r"(?:nicht|kein|no|non|pas|niet|\u043d\u0435|n\u00e3o|bukan|si|"
    r"incorrect\w*|falsch\w*|falsa|fausse|mauvaise|errad\w+|sbagliat\w+|\u0644\u064a\u0633\w*)\b"
)
ENDS = r"(?i:so|thus|hence|therefore|it's|it\s+is|it\s+must\s+be|think|believe|letter)"
TAKEN_BACK = re.compile(
    r"(?:\b(?:not|never|except|neither|nor|cannot|rather\s+than|instead\s+of)|n't)\s+(?:be\s+|is\s+|choose\s+|pick\s+|select\s+)?"
    r"(?:the\s+)?(?:answer\s+|option\s+|choice\s+|letter\s+)*[\s(\[*_\"'`$]*$",
    re.IGNORECASE,
)
DOUBTED = re.compile(
    r"(?:(?:n't|not)\s+(?:think|believe)|\bdoubt|\bexclude|\beliminate|\brule\s+out|\bmistake\s+to|\bunlikely)\w*\b[^.!?\n]{0,40}$"
    r"|(?:\b(?:nobody|no\s?one|hardly|few|dislike|hate|avoid|refuse|reject|discard|dismiss|disagree|against|unsure|"
    r"unlike|ignore|skip|suspicious|foolish|silly|tempt|tempted|trap|distractor|mistake|error|flaw)\w*\b|\bnot\s(?:sure|certain|convinced)\b|"
    r"n't\s(?:like|agree|want|trust|buy|see|sure|convinced|support|accept|recommend)|\bnothing\b"
    r"|\b(?:wrong|incorrect|false|worst)\s(?:to|answer|option|choice|one)\b)"
    r"(?:(?!\b(?:and|so|then|but|thus|hence|therefore|leaving|because|since)\b)[^.,;:!?\n]){0,30}$"
    r"|(?:n't|\bnot|\bnever)\s+\w{2,}(?:\s(?:with|for|to|on|by|at|the|option|choice))*[\s(*]*$",
    re.IGNORECASE,
)
ARTICLE = re.compile(r"\s+(?!(?:because|since|as|is|and|or|for|which|but|not|by|with|rather|instead)\b)[a-z]+")
FALSE = (
    r"nicht|falsch|kein\w*|incorrect[aeo]?|falsa|falso|fausse|faux|pas|sbagliat[ao]|errad[ao]|err\u00f3ne[ao]|errat[ao]"
)
FALSE_CHINESE = (
    r"(?:\u9009\u9879|\u9879)?(?:\u662f)?(?:\u9519|\u932f|\u4e0d\u6b63|\u4e0d\u5bf9|\u4e0d\u5c0d|\u4e0d\u662f|\u4e0d\u5408)"
    r"|(?:\u306f|\u304c|\u3067\u306f)(?:\u9593\u9055|\u8aa4|\u306a\u3044|\u3042\u308a\u307e\u305b\u3093)"
)
REFUSED = re.compile(
    rf"[\s)\]*_\"'`$]*(?:\s(?:n'est|no\s(?:es|est)|n\u00e3o\s\u00e9|non\s\u00e8|{ARE})\s(?:la\s|die\s|a\s)?(?:{FALSE})\b|{FALSE_CHINESE})|"
    rf"[\s)\]*_\"'`$]*\s(?:no\ses|n'est|n\u00e3o\s\u00e9|non\s\u00e8)\b|"
    r"[\s)\]*_\"'`$]*\s(?:contradicts?|fails?|misses|lacks?|ignores?|overlooks?|cannot|can't|(?:does|do|would|could)(?:n't|\snot)|"
    r"(?:seems?|looks?|sounds?)\s(?:\w+\s)?(?:weak|wrong|off|implausible|unlikely|tempting|dubious|incorrect)|"
    r"(?:is|was|seems)\s(?:\w+\s)?(?:tempting|irrelevant|implausible|unlikely|too|out|a\s(?:trap|distractor|mistake|bad|poor)|a\scommon)|"
    r"(?:can|may|could|must|should|is|are|was)\s(?:also\s|be\s|therefore\s|thus\s)*(?:discarded|ruled|excluded|eliminated|rejected|dismissed))\b|"
    r"[\s)\]*_\"'`$.]*(?:\?(?!\s*yes)|\s(?:is|was|are|seems)(?:\s+\w+ly)?(?:n't|\s+(?:not|never|incorrect|wrong|false))\b)",
    re.IGNORECASE,
)
BACKS = re.compile(
    r"(?:\b(?:hence|so|thus|therefore|answer|ans|final|correct|right|best|clearly|definitely|"
    r"is|(?:must|should|to)\sbe|match(?:es)?|gives?|takes?|want|prefers?|supports?|favou?rs?|mark|ticked|circle|(?:vote|opt|go)\sfor|"
    r"settled?\son|points?\sto|leads?\s(?:us\s)?to|corresponds?\sto|matches\swith|agrees?\swith|stick\swith|goes\swith|equals|left\swith|"
    r"consistent\swith|described\sby|given\sby)\b[.]?|[:=])[\s,:*_(\[]*(?:(?:the|with)\s|option\s|choice\s)*$",
    re.IGNORECASE,
)
BACKED = re.compile(
    r"[\s)\]*_]*(?:it\s(?:is|must)|wins|fits|works|holds|stands|makes\ssense|is\sleft|for\ssure|"
    r"must\sbe|remains\W*$)(?!\w)",
    re.IGNORECASE,
)
ORDINALS = ("first", "second", "third", "fourth", "fifth")
JOIN = r"[\s)\]*_\"'`$]*(?:,|/|&|\+|\s(?:and|or|und|oder|et|ou)\s)[\s(\[*_\"'`$]*"
