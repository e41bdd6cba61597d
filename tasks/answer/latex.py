r"""LaTeX, Markdown and markup taken off a line, so that a number stands there as in plain writing.

`\frac12` becomes ` (1)/(2)`, `10{,}000` 10,000, `\text{ cm}^2` ` cm^2`, `\boxed{5}` 5, `**5**` 5. A dollar sign stays
where it is money. What has no plain writing stays as `\command`, and makes what stands there unreadable. For short
texts: each pattern is linear, and nothing is unwrapped more than five levels deep.
"""

from __future__ import annotations

import re

_DOLLAR = "\ue000"
"""stands for an escaped dollar sign, which is money for certain"""

_ANNOTATION = re.compile(r"<<[^<>\n]{0,80}>>")
_TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,40}>")
_BOLD_POWER = re.compile(r"(?<=[\d)])\*\*(?=[\d(-])")
_ITALIC = re.compile(r"(?<![\w)*])([*_])(\S[^*_\n]{0,80}?)\1(?![\w*])")
_REPEATING = re.compile(r"(\d*)\.(\d{0,20})(?:\\overline\s*\{?(\d{1,20})\}?|((?:\d[\u0304\u0305]){1,20}))")
_OVER = re.compile(r"\{([^{}]*)\\over(?![A-Za-z])([^{}]*)\}")
_MINUS = re.compile(r"(?i:\b(?:minus|negative)\s+)(?=[$\u20ac\u00a3]?\.?\d)")
_TIMES_TEN = re.compile(r"(?<=\d)\s?[xX]\s?(?=10\s?(?:\^|\*\*))")
_SPACING = re.compile(r"\\(?:[,;: ]|quad\b|qquad\b|enspace\b|thinspace\b|hspace\{[^{}]*\})|(?<!\\)~(?=\S)")
_NOTHING = re.compile(
    r"\\(?:left|right|[bB]igg?[lr]?|displaystyle|textstyle|limits|mathstrut|phantom\{[^{}]*\})(?![A-Za-z])|\\!"
)
_WRAPPED = re.compile(
    r"\\(?:text(?:bf|it|rm|tt|sf|normal)?|math(?:bf|it|rm|tt|sf|bb|cal)|mbox|hbox|emph|operatorname|boldsymbol|bm|"
    r"boxed|fbox|underline|mathopen|mathclose)\*?\s*\{([^{}]*)\}"
)
_FRACTION = re.compile(r"\\[dtc]?frac\s*(?:\{([^{}]*)\}|(\d))\s*(?:\{([^{}]*)\}|(\d))")
_DEGREE = re.compile(r"\^\s*(?:\{\s*\\circ\s*\}|\\circ\b)|\\degree\b|\^\s*\\degree\b")
_POWER = re.compile(r"\^\s*\{([^{}]*)\}")
_ORDINAL = re.compile(r"\^\(?\s?(st|nd|rd|th)\b\)?")
_SYMBOLS = {
    "times": "\u00d7", "cdot": "\u00b7", "ast": "*", "div": "\u00f7", "pm": "\u00b1", "mp": "\u00b1",
    "sqrt": "\u221a", "pi": "\u03c0", "infty": "\u221e", "approx": "\u2248", "sim": "\u2248", "simeq": "\u2248",
    "le": "\u2264", "leq": "\u2264", "leqslant": "\u2264", "ge": "\u2265", "geq": "\u2265", "geqslant": "\u2265",
    "lt": "<", "gt": ">", "ne": "\u2260", "neq": "\u2260", "to": "\u2192", "rightarrow": "\u2192",
    "Rightarrow": "\u2192", "implies": "\u2192", "cup": "\u222a", "ldots": "...", "dots": "...", "cdots": "...",
    "euro": "\u20ac", "texteuro": "\u20ac", "pounds": "\u00a3", "textsterling": "\u00a3", "yen": "\u00a5",
    "mu": "\u03bc", "textdollar": _DOLLAR, "colon": ":", "slash": "/", "minus": "-", "Omega": "\u03a9",
}  # fmt: skip
_SYMBOL = re.compile(r"\\(" + "|".join(sorted(_SYMBOLS, key=len, reverse=True)) + r")(?![A-Za-z])\s?")
_MATH = re.compile(r"\$\$([^$\n]{1,300})\$\$|(?<!\$)\$(?!\s)([^$\n]{0,299}[^$\s])\$(?!\d)")
_BLANKS = re.compile(r" {2,}")
_DELIMITER = re.compile(r"\\[()\[\]]")
_ESCAPED = re.compile(r"\\([%#&_])")


