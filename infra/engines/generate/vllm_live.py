"""Generation with vLLM, whose weights follow a training. Loaded by `session_program.py`.

An adapter is hot-loaded from its file, under the number and the path of its wave: vLLM knows what it computed before by
the adapter's name, so that one name for two adapters would read the cache of the first. Whole weights are reloaded in
place, and what was computed with those before is forgotten.
"""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from configs.schema.engine import VllmEngine
from infra.engines.generate.vllm_runner import VllmRunner
from infra.engines.live_weights import Follows, LiveWeights
from infra.engines.models.model_files import ModelFiles
from infra.engines.models.probe import read_probe


class LiveVllmRunner(VllmRunner):
    """See `runner.LiveRunner`."""

    def __init__(self, settings: VllmEngine, model: ModelFiles, scratch: Path, follows: Follows) -> None:
        from vllm.config.lora import MaxLoRARanks
        from vllm.lora.request import LoRARequest

        self._request, self._follows = LoRARequest, follows
        options = {}
        if follows.rank:
            options = {"enable_lora": True, "max_loras": 1, "max_lora_rank": _at_least(follows.rank, MaxLoRARanks)}
        super().__init__(settings, model, scratch, with_tokens=True, **options)

    def follow(self, weights: LiveWeights) -> None:
        if self._follows.rank:
            before, self._adapter = self._adapter, self._request(weights.name, weights.number + 1, str(weights.path))
            if before is not None:
                self._engine.remove_lora(before.lora_int_id)
            self._engine.add_lora(self._adapter)
        else:
            self._engine.collective_rpc("reload_weights", kwargs={"weights_path": str(weights.path)})
            is_empty = self._engine.reset_prefix_cache()
            assert is_empty, "nothing is under way"
        probe = read_probe(weights.files(self._files))
        assert probe is not None, "the learner leaves one"
        self._check(probe, f"in vllm, with the weights of {weights.name},")


def load(settings: VllmEngine, model: ModelFiles, scratch: Path, follows: Follows) -> LiveVllmRunner:
    """Called by the session program."""
    return LiveVllmRunner(settings, model, scratch, follows)


def _at_least(rank: int, ranks: object) -> int:
    """The smallest of vLLM's own ranks that holds an adapter's; the adapter's where none does, which vLLM refuses."""
    return min((one for one in get_args(ranks) if one >= rank), default=rank)
