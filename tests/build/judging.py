"""What is judged by tiny models with random weights: a bench with judges, two states of a policy, a round's samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from configs.schema.model import TinyLlama
from tasks.core.bench import Workbench
from tasks.core.records import Problem, Sample
from tasks.core.refs import ModelRef, StepRef
from tasks.core.roles import Cast
from tests.build.benches import open_bench, publish
from tests.build.records import make_problem, make_sample

PROMPTS = {"grade.j2": "{{ prompt }}{{ response }}: ", "compare.j2": "{{ first }} or {{ second }}? ",
           "probe.j2": "{{ prompt }}{{ response }}:{{ item }}"}  # fmt: skip
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
def judging_bench(folder: Path, judges: Sequence[dict[str, Any]], **sections: Any) -> Iterator[Workbench]:
    """A workbench with these judges, whose prompts lie in the folder."""
    for name, text in PROMPTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    evaluate, select = {"verifier": {"kind": "number"}}, [{"kind": "drop_truncated"}]
    changes = {"judge": list(judges), "evaluate": evaluate, "select": select, **sections}
    with open_bench(folder, **changes) as bench:
        yield bench


def make_problems(count: int) -> list[Problem]:
    """A number plus itself."""
    return [make_problem(f"p{number}", str(2 * number), f"{number}+{number}=") for number in range(count)]


def drawn_samples(problems: Sequence[Problem], texts: Sequence[str] = TEXTS) -> list[Sample]:
    """The same texts for every problem; the last sample is truncated."""
    return [
        make_sample(problem.id, index, text, is_truncated=index == len(texts) - 1)
        for problem in problems
        for index, text in enumerate(texts)
    ]


def publish_round(bench: Workbench, num_problems: int = 3) -> tuple[StepRef, StepRef]:
    """Samples and problems of a round."""
    problems = make_problems(num_problems + 2)
    train, held_out = problems[:-2], problems[-2:]
    steps = publish(bench, "problems", train=train, select=held_out[:1], report=held_out[1:])
    return publish(bench, "generate", **{"shard-00000": drawn_samples(train)}), steps
