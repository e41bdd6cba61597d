"""A chain with the texts of one more step: how they are stored, and what later writers see of them. Pure.

Ids say the place in the tree: `p7/0` is a first attempt, `p7/0:critique0` the first critique of it, `p7/0:critique0/0`
the first attempt after that. They are opaque to readers.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from configs.schema.revision.sampler import ReviseStep
from infra.engines.questions import Completion
from tasks.core.records import Author, FinishReason, Part, Problem, Sample
from tasks.sample.episode import inserted_in, to_sample
from tasks.sample.revision.chain import Asked, Chain, beside, goes_on_in_turn, told, with_turn
from tasks.sample.revision.reading import Piece, pieces_of, read_verdict, shifted

TRUNCATED, UNCUT = "num_truncated_feedback", "num_uncut"
"""why a text is dropped: it ended at max_tokens before the attempt it leads to; it has not the parts it should have"""
TOKENS_DROPPED = "num_tokens_dropped"
"""counted of such texts: they cost as much as others"""


def grow(
    chain: Chain, step: ReviseStep, asked: Asked, row: Completion, problem: Problem, model: str, by: str
) -> Chain | str:
    """The chain with what a model wrote, or why that is dropped.

    Args:
        row: its index is the number of the text among all of the step after this chain.
        model: digest of the model.
        by: the policy, or the role that wrote.
    """
    is_truncated = row.finish_reason == FinishReason.LENGTH
    if is_truncated and step.part != Part.ATTEMPT:
        return TRUNCATED
    pieces = pieces_of(row.text, step, inserted_in(row))
    if pieces is None:
        return UNCUT
    is_whole = len(pieces) == 1 and pieces[0].text == row.text
    for place, piece in enumerate(pieces):
        is_last = place == len(pieces) - 1
        node = to_sample(
            row,
            problem,
            model,
            **_place(chain, step, piece, row.index if place == 0 else 0),
            text=asked.given + piece.text,
            inserted=shifted(piece.inserted, 0, len(piece.text), by=len(asked.given)),
            num_tokens=row.num_tokens if is_last else 0,
            logprob=row.logprob if is_whole else None,
            finish_reason=row.finish_reason if is_last else FinishReason.STOP,
            by=by,
            state=step.state,
            prefix=asked.given,
            **_asked_of(chain, asked),
        )
        chain = _put(chain, step, node, asked) if is_last else beside(chain, node)
    return chain


def put_by_rule(chain: Chain, step: ReviseStep, asked: Asked, text: str, problem: Problem) -> Chain:
    """The chain with a text that no model wrote."""
    by = Author.ENVIRONMENT if step.judge is not None else step.by
    said = read_verdict(text, step)[1] if step.part == Part.VERDICT else None
    piece = Piece(step.part, text, said)  # whole: what follows a verdict here was put there on purpose
    known = _place(chain, step, piece, 0)
    node = Sample(
        problem_id=problem.id,
        text=asked.given + piece.text,
        finish_reason=FinishReason.STOP,
        num_tokens=0,
        logprob=None,
        model=by,
        by=by,
        prefix=asked.given,
        **known,
        **_asked_of(chain, asked),
    )
    return _put(chain, step, node, asked)


def _place(chain: Chain, step: ReviseStep, piece: Piece, index: int) -> dict[str, Any]:
    part, above = piece.part, chain.tip.id
    name = step.name if part == step.part else part
    own_id = f"{above}/{index}" if part == Part.ATTEMPT else f"{above}:{name}{index}"
    return {"id": own_id, "index": index, "parent_id": above, "part": part, "said": piece.said}


def _asked_of(chain: Chain, asked: Asked) -> dict[str, Any]:
    is_privileged = asked.is_privileged or chain.tip.privileged
    stored = asked.stored if is_privileged or asked.stored != asked.talk else ()
    return {"messages": asked.talk, "stored": stored, "privileged": is_privileged}


def _put(chain: Chain, step: ReviseStep, node: Sample, asked: Asked) -> Chain:
    """What later writers see of the text."""
    if step.form == "inline":
        return goes_on_in_turn(chain, node, asked)
    if step.split is not None:
        whole = with_turn(chain, replace(node, text=_spoken(chain, step, node)), asked)
        return replace(whole, path=(*chain.path, node))
    if step.part == Part.ATTEMPT or (step.writers and step.form == "chat"):
        return with_turn(chain, node, asked)
    return beside(chain, node) if step.writers else told(chain, node)


def _spoken(chain: Chain, step: ReviseStep, node: Sample) -> str:
    """A turn that was cut into parts, as one text again."""
    number = len(step.parts) - 1
    return "\n\n".join([*(one.text for one in chain.path[len(chain.path) - number :]), node.text])
