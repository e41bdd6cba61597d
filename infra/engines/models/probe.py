"""A model is what it was: a short text keeps its log-probability through merging, writing, loading and moving.

    probe = measure(model, tokens, dtype)     when the trainer ends, with the adapter in place
    write_probe(probe, folder)                beside the folder of the weights, and published with it
    check_loaded(model, files, "in training") wherever they are loaded again, by any engine

A wrong merge, a tied weight that was changed twice, weights that a library did not read: each makes another model,
whose texts look like texts. Used inside engine programs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from configs.errors import EngineError
from infra.engines.models.model_files import PROBE_FILE, ModelFiles

NUM_TOKENS = 32

TOLERANCES = {"float32": 2e-3, "float16": 2e-2, "bfloat16": 8e-2}
"""mean difference of a token's log-probability, as a share of 1 + its size: a few roundings of the number format"""


@dataclass(frozen=True)
class Probe:
    """A text's tokens and the log-probability of each but the first, natural logarithm.

    Attributes:
        dtype: the coarsest number format that the numbers went through.
    """

    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    dtype: str


def measure(model: Any, tokens: Sequence[int], dtype: str) -> Probe:
    """What a causal language model says of a text: its first tokens, 2 or more. Its mode stays as it is."""
    text = tuple(tokens[:NUM_TOKENS])
    ids = torch.tensor([text], device=next(model.parameters()).device)
    with _evaluating(model), torch.no_grad():
        scores = model(input_ids=ids, use_cache=False).logits[0, :-1].float().log_softmax(-1)
    found = scores.gather(1, ids[0, 1:, None])[:, 0].tolist()
    return Probe(text, tuple(round(value, 5) for value in found), dtype)


@contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True


def check_probe(name: str, what: str, before: Probe, after: Sequence[float], dtype: str) -> None:
    """See that a text has the log-probability that it had.

    Args:
        name: the model's, for people.
        what: was done in between, for people: "after merging".
        after: log-probabilities of the probe's tokens now.
        dtype: the number format that they were computed in.

    Raises:
        EngineError: it has another one.
    """
    size = sum(1 + abs(value) for value in before.logprobs)
    difference = sum(abs(now - then) for now, then in zip(after, before.logprobs, strict=True))
    tolerance = max(TOLERANCES[before.dtype], TOLERANCES[dtype])
    if not difference <= tolerance * size:  # also where a number is none
        then, now = sum(before.logprobs), sum(after)
        raise EngineError(
            f"model '{name}' is another one {what}: a text of {len(before.tokens)} tokens had the log-probability "
            f"{then:.3f} and has {now:.3f} (a token differs by {difference / len(after):.3g}; the number format "
            f"explains {tolerance * size / len(after):.2g})",
            "see that the same versions of transformers and peft train and load, and that the base is the one that was "
            "trained on; or train other layers (tune.target_modules)",
        )


def write_probe(probe: Probe, folder: Path) -> None:
    """Leave a probe beside the folder of the weights that it was measured with."""
    (folder / PROBE_FILE).write_text(json.dumps(asdict(probe)) + "\n", encoding="utf-8")


def read_probe(files: ModelFiles) -> Probe | None:
    """The model's probe; None where none was measured: it was not trained here."""
    if files.probe is None:
        return None
    row = json.loads(files.probe.read_text(encoding="utf-8"))
    return Probe(tuple(row["tokens"]), tuple(row["logprobs"]), row["dtype"])


def check_loaded(model: Any, files: ModelFiles, what: str, dtype: str | None = None) -> None:
    """See that a loaded model is what it was when it was trained; errors as of `check_probe`.

    Args:
        dtype: the number format that it computes in; None: that of its weights.
    """
    probe = read_probe(files)
    if probe is not None:
        dtype = dtype or name_of(next(model.parameters()).dtype)
        check_probe(files.name, what, probe, measure(model, probe.tokens, dtype).logprobs, dtype)


def name_of(dtype: Any) -> str:
    """A number format of torch by its name."""
    return str(dtype).removeprefix("torch.")


def any_tokens(vocabulary: int) -> list[int]:
    """A text for models of which nobody measured one: tokens from all over a vocabulary."""
    return [place * 7919 % vocabulary for place in range(1, NUM_TOKENS // 2)]


def coarser(*dtypes: str) -> str:
    """The number format with the larger tolerance."""
    return max(dtypes, key=TOLERANCES.__getitem__)
