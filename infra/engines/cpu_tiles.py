"""Tiles of a processor (AMX), for vLLM on a CPU: it computes attention in bfloat16 with them where there are some.

A process has to ask the kernel for them first, and vLLM leaves that to whatever multiplies matrices before. Where
nothing did, its process ends by an illegal instruction.
"""

from __future__ import annotations

import torch


def ask_for_tiles() -> None:
    """Let this process, and forks of it, use tiles; nothing where there are none."""
    if torch.cpu._is_amx_tile_supported():
        torch.cpu._init_amx()


class WithTiles:
    """What a worker of vLLM's server is extended by: importing this is all."""


ask_for_tiles()
