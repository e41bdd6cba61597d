"""The data of a recipe, read before anything runs: each part has what it needs of the problems.

Called by `selfloop check --data` and by every plan, so that both refuse with the same words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from configs.errors import ProblemsError
from configs.schema.recipe import Recipe
from tasks.calibrate.probe import draw_probe
from tasks.core.bench import Workbench
from tasks.core.prompts import read_prompt
from tasks.core.records import Problem
from tasks.learn.replay import check_replays
from tasks.online.probe import probe_verifier, require_enough, set_aside
from tasks.plan.named import stays_of
from tasks.sample.draws.asking import load_draws
from tasks.sample.guide.plan import require_help
from tasks.sample.problems.run import FEW_SHOT, Sets, read_all
from tasks.sample.problems_of_round import on_rung
from tasks.sample.revision.asking import load_steps, require_known
from tasks.sample.shots import Shots
from tasks.select.rows.formats import read_formats, with_examples


def read_data(bench: Workbench) -> Sets:
    """Every set of problems, checked against the recipe; the rows that are replayed are read as well.

    Raises:
        ProblemsError: a set or a file of rows cannot be read, or a part of the recipe needs what problems do not have.
        RecipeError: a format shows worked examples, and there are none.
    """
    sets = read_all(bench)
    check_replays(bench.recipe, bench.base_dir)
    for stay in stays_of(bench.recipe):
        _check_shown(stay, sets.problems, bench)
    for round in range(1, bench.recipe.rounds.max + 1):
        if (ladder := bench.recipe.in_round(round).generate.ladder) is not None:
            on_rung(sets.problems["train"], ladder, round)
    return sets


def _check_shown(recipe: Recipe, sets: Mapping[str, Sequence[Problem]], bench: Workbench) -> None:
    """What is shown of the train problems, and how many are asked for."""
    train, generate = sets["train"], recipe.generate
    solved = [*sets.get(FEW_SHOT, ()), *sets.get("warm_start", ()), *train]

    def read(name: str) -> str:
        return read_prompt(name, bench.base_dir)

    if recipe.guide is not None:
        require_help(train, recipe.guide)
    if recipe.calibrate is not None:
        draw_probe(train, recipe.calibrate.probe_problems, recipe.seed)
    if generate.few_shot is not None:
        Shots(tuple(sets[FEW_SHOT]), generate.few_shot.count).shown(train)
    steps = load_steps(generate.steps, read) if generate.kind == "revise" else ()
    draws = load_draws(generate.draws, read) if generate.kind == "independent" else ()
    if recipe.online is not None:
        verifier = probe_verifier(recipe)
        require_enough(recipe.online, *set_aside(train, recipe.online.probe, verifier, recipe.seed))
        episode = recipe.online.episode
        steps = load_steps(episode.steps, read, "online.episode.steps") if episode.kind == "revise" else ()
    for problem in train:
        require_known(problem, steps)
        for draw in draws:
            draw.require_known(problem)
    if generate.kind == "prefix" and (bare := next((one for one in train if not (one.solution or "").strip()), None)):
        raise ProblemsError(
            f"problem {bare.id} has no worked solution, which generate.kind prefix goes on from",
            "say where it is: mapping.solution",
        )
    with_examples(read_formats(recipe.train.formats, bench.base_dir), solved)
