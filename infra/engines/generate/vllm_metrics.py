"""What vLLM counts while it works, as metrics of a run: how full its memory was. Used by `vllm_runner.py` and the pool.

Where the cache of keys and values is too small for the sequences that are decoded together, some are put off and
computed anew. Their texts are right all the same, and only time tells; so does this.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

PREEMPTED = "generator_preempted"
"""times that a text was put off for want of memory, and begun anew"""
PROMPT_TOKENS, CACHED_TOKENS = "generator_prompt_tokens", "generator_cached_tokens"
"""tokens of prompts, and those of them that were in the cache: beginnings that prompts have in common"""
NAMES = {
    "vllm:num_preemptions": PREEMPTED,
    "vllm:prefix_cache_queries": PROMPT_TOKENS,
    "vllm:prefix_cache_hits": CACHED_TOKENS,
}
MANY = 0.1
"""of the texts of one call: where more were put off, somebody should know"""


def used(metrics: Iterable[Any]) -> dict[str, float]:
    """Sums since the engine was loaded, by our names.

    Args:
        metrics: what `vllm.LLM.get_metrics` gives: several of one name where the engine has several parts.
    """
    found: dict[str, float] = {}
    for metric in metrics:
        if metric.name in NAMES:
            name = NAMES[metric.name]
            found[name] = found.get(name, 0) + metric.value
    return found


def words_of(used: Mapping[str, float], num_texts: int) -> str:
    """What to tell whoever runs the engine about the texts of one call; empty where all is well."""
    num = used.get(PREEMPTED, 0)
    if num <= MANY * num_texts:
        return ""
    return (
        f"vLLM put off {num:,.0f} of {num_texts:,} texts for want of memory for keys and values, and "
        "computed them anew: write a smaller engine.max_num_seqs, or give it more memory "
        "(engine.gpu_memory_utilization, tensor_parallel_size; on a CPU cpu_kv_cache_gib)"
    )
