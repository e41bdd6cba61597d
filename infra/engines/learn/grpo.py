"""TRL's GRPOTrainer without its vLLM, which it imports wherever it is installed: six seconds, and threads that a fork
would not have. Here the learner draws itself.

Import the trainer from here, and import this before anything else of TRL's GRPO.
"""

from __future__ import annotations

from trl import import_utils

_is_available = import_utils.is_vllm_available
import_utils.is_vllm_available = lambda *_, **__: False
try:
    from trl.trainer.grpo_config import GRPOConfig
    from trl.trainer.grpo_trainer import GRPOTrainer
finally:
    import_utils.is_vllm_available = _is_available

__all__ = ["GRPOConfig", "GRPOTrainer"]
