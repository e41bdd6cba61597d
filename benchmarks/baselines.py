"""What people use in place of a verifier: math-verify as its page shows it, and the last number of the text.

Called by `benchmarks/verifiers.py` in killable workers, as the verifiers are.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

from tasks.core.records import Label

Texts = tuple[str, str]
"""gold answer and text"""
_NUMBER = re.compile(r"-?[0-9][0-9,]*(?:\.[0-9]+)?")


def last_number() -> Callable[[Texts], Label]:
    """The usual pattern: the last number of the text equals the last number of the gold answer, commas left out."""

    def judge(texts: Texts) -> Label:
        gold, answer = (_NUMBER.findall(text) for text in texts)
        if not gold or not answer:
            return Label.UNPARSEABLE
        return _label(float(gold[-1].replace(",", "")) == float(answer[-1].replace(",", "")))

    return judge


def math_verify_alone() -> Callable[[Texts], Label]:
    """`verify(parse(gold), parse(text))` with all defaults, its own time limits among them.

    A gold answer without dollar signs is set into them, which its parser asks for.
    """
    from math_verify import parse, verify

    logging.getLogger("math_verify").setLevel(logging.CRITICAL)

    def judge(texts: Texts) -> Label:
        gold, text = texts
        answer = parse(text)
        return _label(verify(parse(gold if "$" in gold else f"${gold}$"), answer)) if answer else Label.UNPARSEABLE

    judge((r"\frac{1}{2}", r"\boxed{0.5}"))  # builds its grammars, for all workers
    return judge


def _label(is_equal: bool) -> Label:
    return Label.CORRECT if is_equal else Label.WRONG
