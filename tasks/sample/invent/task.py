"""Prefect task of the invent stage: the model writes the round's problems from examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from configs.errors import NoDataError
from tasks.core.bench import Workbench
from tasks.core.files import TRAIN_SET
from tasks.core.prompts import read_prompt
from tasks.core.records import Message, Problem
from tasks.core.refs import ModelRef, StepRef
from tasks.core.roles import policy_answerer
from tasks.core.scratch import Scratch
from tasks.core.stage_task import stage_task
from tasks.core.step import Summary
from tasks.sample.drive import Partners, drive
from tasks.sample.episode import POLICY
from tasks.sample.invent.stage import INVENT
from tasks.sample.samplers.invented import Invented
from tasks.sample.samples import copy_held_out

NO_PROBLEM = Problem("invent", ())
"""what the one episode is about: problems are what comes out"""


@stage_task(INVENT)
def invent(bench: Workbench, round: int, model: ModelRef, problems: StepRef, earlier: Sequence[StepRef]) -> StepRef:
    """The round's problems as `train.parquet`, beside copies of the held-out sets.

    Args:
        earlier: the problems that rounds before wrote; some of them serve as examples, and none is written twice.

    Raises:
        NoDataError: the filters left nothing.
    """
    config = bench.recipe.invent
    assert config is not None, "the flow asks for it only where the recipe has it"
    prompt = read_prompt(config.prompt, bench.base_dir)
    spec = INVENT.spec(bench.recipe, bench.contents, round, {"model": model, "problems": problems, "earlier": earlier})
    ledger = bench.ledger

    def produce(scratch: Scratch) -> Summary:
        seeds = _texts(TRAIN_SET.read(ledger, problems))
        own = [text for step in earlier for text in _texts(TRAIN_SET.read(ledger, step))]
        sampler = Invented(config, prompt, seeds, own)
        partners = Partners(scratch.answers, {POLICY: policy_answerer(bench, model)})
        (written,) = drive(sampler, [NO_PROBLEM], partners, spec.seed or 0)
        numbers = sampler.numbers(written)
        if not written.kept:
            refused = ", ".join(f"{name} {count}" for name, count in Counter(written.refused).items())
            raise NoDataError(
                f"round {round}: of {written.num_drawn} problems that {model.name} wrote none passed the filters "
                f"({refused or 'all were truncated'})",
                "read invent.pattern, or widen invent.max_rouge, min_chars, max_chars and max_tokens",
            )
        rows = [Problem(f"own-{round}-{n}", (Message("user", text),)) for n, text in enumerate(written.kept)]
        TRAIN_SET.write(scratch.out, rows)
        copy_held_out(ledger, problems, scratch.out)
        return {**numbers}

    return bench.step(spec, produce)


def _texts(problems: Iterable[Problem]) -> list[str]:
    return [problem.messages[-1].content for problem in problems]
