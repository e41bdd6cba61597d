"""What vLLM is asked for where nothing is drawn: log-probabilities of given tokens. Used by `vllm_runner.py`.

The choices of a question are read at one place, after the prompt: one request, whose prompt is in the cache when the
next question begins alike. Longer texts are read as the end of a prompt, at every place of which vLLM then computes
scores of its whole vocabulary, with nothing from the cache.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from infra.engines.questions import Read, Score

MAX_CHOICES = 20
"""log-probabilities that vLLM tells of one place, by its default"""


def choices(rows: Sequence[tuple[list[int], list[int]]]) -> list[dict[int, int]]:
    """Scorings that one request can ask for.

    Args:
        rows: tokens of prompt and completion; both empty for what is not asked.

    Returns:
        Places of `rows` with the same prompt and completions of one token, no token twice, with that token.
    """
    by_prompt: dict[tuple[int, ...], dict[int, int]] = {}
    for place, (prompt, completion) in enumerate(rows):
        if len(completion) == 1:
            by_prompt.setdefault(tuple(prompt), {}).setdefault(completion[0], place)
    return [
        {place: token for token, place in list(found.items())[start : start + MAX_CHOICES]}
        for found in by_prompt.values()
        for start in range(0, len(found), MAX_CHOICES)
    ]


def reading_choices(tokens: Iterable[int]) -> Any:
    """Sampling parameters that tell these tokens' log-probabilities after a prompt."""
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    watched = list(tokens)
    return SamplingParams(
        temperature=0,
        max_tokens=1,
        logprobs=len(watched),
        logprob_token_ids=watched,
        detokenize=False,
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


def reading_prompt() -> Any:
    """Sampling parameters that tell the log-probabilities of a prompt's own tokens."""
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    return SamplingParams(max_tokens=1, prompt_logprobs=0, detokenize=False, output_kind=RequestOutputKind.FINAL_ONLY)


def sum_prompt_logprobs(name: str, output: Any, start: int) -> Score:
    """The sum over the tokens from `start` on; they were given as part of a prompt."""
    tokens, entries = output.prompt_token_ids[start:], output.prompt_logprobs[start:]
    return Score(name, sum(entry[token].logprob for token, entry in zip(tokens, entries, strict=True)), len(tokens))


def read_prompt_logprobs(name: str, output: Any, start: int) -> Read:
    """As `sum_prompt_logprobs`; vLLM tells each token's rank among all."""
    score, rows = sum_prompt_logprobs(name, output, start), range(start, len(output.prompt_token_ids))
    ranks = [output.prompt_logprobs[place][output.prompt_token_ids[place]].rank for place in rows]
    return Read(name, score.logprob, all(rank == 1 for rank in ranks), score.num_tokens)
