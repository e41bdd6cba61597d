"""Pieces of a completion and their weights. Used by `kinds.py` and by the pair makers. Pure.

Weights of a chain's parts (`configs/schema/rows.py`, LossByPart), with the paper's worked case: an attempt of 4 words
that is wrong, "Verify:" + a true verdict of 2 words, "Retry:" + a right attempt of 3 words, and the end token make 12
tokens, of which 8 carry loss.
"""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.rows import Links, LossByPart
from tasks.core.joined import Candidate
from tasks.core.records import SAID_WRONG, FinishReason, Label, Part, Sample, Span, Verdict, is_true
from tasks.select.filters.filter import Draw


def spans_of(sample: Sample, given: float = 0.0, written: float = 1.0) -> tuple[Span, ...]:
    """A sample's text as a completion: the given beginning, where there is one, and what the model wrote. Outputs of an
    interpreter are apart from what is written around them, and never learnt."""
    start = len(sample.prefix) if sample.text.startswith(sample.prefix) else 0
    spans = [Span(sample.prefix, given)] if start else []
    for output in sample.inserted:
        before = [Span(sample.text[start : output.start], written)] if start < output.start else []
        spans += [*before, Span(sample.text[output.start : output.end], 0.0)]
        start = output.end
    return (*spans, Span(sample.text[start:], written))


def ends_turn(sample: Sample) -> bool:
    """A step's text does not end the model's turn."""
    return sample.finish_reason != FinishReason.STEP


def weights_of(path: Sequence[Candidate], loss: LossByPart, judge: str | None) -> list[float]:
    """The weight of each text of a chain, first text first."""
    last = max((place for place, one in enumerate(path) if one.sample.is_answer), default=-1)
    weights = []
    verdict: Verdict | None = None
    for place, one in enumerate(path):
        if one.sample.is_answer:
            verdict = one.verdict(judge)
            right = loss.attempt_right_last if place == last else loss.attempt_right_earlier
            weights.append(right if verdict.label == Label.CORRECT else loss.attempt_wrong)
        elif one.sample.part == Part.VERDICT:
            is_so = is_true(one.sample.said, verdict) if verdict else one.sample.said == SAID_WRONG
            weights.append(loss.verdict_true if is_so else loss.verdict_false)
        else:
            learnt = {Part.CRITIQUE: loss.critique, Part.HINT: loss.hint, Part.ACTION: loss.action}
            weights.append(learnt.get(Part(one.sample.part), 0.0))
    return weights


def join_spans(
    path: Sequence[Candidate],
    weights: Sequence[float],
    links: Links,
    draw: Draw,
    *,
    link_weight: float | None = None,
    given: float = 0.0,
) -> tuple[Span, ...]:
    """Texts of a chain as one completion, each after the first with its link.

    Args:
        link_weight: of links; default: the weight of the part that comes after.
        given: of what was given to a writer.
    """
    spans: list[Span] = []
    for place, (one, weight) in enumerate(zip(path, weights, strict=True)):
        variants = {str(part): texts for part, texts in links.items()}.get(one.sample.part, ()) if place else ()
        if variants and (link := draw.random(f"links.{place}", path[-1].sample.id).choice(variants)):
            spans.append(Span(link, weight if link_weight is None else link_weight))
        spans += spans_of(one.sample, given, weight)
    return tidy(spans)


def tidy(spans: Sequence[Span]) -> tuple[Span, ...]:
    """The pieces without empty ones before the last."""
    return (*(span for span in spans[:-1] if span.text), spans[-1])
