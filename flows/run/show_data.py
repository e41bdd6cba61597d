"""What `selfloop data` shows: sets, bad rows, overlaps, the first problems as text, lengths in tokens."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from configs.errors import UserError
from configs.schema.model import TinyLlama
from configs.schema.recipe import Recipe
from flows.services.addresses import resolve_addresses
from infra.engines.chat.show import ShownChat, show_chats
from infra.engines.models.build import build_model
from infra.engines.models.locate import BaseLocation, resolve_base
from infra.engines.models.model_files import ModelFiles
from infra.store.address import open_store
from tasks.core.bench import Workbench
from tasks.core.ledger import Ledger
from tasks.core.records import Problem
from tasks.learn.base import chat_template_of
from tasks.sample.problems.golds import verifiers_of_sets
from tasks.sample.problems.run import Sets, check_apart, read_each

BINS = 8
BAR = 40
"""characters of the longest bar"""


@dataclass
class Shown:
    """Lines for people, and whether a run would take the problems as they are."""

    lines: list[str] = field(default_factory=list)
    is_sound: bool = True


def show_data(recipe: Recipe, base_dir: Path, num_rows: int, limit: int) -> Shown:
    """Read the problems and show them.

    Args:
        num_rows: problems of the train set that are shown whole.
        limit: problems of each set whose tokens are counted; 0: all.

    Raises:
        UserError: a source or the model's tokenizer cannot be read, or a number is negative.
    """
    if num_rows < 0 or limit < 0:
        raise UserError("--rows and --limit are numbers of problems", "write a number from 0 on")
    store = open_store(resolve_addresses(recipe.services).store)
    with tempfile.TemporaryDirectory(prefix="selfloop-data-") as folder:
        with Workbench(recipe, Ledger(store, Path(folder), {}), base_dir) as bench:
            sets = read_each(bench, verifiers_of_sets(recipe))
        found = _sets(sets)
        chats = _draw(sets.problems, num_rows, limit)
        if any(chats.values()):
            shown = _ask(recipe, base_dir, chats, num_rows, Path(folder))
            found.lines += _first(chats["train"][:num_rows], shown["train"], recipe)
            for name, rows in shown.items():
                found.lines += _lengths(name, rows, len(sets.problems[name]))
            found.is_sound &= not any(row.refused for rows in shown.values() for row in rows)
    return found


def _sets(sets: Sets) -> Shown:
    """Sizes, rows that were left out, rows that may not be, and what is in two sets."""
    found = Shown(list(sets.lines()))
    for name, tally in sets.tallies.items():
        if tally.wrong.count:
            found.is_sound = False
            found.lines.append(
                f"  {name}: {tally.wrong.count:,} rows that a run refuses (on_bad_row: drop leaves them out)"
            )
            found.lines += [f"    {line}" for line in tally.wrong.listed()]
    try:
        check_apart(sets)
        found.lines.append("no problem is in two sets")
    except UserError as error:
        found.is_sound = False
        found.lines.append(f"overlap: {error.message}\n  fix: {error.fix}")
    return found


def _draw(sets: Mapping[str, Sequence[Problem]], num_rows: int, limit: int) -> dict[str, list[Problem]]:
    """The first problems, and of the rest some at random."""
    drawn = {}
    for name, problems in sets.items():
        first, rest = problems[:num_rows], range(num_rows, len(problems))
        wanted = max(0, limit - len(first)) if limit else len(rest)
        places = rest if wanted >= len(rest) else random.Random(f"data {name}").sample(rest, wanted)
        drawn[name] = [*first, *(problems[place] for place in places)]
    return drawn


def _ask(
    recipe: Recipe, base_dir: Path, chats: Mapping[str, Sequence[Problem]], num_rows: int, folder: Path
) -> dict[str, list[ShownChat]]:
    """Every chat as the policy's tokenizer writes it, by set."""
    model = recipe.model
    if isinstance(model, TinyLlama):
        build_model(model, recipe.seed, folder / "model", work_dir=folder / "making")
        files, place, revision = (
            ModelFiles("tiny_llama", folder / "model"),
            BaseLocation("folder", str(folder / "model")),
            None,
        )
    else:
        place, revision = resolve_base(model, base_dir), model.revision
        files = ModelFiles(
            model.base, Path(place.location), chat_template=chat_template_of(model, base_dir),
            trust_remote_code=model.trust_remote_code, chat_template_name=model.chat_template_name,
            chat_template_kwargs=model.chat_template_kwargs, chat_template_date=model.chat_template_date,
        )  # fmt: skip
    rows = [problem for problems in chats.values() for problem in problems]
    asked = ({"messages": [asdict(turn) for turn in row.messages], "solution": row.solution} for row in rows)
    is_first = range(len(chats["train"][:num_rows]))  # train comes first
    work_dir = folder / "showing"
    work_dir.mkdir()
    answers = iter(show_chats(asked, files, place, revision=revision, shown=is_first, work_dir=work_dir))
    return {name: [next(answers) for _ in problems] for name, problems in chats.items()}


def _first(problems: Sequence[Problem], shown: Sequence[ShownChat], recipe: Recipe) -> Iterator[str]:
    for number, (problem, row) in enumerate(zip(problems, shown, strict=False)):
        yield f"\ntrain, number {number} ({problem.id}), {row.tokens:,} tokens:"
        yield from (f"  | {line}" for line in (row.refused or row.text).split("\n"))
        told = {"gold": problem.gold, "solution": problem.solution, "tags": ", ".join(problem.tags) or None}
        yield from (f"  {name}: {text!r}" for name, text in told.items() if text is not None)
    if recipe.generate.few_shot is not None:
        yield "\nworked examples (generate.few_shot) are written before these"


def _lengths(name: str, rows: Sequence[ShownChat], total: int) -> Iterator[str]:
    """A histogram of the tokens of prompts, and the longest solution."""
    counts = [row.tokens for row in rows if not row.refused]
    counted = "" if len(rows) == total else f", {len(rows):,} of {total:,} problems (--limit counts more)"
    if refused := [row.refused for row in rows if row.refused]:
        yield f"\n{name}: the model cannot be given {len(refused):,} problems, the first: {refused[0]}"
    if not counts:
        return
    yield f"\n{name}: tokens of the prompt, {min(counts):,} to {max(counts):,}{counted}"
    width = max(1, -(-(max(counts) - min(counts) + 1) // BINS))
    bins: dict[int, int] = {}
    for count in counts:
        bins[(count - min(counts)) // width] = bins.get((count - min(counts)) // width, 0) + 1
    for place in range(max(bins) + 1):
        low, many = min(counts) + place * width, bins.get(place, 0)
        bar = "#" * (max(1, round(BAR * many / max(bins.values()))) if many else 0)
        yield f"  {low:>6,} to {low + width - 1:<6,} {many:>6,} {bar}".rstrip()
    if solutions := [row.solution_tokens for row in rows if row.solution_tokens is not None]:
        yield f"  worked solutions: {len(solutions):,}, up to {max(solutions):,} tokens"