def plain(line: str) -> str:
    """A line as plain writing."""
    if "*" in line or "_" in line or "`" in line:
        line = _BOLD_POWER.sub("^", line).replace("**", "").replace("__", "").replace("`", "")
        line = _ITALIC.sub(r"\2", line)
    if "<" in line:
        line = _TAG.sub(" ", _ANNOTATION.sub("", line))
    if "\\" in line or "{" in line or "~" in line:
        line = _plain_latex(line)
    if "$" in line:
        line = _MATH.sub(lambda found: f" {found[1] or found[2]} ", line)
    line = (
        _MINUS.sub(_sign, _TIMES_TEN.sub("\u00d7", line))
        if "inus" in line or "egative" in line or "10" in line
        else line
    )
    if "\u0304" in line or "\u0305" in line:
        line = _REPEATING.sub(_repeat, line)
    return _BLANKS.sub(" ", line.replace(_DOLLAR, "$"))


_SIGNED_WORDS = re.compile(r"(?i:(?:^|[:=(]|\b(?:is|are|was|be|equals|answer|of|about|to|get|or|and))\s*)$")


def _sign(found: re.Match[str]) -> str:
    """`minus 5` is a number, `ten minus 5` is not one."""
    return "-" if _SIGNED_WORDS.search(found.string[: found.start()]) else "- "


def _repeat(found: re.Match[str]) -> str:
    """`0.1\\overline{6}` as a fraction."""
    whole, before, again = found[1] or "0", found[2], found[3] or re.sub(r"\D", "", found[4])
    scale = 10 ** len(before)
    nines = 10 ** len(again) - 1
    return f"{(int(whole) * scale + int(before or 0)) * nines + int(again)}/{scale * nines}"


def _plain_latex(line: str) -> str:
    line = _REPEATING.sub(_repeat, line)
    line = (
        line.replace("\\\\", " ")
        .replace("\\$", _DOLLAR)
        .replace("\\text{,}", ",")
        .replace("{,}", ",")
        .replace("{.}", ".")
    )
    line = _NOTHING.sub("", line)
    line = _SPACING.sub(" ", line)
    line = _DEGREE.sub("\u00b0", line)
    for _ in range(5):
        before = line
        line = _OVER.sub(lambda found: f"({found[1].strip()})/({found[2].strip()})", line)
        line = _WRAPPED.sub(_unwrap, line)
        line = _FRACTION.sub(_divide, line)
        line = _POWER.sub(r"^(\1)", line)
        if line == before:
            break
    line = _ORDINAL.sub(r"\1", line)
    line = _SYMBOL.sub(lambda found: _SYMBOLS[found[1]], line)
    line = _ESCAPED.sub(r"\1", _DELIMITER.sub(" ", line))
    return re.sub(r"(?<!\\)[{}]", "", line)


def _unwrap(found: re.Match[str]) -> str:
    """A word in a formula is apart from what stands before it."""
    before = found.string[found.start() - 1 : found.start()]
    return f" {found[1]}" if before.isalnum() else found[1]


def _divide(found: re.Match[str]) -> str:
    """Beside a whole number it stands apart, so that `2\\frac12` is no 21/2."""
    over, under = (found[1] or found[2] or "").strip(), (found[3] or found[4] or "").strip()
    before, after = found.string[found.start() - 1 : found.start()], found.string[found.end() : found.end() + 1]
    is_plain = over.isdigit() and under.isdigit() and not after.isalnum()
    return (" " if before.isalnum() else "") + (f"{over}/{under}" if is_plain else f"({over})/({under})")
