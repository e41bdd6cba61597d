"""Every reward term by its `kind`, which is the name of its file in this folder."""

from __future__ import annotations

from configs.schema.kinds import load_kinds
from configs.schema.online.rewards import RewardTerm
from tasks.online.rewards.term import Values

KINDS: dict[str, Values] = load_kinds(RewardTerm, "tasks.online.rewards", "values")
