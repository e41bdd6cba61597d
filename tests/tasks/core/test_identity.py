"""Whatever is written in a recipe makes some step new, or is marked; what a file holds counts, not its name."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from configs.errors import RecipeError
from configs.schema.benchmarks import TASK_FILES
from configs.schema.load import check_recipe
from configs.schema.marks import OUTSIDE, Content, Mark
from configs.schema.pair_options import PairOptions
from configs.schema.recipe import Recipe
from tasks.core import records
from tasks.core.contents import READERS
from tasks.core.prompts import FOLDER
from tests.configs.leaves import Leaf, alternatives, leaves, with_value
from tests.configs.recipes import FURTHER, NAMES, recipe
from tests.tasks.core.walk import keys_of, makes_new_step, write, write_world

# No other value may stand there alone: another part of the recipe has to change with it. Options of pairs are fields of
# one class, and tried with the kind best_vs_worst.
ONE_VALUE = {
    "ProvenanceJudge.by", "ProvenanceJudge.kind", "ProvenanceJudge.name",
    "AnswerJudge.kind", "Balance.kind", "Dpo.label_smoothing", "EmbeddingEngine.kind",
    "EmbeddingJudge.kind", "EmbeddingJudge.name", "EndpointEngine.kind", "Guard.window", "ImportanceJudge.kind",
    "LengthTerm.gate", "Online.fork", "ExpressionWhere.kind", "MixturePart.share", "PythonWhere.kind",
    *(f"Problems.{name}" for name in ("train", "select", "report", "source", "shares")),
    *(f"Shares.{name}" for name in ("train", "select", "report")),
    "Online.group_size", "ReinforcePp.kl_weight", "ReinforcePp.kl_weight_by_turn", "Recipe.online",
    *(f"{term}Term.gates" for term in ("Format", "Judge", "Kl", "Length", "Progress", "TurnCount",
                                        "VerdictMatch")),
    "ControlGroupTerm.gates", "ControlGroupTerm.of", "EditGenerate.few_shot", "Sdpo.kind", "VoteJudge.electorate",
    *(f"DerivedCopies.{name}" for name in ("kind", "part", "stream")), "DerivedVerdicts.weight",
    *(f"InlineGenerate.{name}" for name in ("few_shot", "interpreter", "ladder", "num_problems", "num_samples")),
    "InlineGenerate.repetition",
    *(f"Online.{name}" for name in ("control", "derived", "moving", "starts")),
    "Guard.meanwhile", "Rloo.kl_weight", "Rloo.kl_weight_by_turn",
    "ImportanceJudge.name", "IndependentGenerate.kind", "Kto.kind", "MetaJudge.judge", "MostVsLeastVoted.judge",
    "OfflinePg.kind", "PairwiseJudge.kind", "RankConsistency.judges", "Recipe.pair", "RewardEngine.kind", "Role.like",
    "Role.model", "TrajectoryRow.kind",
    "RoleTraining.pair", "StopOrGo.kind", "CombineJudge.kind",
    "CombineJudge.name", "TinyLlama.kind", "WinRateJudge.by", "WinRateJudge.kind", "WinRateJudge.name",
    "DerivedVerdicts.kind", "EmbeddingJudge.against", "LikenessTerm.gates", "LossByPart.action", "PrefixGenerate.kind",
    "Sampler.url", "Siblings.by_writer", *(f"{judge}Judge.every" for judge in (
        "Embedding", "Implicit", "Importance", "Likelihood", "Pairwise", "Probe", "RewardModel")),
    "MixtureSet.share", "BestVsWorst.soft_label", "Judgements.cut", "Judgements.judge",
    *(f"{pair}.{option}" for option in PairOptions.model_fields for pair in (
        "GoldVsSample", "Judgements", "MostVsLeastVoted", "Revision", "RightVsWrong", "ShortestBestLongestWorst",
        "Siblings", "StopOrGo")),
}  # fmt: skip


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the recipe's relative paths begin at."""
    write_world(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path / "packages")
    return tmp_path


def changes(own: Recipe, leaf: Leaf, world: Path, keys: set[str]) -> bool | None:
    """Whether some other value there makes a step new; None where there is no other value that can run."""
    answer = None
    for other in alternatives(own, leaf):
        try:
            answer = makes_new_step(other, world, keys)
        except RecipeError:
            continue
        if answer:  # else the value may be what another field says by default: a role's engine is the policy's
            break
    return answer


def is_end(own: Recipe, leaf: Leaf) -> bool:
    """Whether it says how long the last phase lasts: where no phase comes after it, `rounds.max` alone ends it."""
    return leaf.path[:2] == ("phases", len(own.phases) - 1) and leaf.path[2] == "rounds" and own.rounds.cycles == 1


@pytest.mark.parametrize("name", NAMES)
def test_every_value_makes_some_step_new_or_is_marked(name: str, world: Path) -> None:
    own = recipe(name)
    keys = set(keys_of(own, world))
    told = [leaf for leaf in leaves(own) if leaf.mark is None and not is_end(own, leaf)]
    silent = [leaf for leaf in told if changes(own, leaf, world, keys) is False]
    assert not silent


