"""Do the texts of a round's training hold problems of the select or report set?

Overlap of a held-out problem with some text: the share of the problem's distinct n-grams of words that occur in it
(decontamination as in GPT-3, arXiv 2005.14165, which uses n = 13). Flagged: an overlap of a half, or the same prompt.

Words are lower case without punctuation; a number is one word in one spelling (`1,200`, `1 200` and 1200, 1.50 and
1.5), and full-width signs are plain ones. n is 13 for problems of at least 26 words, 8 for shorter ones; what has
fewer words than n can match as a whole prompt only.

Where this differs from the paper:
1. Whole prompts are compared with their punctuation: 3+4 and 3-4 are two problems.
2. N-grams that more than a tenth of the held-out problems share (and more than two of them) are the wording around the
   problems, and count nowhere.
3. A problem's overlap is with all training texts together; a training text is flagged by what it holds alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tasks.core.records import Problem
from tasks.core.step import Summary

LONG, SHORT = 13, 8
FLAGGED = 0.5
WORDING_SHARE, WORDING_ITEMS = 0.1, 2
_PUNCTUATION = re.compile(r"(?!(?<=\d)\.(?=\d))[^\w\s]|_")
"""but the point within a number"""
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:(?:\{,\}|\\[,;! ]|[,'\u2019\u00a0\u202f\u2009 ])\d{3})+(?!\d|,\d)")
_ZEROS = re.compile(r"(?<![\d.])(\d+)(?:\.0+|(\.\d*[1-9])0+)(?![\d.])")


@dataclass(slots=True)
class _Item:
    """A held-out problem: its n-grams, and those of them met so far."""

    suite: str
    problem_id: str
    grams: set[int]
    met: set[int] = field(default_factory=set)
    is_repeated: bool = False

    @property
    def overlap(self) -> float:
        if self.is_repeated:
            return 1.0
        return len(self.met) / len(self.grams) if self.grams else 0.0


class HeldOut:
    """The held-out problems, and what of them was met in training texts. Holds the n-grams of all of them.

    Args:
        suites: problems by suite.
        long, short: n for problems of at least twice `long` words, and for shorter ones.
    """

    def __init__(self, suites: Mapping[str, Sequence[Problem]], long: int = LONG, short: int = SHORT) -> None:
        self._items: list[_Item] = []
        self._sizes: set[int] = set()
        self._by_prompt: dict[str, int] = {}
        for suite, problems in suites.items():
            for problem in problems:
                words = words_of(question_of(problem))
                n = long if len(words) >= 2 * long else short
                self._sizes.add(n)
                self._by_prompt[_whole(question_of(problem))] = len(self._items)
                self._items.append(_Item(suite, problem.id, set(ngrams(words, n))))
        self._by_gram = self._index()
        self._num_by_suite = Counter(item.suite for item in self._items)
        self._num_texts = self._num_flagged = 0

    def _index(self) -> dict[int, list[int]]:
        counts = Counter(gram for item in self._items for gram in item.grams)
        limit = max(WORDING_SHARE * len(self._items), WORDING_ITEMS)
        by_gram: dict[int, list[int]] = {}
        for place, item in enumerate(self._items):
            item.grams = {gram for gram in item.grams if counts[gram] <= limit}
            for gram in item.grams:
                by_gram.setdefault(gram, []).append(place)
        return by_gram

    def add(self, prompt: str, texts: Sequence[str]) -> bool:
        """Count one row of training, and say whether it is flagged.

        Args:
            prompt: what the model is asked in it.
            texts: what is trained on: the completion, or chosen and rejected.
        """
        met = Counter(place for gram in self._grams_in((prompt, *texts)) for place in self._meet(gram))
        is_flagged = any(number >= FLAGGED * len(self._items[place].grams) for place, number in met.items())
        if (place := self._by_prompt.get(_whole(prompt))) is not None:
            self._items[place].is_repeated = is_flagged = True
        self._num_texts += 1
        self._num_flagged += is_flagged
        return is_flagged

    def _grams_in(self, texts: Sequence[str]) -> set[int]:
        """The held-out problems' n-grams that occur in some texts, each once."""
        worded = [words_of(text) for text in texts]
        found = (gram for words in worded for n in self._sizes for gram in ngrams(words, n))
        return {gram for gram in found if gram in self._by_gram}

    def _meet(self, gram: int) -> Iterator[int]:
        for place in self._by_gram[gram]:
            self._items[place].met.add(gram)
            yield place

    def numbers(self) -> Summary:
        """contamination_share of the training texts; contamination_items_SUITE: flagged problems of each suite."""
        if not self._num_texts:
            return {}
        flagged = self.flagged()
        items = {f"contamination_items_{suite}": len(flagged.get(suite, ())) for suite in self._num_by_suite}
        return {"contamination_share": self._num_flagged / self._num_texts, **items}

    def flagged(self) -> dict[str, dict[str, float]]:
        """Flagged problems by suite: their ids with their overlaps."""
        found: dict[str, dict[str, float]] = {}
        for item in self._items:
            if item.overlap >= FLAGGED:
                found.setdefault(item.suite, {})[item.problem_id] = item.overlap
        return found

    def overlaps(self) -> list[float]:
        """Overlap of each held-out problem with all texts so far, in [0, 1]."""
        return [item.overlap for item in self._items]


def ngrams(words: Sequence[str], n: int) -> list[int]:
    """Digests of the n-grams of a text, in order; they hold within one process."""
    # A tuple's digest depends on its length, so that 8-grams and 13-grams never meet.
    return [hash(tuple(words[start : start + n])) for start in range(len(words) - n + 1)]


def words_of(text: str) -> list[str]:
    """Lower-case words, punctuation taken as blanks."""
    return _PUNCTUATION.sub(" ", normal(text)).split()


def normal(text: str) -> str:
    """The one form in which texts are compared: compatible signs are one, letters are lower case, and a number has one
    spelling."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    whole = _THOUSANDS.sub(lambda match: re.sub(r"\D", "", match.group()), plain)
    return _ZEROS.sub(lambda match: match[1] + (match[2] or ""), whole)


def question_of(problem: Problem) -> str:
    """What the problem asks: its last message, so that examples shown before it are not taken for it."""
    return problem.messages[-1].content


def _whole(prompt: str) -> str:
    return " ".join(normal(prompt).split())
