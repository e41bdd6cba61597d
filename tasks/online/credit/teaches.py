"""Whether a group teaches anything: else it is flat, and others are drawn in its place. Step 8 of credit."""

from __future__ import annotations

from collections import defaultdict

from configs.schema.online.credit import WITHOUT_GROUP, SettledCredit
from configs.schema.online.objectives import Nft, OnlineObjective, Ppo, Raft, Sdpo
from tasks.online.credit.assign import Judged
from tasks.online.credit.numbers import SAME, are_flat, known
from tasks.online.credit.unit import units_of


def teaches(credit: SettledCredit, objective: OnlineObjective, group: Judged) -> bool:
    """Whether two units that are compared have returns further apart than 1e-8. Where groups are compared with others
    (`group_by` without fork) one return is enough.

    With a baseline of the past, or none, one return that is not at 0 is enough; for raft a best episode that is good;
    for nft right episodes beside wrong ones; for sdpo an episode that succeeded; for ppo any return. Missing returns
    teach nothing.
    """
    units = [
        unit for rewarded in group.episodes for unit in units_of(group.fork, rewarded, rewarded.rewards, credit, wave=0)
    ]
    values = [unit.value for unit in units]
    there = known(values)
    if isinstance(objective, Raft):
        return bool(there) and max(there) > objective.least
    if isinstance(objective, Nft):
        return len({value > 0 for value in there}) == 2
    if isinstance(objective, Sdpo):
        return len(values) > 1 and any(value >= objective.success for value in there)
    if isinstance(objective, Ppo):
        return bool(there)
    if credit.baseline in WITHOUT_GROUP:
        return bool(there) and (credit.baseline != "none" or max(map(abs, there)) > SAME)
    if credit.baseline == "first_turn_mean":
        return not are_flat([*values, *(unit.first for unit in units)])
    if "fork" not in credit.group_by:
        return bool(there)
    compared: dict[tuple[str, ...], list[float | None]] = defaultdict(list)
    for unit in units:
        compared[unit.key].append(unit.value)
    return any(not are_flat(returns) for returns in compared.values())
