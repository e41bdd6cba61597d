"""What is said of a choice that is excepted: `All but C are wrong` takes C, `all but C are right` denies it.

Called by `choice_claims.py`. Where nothing is said of the others (`everything except C`), it says nothing.
"""

from __future__ import annotations

from tasks.answer.choice_tokens import Token
from tasks.answer.statement_words import words_of

_EXCEPT = words_of(
    "except excluding besides save au\u00dfer menos excepto except\u00e9 sauf tranne eccetto exceto salvo "
    "\u043a\u0440\u043e\u043c\u0435 \u9664\u4e86 \u9664 \u4ee5\u5916 \u4e4b\u5916 \uc774\uc678 \uc774\uc678\uc5d0 "
    "\uc774\uc678\uc5d0\ub294 \u4ee5\u5916\u306b \u3092\u9664\u3044\u3066 \u3092\u9664\u304f"
) | {"other than", "apart from", "except for", "all but", "everything but", "with the exception of", "the exception of",
     "none but", "all the others except"}  # fmt: skip
_ALL = words_of(
    "all every each everything any others alle todas todos toutes tous tutte tutti \u0432\u0441\u0435 \u90fd "
    "\u3059\u3079\u3066 \u5168\u3066 \u5168\u90e8 \ubaa8\ub450 \uc804\ubd80 \u5176\u4ed6 \u5176\u4f59 \u5176\u9918"
)
_NONE = words_of("no none nothing nobody neither keine kein ninguna ninguno aucune aucun nessuna nenhuma")
_BETWEEN = words_of("fill option options be and colon")


def said_of_exception(tokens: list[Token], group: tuple[int, int]) -> str:
    """`take` or `deny`, of the one group of letters in a clause; nothing where it is no exception.

    Args:
        group: where the letters begin and end.
    """
    first, end = group
    places = [place for place in (_before(tokens, first), _behind(tokens, end)) if place is not None]
    if not places:
        return ""
    excepting = [tokens[place] for place in places]
    said = [token for place, token in enumerate(tokens) if place not in places and not first <= place < end]
    if not any(_is_quantity(token) for token in (*said, *excepting)) and not any(
        token.text > "\u2e80" for token in excepting
    ):
        return ""
    denying = [token for token in said if token.role in ("wrong", "not", "no", "notbut")]
    if all(token.text in _NONE for token in denying) and not any(token.role in ("right", "fits") for token in said):
        return ""
    negations = denying + [token for token in excepting if token.text.split()[0] in _NONE]
    return "take" if len(negations) % 2 else "deny"


def _is_quantity(token: Token) -> bool:
    return token.text.split()[0].lower() in _ALL | _NONE


def _before(tokens: list[Token], first: int) -> int | None:
    """Where what excepts the letters stands before them: `all but`, or `but` behind `every option`."""
    place = first - 1
    while place >= 0 and tokens[place].role in ("fill", "option") and tokens[place].text not in _EXCEPT:
        place -= 1
    if place < 0:
        return None
    if tokens[place].text in _EXCEPT:
        return place
    quantified = {token.text.split()[0] for token in tokens[:place]} & (_ALL | _NONE)
    is_but = tokens[place].text == "but" and all(
        token.role in (*_BETWEEN, "no", "not") or " " in token.text for token in tokens[:place]
    )
    return place if is_but and quantified else None


def _behind(tokens: list[Token], end: int) -> int | None:
    """Where it stands behind them, as in Japanese and Korean."""
    is_there = end < len(tokens) and tokens[end].text > "\u2e80" and tokens[end].text in _EXCEPT
    return end if is_there else None
