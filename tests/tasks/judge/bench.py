"""A workbench with a real store and real tiny models, for the slow tests of judge and meta."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from configs.schema.model import TinyLlama
from configs.schema.recipe import Recipe
from infra.store.folder import FolderStore
from tasks.core.bench import Workbench
from tasks.core.ledger import Ledger
from tasks.core.records import Message, Problem, Sample, Verdict
from tasks.core.refs import ModelRef, StepRef
from tasks.core.roles import Cast
from tasks.core.step import StepSpec
from tasks.core.tables import write_records
from tests.flows.micro import micro_recipe
from tests.tasks.judge.make import make_sample

PROMPTS = {"grade.j2": "{{ prompt }}{{ response }}: ", "compare.j2": "{{ first }} or {{ second }}? "}
ALPHABET = "0123456789+=;?: ABsor"
"""few characters, so that a random model writes digits and letters that judges are read by"""
TEXTS = ("12", "so 7", "7", "12")


def tiny_model(folder: Path, seed: int) -> ModelRef:
    """A model with random weights that depend on the seed; its context holds 200 characters."""
    from infra.engines.models.tiny_llama import write_tiny_llama

    config = TinyLlama(
        hidden_size=32, intermediate_size=64, num_layers=2, num_heads=2, max_length=200, alphabet=ALPHABET
    )
    write_tiny_llama(config, seed, folder)
    return ModelRef(name=folder.name, digest=f"{seed:064d}", external=str(folder))


def tiny_cast(folder: Path) -> Cast:
    """Two states of a policy: base, and what was trained from it."""
    base, start = tiny_model(folder / "base", 0), tiny_model(folder / "start", 1)
    return Cast(base=base, seed=None, previous=base, round_start=start, live=start)


@contextmanager
def open_bench(folder: Path, judges: Sequence[dict[str, Any]], **sections: Any) -> Iterator[Workbench]:
    """A workbench of the micro recipe with these judges; what it publishes stays in the folder."""
    for name, text in PROMPTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    changes = {"judge": list(judges), "evaluate": {"verifier": {"kind": "number"}}, **sections}
    recipe = Recipe.model_validate(micro_recipe(**changes))
    ledger = Ledger(FolderStore(folder / "store"), folder / "work", {})
    with Workbench(recipe, ledger, folder) as bench:
        yield bench


def make_problems(count: int) -> list[Problem]:
    return [
        Problem(f"p{number}", (Message("user", f"{number}+{number}="),), str(2 * number)) for number in range(count)
    ]


def make_samples(problems: Sequence[Problem], texts: Sequence[str] = TEXTS) -> list[Sample]:
    """The same texts for every problem; the last sample is truncated."""
    return [
        make_sample(text, problem.id, index, is_truncated=index == len(texts) - 1)
        for problem in problems
        for index, text in enumerate(texts)
    ]


def publish(bench: Workbench, stage: str, **tables: Sequence[Any]) -> StepRef:
    """A step with these tables, by file name without suffix."""
    kinds = {"train": Problem, "select": Problem, "report": Problem, "verdicts": Verdict}
    spec = StepSpec(bench.recipe.name, stage, 1, {"tables": sorted(tables)})
    with bench.ledger.scratch(spec) as folder:
        for name, rows in tables.items():
            write_records(folder / f"{name}.parquet", kinds.get(name, Sample), rows)
        return bench.ledger.publish(spec, folder, {}, 0.0)


def publish_round(bench: Workbench, num_problems: int = 3) -> tuple[StepRef, StepRef]:
    """Samples and problems of a round."""
    problems = make_problems(num_problems + 2)
    train, held_out = problems[:-2], problems[-2:]
    steps = publish(bench, "problems", train=train, select=held_out[:1], report=held_out[1:])
    return publish(bench, "generate", **{"shard-00000": make_samples(train)}), steps
