"""What an objective is to the trainer: one object a kind, in a file of its own in this folder.

A file is called as its kind is, says the formula, the paper and the differences from it, and ends in its OBJECTIVE. The
phases around it (`prepare.py`, `settings.py`, `reference.py`, `metrics.py`) ask the object and know no kind.

    a loss over known rows     its settings in configs/schema/objective.py; a file here with one `Objective`
    a new kind of rows         besides, its `RowKind` in that file, and how rows are written in tasks/learn/rows.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.engines.train.request import TrainRequest
from infra.engines.train.rows import Encoder
from infra.engines.train.steps import CountedSteps

TokenRow = dict[str, Any]
"""what a data set holds: token ids, weight, and what a kind of rows has besides"""


@dataclass(frozen=True)
class RowKind:
    """One shape of training rows.

    Attributes:
        columns: what every row of the file must have.
        encode: row of the file -> token row, with the weights of its tokens; None where it is too long.
        collator: class that pads token rows into a batch, made with `pad_token_id`.
        reference: column of the reference's summed log-probabilities -> column of the completion they are of; the
            weights of its tokens, where they are not all 1, lie in the column of that name with `_weights`. Where there
            is a column with `_parts`, the sums are those of each part, as a list. Empty: no reference is asked.
        metrics: name in metrics.jsonl -> name in TRL's log. A reward is beta times the log-ratio to the reference.
    """

    columns: tuple[str, ...]
    encode: Callable[[dict[str, Any], Encoder], TokenRow | None]
    collator: type
    reference: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, str] = field(default_factory=dict)


WEIGHTS = "_weights"
"""ends the name of the column with the weights of a completion's tokens"""
PARTS = "_parts"
"""ends the name of the column with the part that each token of a completion belongs to, from 0; -1: to none"""


def further_column(name: str, column: str) -> str:
    """The column with what a further reference of this name says, in place of the reference's own column."""
    return f"{name}.{column}"


def is_further(column: str) -> bool:
    """Whether a column is one of a further reference."""
    return "." in column


def _as_it_is(row: TokenRow, request: TrainRequest) -> TokenRow:
    return row


def _nothing(settings: Any) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Objective:
    """One kind of objective. `settings` below is the recipe's component of this kind.

    Attributes:
        rows: which rows it eats.
        trainer: class of the trainer, a `CountedSteps` left of one of TRL's.
        config: class of TRL's settings.
        options: (settings, whether some row has a weight other than 1) -> fields of `config` beside the shared ones.
        arguments: settings -> further arguments of `trainer`.
        prepare: token row before the reference is asked -> the one that is trained on; refuses what the objective
            cannot learn from with an EngineError.
        lay_out: all prepared rows -> those that are trained on, in their order; None: as they lie in the file.
    """

    rows: RowKind
    trainer: type[CountedSteps]
    config: type
    options: Callable[[Any, bool], dict[str, Any]]
    arguments: Callable[[Any], dict[str, Any]] = _nothing
    prepare: Callable[[TokenRow, TrainRequest], TokenRow] = _as_it_is
    lay_out: Callable[[Sequence[TokenRow], TrainRequest], Iterator[TokenRow]] | None = None


def given_reference(settings: Any) -> dict[str, Any]:
    """Fields of TRL's preference settings where the rows bring the reference's numbers, and `tune` says the dropout."""
    return {"precompute_ref_log_probs": True, "beta": settings.beta, "disable_dropout": False}
