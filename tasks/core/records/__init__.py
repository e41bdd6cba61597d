"""The vocabulary: what travels between stages. Read this first.

    problem.py      Problem     what the model is asked                      problems  -> generate, judge, evaluate
    sample.py       Sample      one text that somebody wrote for a problem   generate  -> judge, select
    opinion.py      Verdict     one judge's opinion of one sample            judge     -> select
                    Judgement   one text that a judging model wrote          judge     -> monitor, meta judge
    row.py          Example     one row of SFT or KTO training               select    -> train
                    Pair        one row of preference training               select    -> train
    drop.py         Drop        why one sample did not become an example     select    -> report
    online.py       Reward, Credit, TokenRow: what a segment of online training keeps of each text
    benchmark.py    BenchmarkScore, BenchmarkItem: results of benchmarks
    item_result.py  ItemResult  one problem's outcome in an evaluation       evaluate  -> decide, report

All are frozen, flat and typed, so that each is one row of a Parquet file (`tasks/core/tables.py`). Handles to
models and steps are in `tasks/core/refs.py`, paths through a problem's samples in `tasks/core/paths.py`. Nothing here
imports more than the standard library.

VERSION is raised when a record's fields change. It enters the keys of the steps that write such records, so that they
are made anew. Files of versions before stay readable: a field that is new since then needs a default, which stands in,
and one that changed its form an entry in `older.py`.
"""

from __future__ import annotations

from tasks.core.records.benchmark import BenchmarkItem, BenchmarkScore
from tasks.core.records.drop import Drop, DropReason
from tasks.core.records.item_result import ItemResult
from tasks.core.records.older import OLDER, Change
from tasks.core.records.online import Credit, Reward, TokenRow
from tasks.core.records.opinion import Judgement, Label, Verdict, is_true, judgement_id
from tasks.core.records.problem import Message, Problem
from tasks.core.records.row import Example, Pair, Span, spell, written
from tasks.core.records.sample import SAID_RIGHT, SAID_WRONG, Author, FinishReason, Inserted, Part, Sample

__all__ = [
    "OLDER",
    "SAID_RIGHT",
    "SAID_WRONG",
    "Author",
    "BenchmarkItem",
    "BenchmarkScore",
    "Change",
    "Credit",
    "Drop",
    "DropReason",
    "Example",
    "FinishReason",
    "Inserted",
    "ItemResult",
    "Judgement",
    "Label",
    "Message",
    "Pair",
    "Part",
    "Problem",
    "Reward",
    "Sample",
    "Span",
    "TokenRow",
    "Verdict",
    "is_true",
    "judgement_id",
    "spell",
    "written",
]
