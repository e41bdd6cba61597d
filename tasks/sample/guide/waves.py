"""Guided tries in waves: one try of every open problem, judged before the next wave is planned.

Called by `run.py`. What was drawn and judged is found again after a kill (`tasks/core/answers.py`), so that the
waves go on where they were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from configs.schema.generate import Guide, Sampling
from infra.engines.wire import Completion, Request
from tasks.core.answers import Answerer, Answers
from tasks.core.records import Label, Sample, Verdict
from tasks.core.step import derive_seed
from tasks.sample.guide.help import DRAWS, Ask
from tasks.sample.guide.plan import Standing, still_open


@dataclass
class Tries:
    """Guided samples of each problem in order, each with the first judge's verdict."""

    samples: dict[str, list[Sample]] = field(default_factory=dict)
    verdicts: dict[str, list[Verdict]] = field(default_factory=dict)

    def add(self, samples: Iterable[Sample], verdicts: Iterable[Verdict]) -> None:
        """One wave; its verdicts lie in the order of its samples."""
        for sample, verdict in zip(samples, verdicts, strict=True):
            assert sample.id == verdict.sample_id, f"verdict on {verdict.sample_id} where {sample.id} was judged"
            self.samples.setdefault(sample.problem_id, []).append(sample)
            self.verdicts.setdefault(sample.problem_id, []).append(verdict)

    def outcomes(self) -> dict[str, list[bool]]:
        """Whether each try was correct, by problem id."""
        return {key: [row.label == Label.CORRECT for row in rows] for key, rows in self.verdicts.items()}


def run_waves(
    standing: Sequence[Standing],
    config: Guide,
    draw: Callable[[int, Sequence[Standing]], list[Sample]],
    judge: Callable[[list[Sample]], list[Verdict]],
) -> Tries:
    """Wave after wave until no problem is open.

    Args:
        draw: the number of a wave and its problems to one try of each, in their order.
        judge: one verdict of the first judge for each try, in their order.
    """
    tries = Tries()
    for wave in range(config.max_extra):
        open_now = still_open(standing, tries.outcomes(), config)
        if not open_now:
            break
        samples = draw(wave, open_now)
        tries.add(samples, judge(samples))
    return tries


def draw_texts(
    answers: Answers, who: Answerer, sampling: Sampling, asks: Mapping[str, Ask], num_samples: int, seed: int, note: str
) -> dict[str, tuple[Completion, ...]]:
    """`num_samples` completions of each chat, by its key, in order of the draw.

    Args:
        seed: of the draw; each chat's own comes from it and from its key.
        note: for the progress shown.
    """
    requests = (Request(key, _chat(ask), num_samples, ask.prefix, derive_seed(seed, key)) for key, ask in asks.items())
    found = answers.ask(who, sampling, requests, len(asks) * num_samples, note)
    return {request.id: completions for request, completions in found}


def to_sample(standing: Standing, wave: int, ask: Ask, completion: Completion, kind: str, model: str) -> Sample:
    """A guided try as a sample of the original problem.

    The log-probability is kept where the chat is the original one; under a chat with help it is that of other text.
    """
    index = standing.num_samples + wave
    return Sample(
        id=f"{standing.problem_id}/g{index}",
        problem_id=standing.problem_id,
        index=index,
        text=ask.prefix + completion.text,
        finish_reason=completion.finish_reason,
        num_tokens=completion.num_tokens,
        logprob=completion.logprob if kind == "state_reset" else None,
        model=model,
        parent_id=standing.failed.id if standing.failed and kind == "interactive" else None,
        draw=DRAWS[kind],
        prefix=ask.prefix,
        messages=() if kind == "state_reset" else ask.messages,
        privileged=True,
    )


def _chat(ask: Ask) -> tuple[tuple[str, str], ...]:
    return tuple((message.role, message.content) for message in ask.messages)