def test_no_value_is_left_untried() -> None:
    waiting: dict[str, list[tuple[Recipe, Leaf]]] = {}
    for own in map(recipe, NAMES):
        for leaf in leaves(own):
            if not isinstance(leaf.mark, Content):
                waiting.setdefault(leaf.field, []).append((own, leaf))
    untried = {field for field, places in waiting.items() if not any(any(alternatives(*place)) for place in places)}
    assert untried <= ONE_VALUE


@pytest.mark.parametrize("name", NAMES)
def test_where_it_runs_and_how_long_it_goes_on_makes_no_step_new(name: str, world: Path) -> None:
    own = other = recipe(name)
    planned = {"rounds.max"} if own.train.carries_optimizer else set()
    for leaf in leaves(own):
        if isinstance(leaf.mark, Mark) and leaf.address not in planned:
            other = next(alternatives(other, leaf), other)
    assert other.engine != own.engine and other.decide != own.decide
    assert set(keys_of(other, world)) == set(keys_of(own, world))


def test_a_schedule_planned_over_all_rounds_makes_their_number_part_of_the_training(world: Path) -> None:
    own = recipe("online_rft")
    other = check_recipe(with_value(own, ("rounds", "max"), own.rounds.max + 1))
    new = set(keys_of(other, world)) - set(keys_of(own, world))
    specs = keys_of(other, world)
    assert min(specs[key].round for key in new) == 1 and {specs[key].stage for key in new} >= {"train"}
    assert "generate" not in {specs[key].stage for key in new if specs[key].round == 1}


def outside_leaves(own: Recipe) -> Iterator[Leaf]:
    """Those that name something outside of the experiment, as a file or folder."""
    for leaf in leaves(own):
        if not isinstance(leaf.mark, Content) or leaf.mark.names not in OUTSIDE - {"version"} or leaf.value is None:
            continue
        if leaf.mark.names != "task" or leaf.value.endswith(TASK_FILES):
            yield leaf


def place_of(leaf: Leaf, world: Path) -> Path:
    """What a leaf names, as a file or folder."""
    assert isinstance(leaf.mark, Content)
    if leaf.mark.names == "object":
        return world / "store" / leaf.value
    if leaf.mark.names == "prompt" and not leaf.value.endswith(".j2"):
        return FOLDER / f"{leaf.value}.j2"
    if leaf.value.startswith("package:"):
        return world / "packages" / leaf.value.removeprefix("package:") / "weights.gguf"
    return world / leaf.value.removesuffix(":score")


@pytest.mark.parametrize("name", NAMES)
def test_a_file_counts_by_what_it_holds_and_not_by_its_name(name: str, world: Path) -> None:
    own = recipe(name)
    keys = set(keys_of(own, world))
    for leaf in outside_leaves(own):
        place = place_of(leaf, world)
        copy = world / "store" / "copy" if leaf.mark == Content("object") else world / f"copied{place.suffix}"
        shutil.rmtree(copy, ignore_errors=True)
        (shutil.copytree if place.is_dir() else shutil.copy)(place, copy)
        new_name = "copy" if leaf.mark == Content("object") else copy.name
        named = check_recipe(with_value(own, leaf.path, new_name + (":score" if ":score" in leaf.value else "")))
        assert named != own
        assert set(keys_of(named, world)) == keys, f"{leaf.address}: the same content under another name"
        changed = copy / "model.safetensors" if copy.is_dir() else copy
        is_prompt = leaf.mark == Content("prompt")  # which has to show what it showed
        write(changed, f"{changed.read_text()} Please." if is_prompt else "def score(problem, sample): return 0")
        assert makes_new_step(named, world, keys), f"{leaf.address}: another content"


def test_every_kind_of_outside_content_is_read_and_tested() -> None:
    named = {leaf.mark.names for own in map(recipe, NAMES) for leaf in outside_leaves(own)}  # type: ignore[union-attr]
    assert named == set(READERS) == OUTSIDE - {"version"}


def judged_by(state: str, world: Path) -> dict[int, str]:
    """Keys of the judge steps, by round, of a recipe whose policy judges in one of its states."""
    tree = FURTHER["desirable"] | {"judge": [{"kind": "answer"}, {"kind": "rubric", "frozen": state}]}
    return {spec.round: key for key, spec in keys_of(check_recipe(tree), world).items() if spec.stage == "judge"}


def test_a_state_of_the_policy_counts_by_the_model_that_it_names(world: Path) -> None:
    base, start = judged_by("base", world), judged_by("round_start", world)
    assert base[1] == start[1], "in round 1 both name the base model"
    assert base[2] != start[2]


@pytest.mark.parametrize(
    ("record", "stage"),
    [
        (records.Problem, "problems"), (records.Sample, "generate"), (records.Verdict, "judge"),
        (records.Judgement, "judge"), (records.Example, "select"), (records.Pair, "select"), (records.Drop, "select"),
        (records.ItemResult, "evaluate"),
    ],
)  # fmt: skip
def test_a_new_version_of_a_record_makes_the_steps_new_that_write_it(
    record: type, stage: str, world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = recipe("demo")
    before = keys_of(own, world)
    monkeypatch.setattr(record, "VERSION", record.VERSION + 1)  # type: ignore[attr-defined]
    first = next(spec for key, spec in keys_of(own, world).items() if key not in before and spec.stage == stage)
    old = next(spec for spec in before.values() if (spec.stage, spec.round) == (stage, first.round))
    assert {name for name in first.versions if first.versions[name] != old.versions[name]} == {
        f"record.{record.__name__}"
    }
