"""Filters that read the texts around attempts: whether verdicts are true, and what critiques say or give away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from configs.schema.select_chains import Confirmed, Leaks, Mirrors, TrueVerdicts
from tasks.answer.standing import stands_in
from tasks.core.joined import Candidate
from tasks.core.records import SAID_RIGHT, DropReason, Part, is_true
from tasks.select.filters.chains import Refusals
from tasks.select.filters.filter import Draw


def true_verdicts(group: Sequence[Candidate], config: TrueVerdicts, draw: Draw) -> Refusals:
    """Chains with verdicts that are true stay; one that could not be read is not true."""
    return [None if _are_true(one, config) else DropReason.FALSE_VERDICT for one in group]


def confirmed(group: Sequence[Candidate], config: Confirmed, draw: Draw) -> Refusals:
    """Chains whose last text but for critiques is a verdict that says right stay."""
    return [None if _last_verdict(one) == SAID_RIGHT else DropReason.UNCONFIRMED for one in group]


def leaks(group: Sequence[Candidate], config: Leaks, draw: Draw) -> Refusals:
    """Chains whose texts around attempts give nothing away stay. Attempts themselves may hold the answer."""
    words = [word.casefold() for word in config.words]
    return [DropReason.LEAK if _leaks(one, config, words) else None for one in group]


def mirrors(group: Sequence[Candidate], config: Mirrors, draw: Draw) -> Refusals:
    """Chains stay whose critiques name the steps of their attempt, all and in order; one without steps has none.

    SCORE (arXiv 2404.17140) cuts what a critique says beyond the attempt's steps; here such a critique stays whole.
    """
    return [
        None if all(_mirrored(*pair, config) for pair in _critiques(one)) else DropReason.UNMIRRORED for one in group
    ]


def _verdicts(one: Candidate) -> Iterator[tuple[Candidate, Candidate]]:
    """Each verdict of a chain with the attempt before it."""
    attempt = None
    for text in one.whole_chain:
        if text.sample.is_answer:
            attempt = text
        elif text.sample.part == Part.VERDICT and attempt is not None:
            yield attempt, text


def _are_true(one: Candidate, config: TrueVerdicts) -> bool:
    true = [is_true(text.sample.said, attempt.verdict(config.judge)) for attempt, text in _verdicts(one)]
    return bool(true) and (all(true) if config.which == "every" else true[-1])


def _last_verdict(one: Candidate) -> str | None:
    """What was said of the last attempt."""
    found = [text.sample.said for text in one.after if text.sample.part == Part.VERDICT]
    return found[-1] if found else None


def _leaks(one: Candidate, config: Leaks, words: Sequence[str]) -> bool:
    texts = [text.sample.text for text in one.whole_chain if not text.sample.is_answer]
    gold = one.problem.gold if config.gold else None
    if any(word in text.casefold() for text in texts for word in words):
        return True
    return bool(gold and gold.strip()) and any(stands_in(text, str(gold).strip()) for text in texts)


def _critiques(one: Candidate) -> Iterator[tuple[str, str]]:
    """Each critique of a chain with the attempt before it, as texts."""
    attempt = ""
    for text in one.whole_chain:
        if text.sample.is_answer:
            attempt = text.sample.text
        elif text.sample.part == Part.CRITIQUE:
            yield attempt, text.sample.text


def _mirrored(attempt: str, critique: str, config: Mirrors) -> bool:
    wanted, found = (re.findall(config.pattern, text) for text in (attempt, critique))
    return found[: len(wanted)] == wanted
