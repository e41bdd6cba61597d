"""One stage on files, without store or Prefect: what `selfloop stage` does. Reads and writes the tables of
`tasks/core/records`."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from configs.errors import EngineError, UserError
from configs.schema.recipe import Recipe
from flows.report.terminal import Terminal
from infra.engines.errand import Here
from infra.engines.models.loadable import ModelSource
from infra.store.files import sha256_of
from infra.store.folder import FolderStore
from tasks.core.answers import Answers
from tasks.core.bench import Workbench
from tasks.core.files import DROPS, HELD_OUT, ITEMS, answers_among
from tasks.core.ledger import Ledger
from tasks.core.missing import MissingTally, limit_of
from tasks.core.models import States
from tasks.core.records import Problem, Sample, Verdict
from tasks.core.refs import ModelRef
from tasks.core.roles import Cast, policy_answerer
from tasks.core.scratch import Scratch
from tasks.core.step import Summary
from tasks.core.tables import read_records, write_records
from tasks.evaluate.correction.reviser import reviser_of
from tasks.evaluate.whole import evaluate_model
from tasks.judge.summary import JudgeSummary
from tasks.judge.verdicts import judge_samples
from tasks.judge.world import World
from tasks.learn.base_task import prepare_base_model
from tasks.learn.devices import cluster_needs
from tasks.learn.rows import ROW_KINDS, write_rows
from tasks.learn.run import Phase, train_model
from tasks.sample.drive import AskJudge, Partners, drive
from tasks.sample.episode import POLICY
from tasks.sample.partners import tool_of
from tasks.sample.problems.run import FEW_SHOT, read_sets
from tasks.sample.samplers.given import Given
from tasks.sample.samplers.registry import make_sampler
from tasks.sample.shots import NO_SHOTS, Shots
from tasks.select.defaults import judgements_read
from tasks.select.filters.filter import Draw
from tasks.select.join import open_groups
from tasks.select.rows.formats import read_formats, with_examples
from tasks.select.rows.tables import rows_file, write_selection


@dataclass(frozen=True)
class Files:
    """What the command line names; `source` is --in."""

    out: Path
    source: Path | None = None
    verdicts: Path | None = None
    model: Path | None = None

    def needed_source(self, holds: str) -> Path:
        """--in, or an error that says what it must hold."""
        if self.source is None:
            raise UserError(f"this stage reads {holds}, and --in is missing", "add --in FILE")
        return self.source


def run_stage(name: str, recipe: Recipe, files: Files) -> Summary:
    """Run one stage; returns its numbers.

    Raises:
        UserError: there is no such stage, a file is missing or of another kind, or an engine is at home elsewhere.
    """
    if name not in STAGES:
        raise UserError(f"there is no stage '{name}' to run on files", f"write one of {', '.join(STAGES)}")
    if cluster_needs(recipe):
        fix = "write hosts: local for the recipe's engines: --set engine.hosts=local"
        raise UserError("a stage on files runs on this machine, and engine.hosts says ray", fix)
    for path in (files.source, files.verdicts, files.model):
        if path is not None and not path.exists():
            raise UserError(f"there is no {path}", "correct the path")
    files.out.parent.mkdir(parents=True, exist_ok=True)
    with _work_folder() as folder, Terminal().stage(name) as progress:
        ledger = Ledger(FolderStore(folder / "store"), folder / "work", {})
        with Workbench(recipe, ledger, Path()) as bench:
            missing = MissingTally(limit_of(recipe.guards), name)
            place, shard_size = f"{recipe.name}/{name}", recipe.generate.shard_size
            answers = Answers(ledger, place, shard_size, progress, bench.contents, missing)
            scratch = Scratch(folder / "out", folder / "scratch", progress, answers)
            scratch.out.mkdir()
            scratch.work.mkdir()
            summary = STAGES[name](bench, files, scratch)
            missing.check()
            return {**summary, **missing.summary(name)}


@contextmanager
def _work_folder() -> Iterator[Path]:
    """A folder that goes at the end, unless an engine failed: its message names a log that lies there."""
    folder = Path(tempfile.mkdtemp(prefix="selfloop-stage-"))
    try:
        yield folder
    except EngineError:
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


def _generate(bench: Workbench, files: Files, scratch: Scratch) -> Summary:
    config = bench.recipe.generate
    if config.kind != "independent":
        raise UserError(f"generate.kind {config.kind} asks more than once, and needs a whole round", "use selfloop run")
    if config.writers:
        raise UserError(f"generate.draws asks {config.writers[0].name}, and needs a whole round", "use selfloop run")
    problems = list(read_records(files.source, Problem)) if files.source else read_sets(bench)["train"]
    shots = Shots(tuple(read_sets(bench)[FEW_SHOT]), config.few_shot.count) if config.few_shot else NO_SHOTS
    model = _model(bench, files)
    policy = {POLICY: policy_answerer(bench, model)}
    partners = Partners(scratch.answers, policy, _by_rule(scratch.answers), tool=tool_of(bench.recipe))
    sampler = make_sampler(Given(bench.recipe, model.digest))
    episodes = shots.put_back(drive(sampler, shots.shown(problems), partners, bench.recipe.seed))
    samples = (sample for episode in episodes for sample in episode.nodes)
    return {"num_problems": len(problems), "num_samples": write_records(files.out, Sample, samples)}


def _by_rule(answers: Answers) -> AskJudge:
    """A judge by rule, as draws in waves ask it."""
    return lambda judge, samples, problems: judge_samples(samples, [judge], World(problems, answers=answers))


def _judge(bench: Workbench, files: Files, scratch: Scratch) -> Summary:
    """Where a judge asks a model, --model plays every state of the policy."""
    recipe, samples = bench.recipe, _Answers(files.needed_source("samples"))
    problems = {problem.id: problem for problem in read_sets(bench)["train"]}
    world = World(problems, seed=recipe.seed, answers=scratch.answers)
    if any(judge.passes for judge in recipe.judge):
        world = replace(world, bench=bench, cast=_cast(bench, _model(bench, files)))
    counts = JudgeSummary.of(recipe.judge)
    write_records(files.out, Verdict, counts.watch(judge_samples(samples, recipe.judge, world)))
    return {**counts.numbers()}


@dataclass(frozen=True)
class _Answers:
    """The answers in a file of samples, read anew each time."""

    path: Path

    def __iter__(self) -> Iterator[Sample]:
        return answers_among(read_records(self.path, Sample))


def _select(bench: Workbench, files: Files, scratch: Scratch) -> Summary:
    path, verdicts, recipe = files.needed_source("samples"), files.verdicts, bench.recipe
    if verdicts is None:
        raise UserError("select reads samples and verdicts, and --verdicts is missing", "add --verdicts FILE")
    if names := judgements_read(recipe):
        raise UserError(
            f"pair: judgements of '{names[0]}' are set against each other, and no file holds them",
            "run the recipe, whose judge step keeps them, or select on files with another kind of pair",
        )
    problems = {problem.id: problem for problem in read_sets(bench)["train"]}
    groups = open_groups(
        [lambda: (read_records(path, Sample), read_records(verdicts, Verdict))],
        problems,
        [judge.name for judge in recipe.judge],
    )
    formats = with_examples(read_formats(recipe.train.formats, bench.base_dir), problems.values())
    numbers = write_selection(scratch.out, groups, recipe, Draw(recipe.seed, 0), formats)
    shutil.move(scratch.out / rows_file(recipe).name, files.out)
    shutil.move(scratch.out / DROPS.name, files.out.with_suffix(".drops.parquet"))
    return {**numbers}


def _train(bench: Workbench, files: Files, scratch: Scratch) -> Summary:
    settings, rows = bench.recipe.train, scratch.work / "rows.jsonl"
    objective, kind = settings.objective, ROW_KINDS[settings.objective.rows]
    records: Iterator[Any] = read_records(files.needed_source(Path(kind.table.name).stem), kind.table.record)
    write_rows(rows, map(kind.write, records))
    model = _model(bench, files)
    start = bench.source(lambda: model)
    reference = start if objective.needs_reference else None
    phase = Phase(
        "train", start, model.name, settings, settings.offline_objective, bench.recipe.seed, reference,
        further_references=_further_references(bench),
    )  # fmt: skip
    summary = train_model(phase, rows, scratch, Here())
    shutil.move(scratch.out, files.out)
    return summary


def _further_references(bench: Workbench) -> dict[str, ModelSource]:
    """The base, where the objective compares with it."""
    names = bench.recipe.train.objective.further_references
    if "seed" in names:
        raise UserError(
            "train.objective.regularise: 'seed' is the model of the warm start, and files name none",
            "write reference: base to train on files, or run the recipe",
        )
    return {name: bench.source(lambda: prepare_base_model(bench, 0)) for name in names}


def _evaluate(bench: Workbench, files: Files, scratch: Scratch) -> Summary:
    """Chains of problems that are revised lie beside --out, `OUT.chains_SUITE.parquet`, with what the verifier says."""
    sets = read_sets(bench)
    suites = {suite: sets[suite] for suite in HELD_OUT}
    model = _model(bench, files)
    cast = _cast(bench, model)
    reviser = reviser_of(bench, model, cast)
    numbers = evaluate_model(bench, model, cast, reviser, suites, scratch.answers, scratch.out, bench.recipe.seed)
    shutil.move(scratch.out / ITEMS.name, files.out)
    for made in sorted(scratch.out.iterdir()):
        shutil.move(made, files.out.with_suffix(f".{made.name}"))
    return numbers


STAGES: dict[str, Callable[[Workbench, Files, Scratch], Summary]] = {
    "generate": _generate,
    "judge": _judge,
    "select": _select,
    "train": _train,
    "evaluate": _evaluate,
}


def _cast(bench: Workbench, model: ModelRef) -> Cast:
    """--model plays every state of the policy and of roles like it; a role with a model of its own is that model."""
    roles = bench.recipe.roles
    players = {name: model if roles[name].like == POLICY else prepare_base_model(bench, 0, learner=name)
               for name in bench.recipe.chains()}  # fmt: skip
    states = {name: _in_every_state(player) for name, player in players.items()}
    return Cast(**dict(_in_every_state(model)), roles=states)


def _in_every_state(model: ModelRef) -> States:
    return States(base=model, seed=model, previous=model, round_start=model, live=model)


def _model(bench: Workbench, files: Files) -> ModelRef:
    """--model, a folder, or the recipe's base model."""
    if files.model is None:
        return prepare_base_model(bench, 0)
    folder = files.model
    if (folder / "adapter").is_dir():
        raise UserError(f"{folder} holds an adapter alone", "merge it first: selfloop export NAME --to DIR --merged")
    weights = folder / "model" if (folder / "model").is_dir() else folder
    return ModelRef(name=folder.name, digest=sha256_of(weights / "config.json"), external=str(weights.absolute()))
