"""Prefect task of the invent stage: the model writes the round's problems from examples."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Sequence

from configs.errors import NoDataError
from configs.schema.generate import Sampling, SelfInstruct
from infra.engines.wire import Request, Shard
from tasks.core.bench import Workbench
from tasks.core.files import HELD_OUT, TRAIN_SET
from tasks.core.prompts import read_prompt, render
from tasks.core.records import Message, Problem
from tasks.core.refs import ModelRef, StepRef
from tasks.core.scratch import Scratch
from tasks.core.stage_task import stage_task
from tasks.core.step import Summary, derive_seed
from tasks.sample.invent.filters import read_problem, refuse
from tasks.sample.invent.stage import INVENT

PROMPTS_PER_DRAW = 256


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
        writer = _Writer(config, prompt, seeds, own, spec.seed or 0)
        pool = bench.generator(model)
        while shard := writer.next_shard():
            for _, completions in pool.generate([shard]):
                writer.take([row.text for row in completions if row.finish_reason == "stop"])
            scratch.progress.update(len(writer.kept), config.num_prompts)
        if not writer.kept:
            raise NoDataError(
                f"round {round}: of {writer.num_drawn} problems that {model.name} wrote none passed the filters "
                f"({', '.join(f'{name} {count}' for name, count in writer.refused.items()) or 'all were truncated'})",
                "read invent.pattern, or widen invent.max_rouge, min_chars, max_chars and max_tokens",
            )
        rows = [Problem(f"own-{round}-{n}", (Message("user", text),)) for n, text in enumerate(writer.kept)]
        TRAIN_SET.write(scratch.out, rows)
        for table in HELD_OUT.values():
            shutil.copy(ledger.fetch(problems, table.name), scratch.out / table.name)
        refused = {f"num_invented_{name}": count for name, count in writer.refused.items()}
        return {"num_invented": len(rows), "num_invented_drawn": writer.num_drawn, **refused}

    return bench.step(spec, produce)


class _Writer:
    """Asks for problems until enough passed the filters, or the attempts are used up."""

    def __init__(self, config: SelfInstruct, prompt: str, seeds: list[str], own: list[str], seed: int) -> None:
        self.config, self.prompt, self.seed = config, prompt, seed
        self.seeds, self.own = seeds, own
        self.kept: list[str] = []
        self.refused: Counter[str] = Counter()
        self.num_drawn = 0

    def next_shard(self) -> Shard | None:
        """Requests for as many problems as are missing; None when it is enough."""
        config = self.config
        left = config.max_attempts * config.num_prompts - self.num_drawn
        number = min(config.num_prompts - len(self.kept), left, PROMPTS_PER_DRAW)
        if number <= 0:
            return None
        first = self.num_drawn
        self.num_drawn += number
        requests = tuple(self._request(first + place) for place in range(number))
        sampling = Sampling(temperature=config.temperature, top_p=config.top_p, max_tokens=config.max_tokens)
        return Shard(f"invent-{first}", requests, sampling, derive_seed(self.seed, "invent", first))

    def take(self, texts: Sequence[str]) -> None:
        """Keep what passes."""
        for text in texts:
            problem = read_problem(text, self.config.pattern)
            reason = "unreadable" if problem is None else refuse(problem, self._known(), self.config)
            if reason is not None or problem is None:
                self.refused[reason or "unreadable"] += 1
            elif len(self.kept) < self.config.num_prompts:
                self.kept.append(problem)

    def _request(self, number: int) -> Request:
        draw = random.Random(derive_seed(self.seed, "examples", number))
        own = draw.sample(self.own + self.kept, min(self.config.own_examples, len(self.own + self.kept)))
        wanted = self.config.seed_examples + self.config.own_examples - len(own)
        examples = [*draw.sample(self.seeds, min(wanted, len(self.seeds))), *own]
        draw.shuffle(examples)
        return Request(str(number), (("user", render(self.prompt, examples=examples)),))

    def _known(self) -> list[str]:
        return [*self.seeds, *self.own, *self.kept]


def _texts(problems: object) -> list[str]:
    return [problem.messages[-1].content for problem in problems]  # type: ignore[attr-defined]
