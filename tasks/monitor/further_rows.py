"""What a round trains on beside the rows that it selected: pairs of judgements, the warm start's worked examples, and
rows from outside. They are looked through for held-out problems, and count in no other measure.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from configs.schema.recipe import Recipe
from configs.schema.role import POLICY
from tasks.core.files import PAIRS, set_called
from tasks.core.ledger import Ledger
from tasks.core.records import spell
from tasks.learn.replay import read_replay
from tasks.learn.rows import ROW_KINDS
from tasks.monitor.steps import RoundSteps

Text = tuple[str, tuple[str, ...]]
"""a prompt, and what is trained on under it: a completion, or chosen and rejected"""


def further_rows(ledger: Ledger, recipe: Recipe, steps: RoundSteps, base_dir: Path) -> Iterator[Text]:
    """The texts of these rows.

    Args:
        base_dir: folder that the recipe's relative paths begin at.

    Raises:
        ProblemsError: the file of `train.replay` cannot be read.
    """
    if steps.meta is not None:
        for pair in PAIRS.read(ledger, steps.meta):
            yield pair.messages[-1].content, (spell(pair.chosen), spell(pair.rejected))
    if recipe.train.with_seed_data and recipe.train.objective.rows != "pairs":
        for problem in set_called(recipe.warm_start_set(POLICY)).read(ledger, steps.problems):
            yield problem.messages[-1].content, (problem.solution or "",)
    if recipe.train.replay is not None:
        kind = ROW_KINDS[recipe.train.objective.rows]
        for row in read_replay(base_dir / recipe.train.replay.path, kind):
            texts = ("".join(piece["text"] for piece in row[name]) for name in kind.texts)
            yield row["messages"][-1]["content"], tuple(texts)
