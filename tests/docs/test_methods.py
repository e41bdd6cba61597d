"""docs/methods.md and the recipes say the same: what acts that a paper does not have, and what all of them share."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from configs.schema.guard import DEFAULT_GUARDS, ONLINE_GUARDS
from configs.schema.load import load_recipe
from configs.schema.recipe import Recipe
from tests.configs.recipes import PUBLISHED

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
RECIPES = {path.stem: load_recipe(path) for path in PUBLISHED}
DEMOS = {"demo", "demo_correct", "demo_llm", "demo_rl"}
OF_PAPERS = sorted(RECIPES.keys() - DEMOS)


def rows() -> dict[str, dict[str, str]]:
    """Every row of a table that names a recipe, by the recipe and the table's heads."""
    found: dict[str, dict[str, str]] = {}
    heads: list[str] = []
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and "recipe" in cells:
            heads = cells
        elif line.startswith("|") and (name := re.search(r"\(\.\./configs/recipes/(\w+)\.yaml\)", line)):
            assert len(cells) == len(heads), line
            assert name[1] not in found, f"{name[1]} has two rows"
            found[name[1]] = dict(zip(heads, cells, strict=True))
    return found


def acting(recipe: Recipe) -> set[str]:
    return {guard.metric for guard in recipe.guards_of_round if guard.action != "warn"}


def test_the_readme_names_every_recipe_once() -> None:
    table = (ROOT / "README.md").read_text(encoding="utf-8").split("## Published methods")[1].split("\n\n")[2]
    named = re.findall(r"`(\w+)`", table)
    assert sorted(named) == OF_PAPERS


