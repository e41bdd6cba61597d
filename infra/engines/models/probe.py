"""A model is what it was: a short text keeps its log-probability through merging, writing, loading and moving.

    probe = measure(model, tokens, dtype)     when the trainer ends, with the adapter in place
    write_probe(probe, folder)                beside the weights, and published with them
    check_probe(read_probe(folder), ...)      wherever they are loaded again, by any engine

A wrong merge, a tied weight that was changed twice, weights that a library did not read: each makes another model, whose
texts look like texts. Used inside engine programs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from configs.errors import EngineError

PROBE_FILE = "probe.json"
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
    """What a causal language model, in evaluation mode, says of a text: its first tokens, 2 or more."""
    import torch

    text = tuple(tokens[:NUM_TOKENS])
    ids = torch.tensor([text], device=next(model.parameters()).device)
    with torch.inference_mode():
        scores = model(input_ids=ids, use_cache=False).logits[0, :-1].float().log_softmax(-1)
    found = scores.gather(1, ids[0, 1:, None])[:, 0].tolist()
    return Probe(text, tuple(round(value, 5) for value in found), dtype)


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
            f"{then:.3f} and has {now:.3f} (per token they differ by {difference / len(after):.3g}, and {dtype} explains "
            f"{tolerance * size / len(after):.2g})",
            "nothing that it would write or score could be believed: see that the same versions of transformers and peft "
            "train and load, and that the base is the one that was trained; or train other layers (tune.target_modules)",
        )


def write_probe(probe: Probe, folder: Path) -> None:
    """Leave a probe beside the weights that it was measured with."""
    (folder / PROBE_FILE).write_text(json.dumps(asdict(probe)) + "\n", encoding="utf-8")


def read_probe(folder: Path) -> Probe | None:
    """The probe that lies beside weights; None where there is none: they come from elsewhere."""
    path = folder / PROBE_FILE
    if not path.exists():
        return None
    row = json.loads(path.read_text(encoding="utf-8"))
    return Probe(tuple(row["tokens"]), tuple(row["logprobs"]), row["dtype"])


def coarser(*dtypes: str) -> str:
    """The number format with the larger tolerance."""
    return max(dtypes, key=TOLERANCES.__getitem__)