def test_every_recipe_has_a_row() -> None:
    assert set(rows()) == set(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_the_page_says_which_guards_act(name: str) -> None:
    said = rows()[name]["guards that act"]
    assert set(re.findall(r"`(\w+)`", said)) == acting(RECIPES[name])
    assert (said == "none") == (not acting(RECIPES[name]))


@pytest.mark.parametrize("name", OF_PAPERS)
def test_in_a_recipe_of_a_paper_no_guard_and_no_gate_acts(name: str) -> None:
    """The limits are watched all the same."""
    recipe = RECIPES[name]
    assert acting(recipe) == set()
    limits = (*DEFAULT_GUARDS, *ONLINE_GUARDS) if recipe.online is not None else DEFAULT_GUARDS
    assert [guard.metric for guard in recipe.guards] == [guard.metric for guard in limits]
    assert recipe.decide.gate.kind == "always"


@pytest.mark.parametrize("name", OF_PAPERS)
def test_the_page_says_what_differs(name: str) -> None:
    assert len(rows()[name]["what differs from the paper"]) > 3


CORRECTING = [
    "stasc",
    "slm_verifiers",
    "self_language_feedback",
    "toolace_r",
    "self_rewarding_correction",
    "isc",
    "lemma",
    "s2r_offline",
    "evolve",
    "rlrf",
    "srt_feedback",
    "revise",
    "cycle",
    "ledex",
    "cosc",
    "start_tools",
    "self_correct",
    "s3c_math",
    "supercorrect",
    "just_say",
    "self_reinforcement",
    "still_2",
    "self_refine_it",
    "self_rationalization",
    "crest",
    "peer_counsel",
    "consistency_alignment",
    "self_contrast",
    "rspo",
    "rise_edit",
    "mote_staged",
    "scir_filter",
    "sso_data_dpo",
]


@pytest.mark.parametrize("name", CORRECTING)
def test_the_page_says_what_of_the_paper_is_not_verified(name: str) -> None:
    assert "not verified" in rows()[name]["what differs from the paper"].lower()


def test_what_all_recipes_of_papers_share_has_the_exceptions_that_the_page_names() -> None:
    full = {name for name in OF_PAPERS if RECIPES[name].train.tune.kind != "lora"}
    other = {name for name in OF_PAPERS if "gsm8k" not in str(RECIPES[name].problems.train)}
    assert (
        full == {"easy_to_hard", "easy_to_hard_voters"} and "`easy_to_hard` and `easy_to_hard_voters` train all" in PAGE
    )
    assert other == {
        "easy_to_hard",
        "easy_to_hard_voters",
        "rest_em",
        "cycle",
        "ledex",
        "cocos",
        "reflexicoder",
        "crest",
        "mote_staged",
        "peer_counsel",
        "self_rationalization",
        "ssr_zero",
    }
    assert "`rest_em` names files of MATH" in PAGE and "`crest` of CommonsenseQA" in PAGE
    assert "`cycle` and `ledex` of MBPP, as `cocos` and `reflexicoder` do" in PAGE
    assert "`self_rationalization` judged items" in PAGE
    assert "`mote_staged` of safety prompts" in PAGE and "`ssr_zero` of sentences" in PAGE


def rows_of(source: object) -> set[int]:
    """Rows of GSM8K's train file that a source takes."""
    start, limit = getattr(source, "start", 0), getattr(source, "limit", None)
    return set(range(start, start + (limit or 7473))) if "gsm8k/train" in str(source) else set()


@pytest.mark.parametrize("name", OF_PAPERS)
def test_what_is_called_unlabelled_was_shown_to_no_model_before(name: str) -> None:
    """Where no judge reads gold, the warm start, the trusted set and the examples shown are other problems."""
    recipe = RECIPES[name]
    sampled = rows_of(recipe.problems.train)
    few_shot = rows_of(recipe.generate.few_shot.source) if recipe.generate.few_shot else set()
    assert not few_shot & sampled
    if recipe.answer_judge() is None:
        for worked in recipe.warm_starts().values():
            assert not rows_of(worked.source) & sampled
        for judge in recipe.judge:
            assert not rows_of(getattr(judge, "trusted", None)) & sampled


BATCHES = {
    "scpo": 16,
    "irpo": 16,
    "self_rewarding": 16,
    "iterative_dpo": 128,
    "spin": 64,
    "dice": 32,
    "b_star": 128,
    "iterative_rft": 128,
    "online_rft": 128,
    "star": 8,
}


@pytest.mark.parametrize("name", BATCHES)
def test_batches_are_the_papers(name: str) -> None:
    train = RECIPES[name].train
    assert train.batch_size * train.gradient_accumulation == BATCHES[name]


@pytest.mark.parametrize("name", ["b_star", "iterative_rft", "online_rft"])
def test_the_loops_of_b_star_begin_after_the_first_of_three_sft_epochs(name: str) -> None:
    warm_start = RECIPES[name].warm_start
    assert warm_start is not None and (warm_start.epochs, warm_start.stop_epochs) == (3, 1)


def test_single_values_of_papers() -> None:
    assert RECIPES["iterative_rft"].train.warmup_share == 0
    assert (RECIPES["dice"].train.schedule, RECIPES["dice"].train.warmup_share) == ("constant", 0)
    (window,) = (part for part in RECIPES["dice"].select if part.kind == "length")
    assert (window.min_chars, window.max_chars) == (3, 6700)
    spin = RECIPES["spin"].train
    assert (spin.optimizer, spin.schedule, spin.warmup_share, spin.epochs) == ("rmsprop", "linear", 0.1, 6)
    assert RECIPES["spin"].generate.max_tokens == 256
    assert RECIPES["self_rewarding"].train.tune.dropout == 0.1  # type: ignore[union-attr]
    assert RECIPES["irpo"].warm_start is None
    shown = {name: recipe.generate.few_shot for name, recipe in RECIPES.items() if recipe.generate.few_shot}
    assert {name: (few.count, few.rounds) for name, few in shown.items()} == {
        "rest_em": (4, 1), "star": (8, None), "lmsi": (8, None),
    }  # fmt: skip
