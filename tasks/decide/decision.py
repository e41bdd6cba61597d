"""What a round concluded: which models are incumbent and champion from here on.

Called by the decide task, which publishes the `Decision`; the flow follows it. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.core.refs import ModelRef, Ref, StepRef
from tasks.decide.gate import GateDecision
from tasks.decide.guards import PassedLimit, strongest
from tasks.decide.stop import Action, StopReason


class ScoredModel(Ref):
    """A model with its evaluation, and its greedy accuracy on the select suite, in [0, 1]."""

    model: ModelRef
    evaluation: StepRef
    select_accuracy: float


class Standing(Ref):
    """The models that matter between rounds.

    Attributes:
        incumbent: the model accepted last; the next candidate has to beat it.
        champion: the accepted model with the highest select accuracy; of equals, the earliest.
    """

    incumbent: ScoredModel
    champion: ScoredModel


class Decision(Ref):
    """The conclusion of one round.

    Attributes:
        reason: in words, with the numbers.
        incumbent, champion: names of the models that hold these titles after the round.
        stop: why the experiment cannot go on, where the round itself says so.
        warnings: the guards that spoke, in words.
        numbers: incumbent_accuracy and champion_accuracy on the select suite, after the round; where there was a
            candidate also candidate_accuracy, and gained, lost and p_value of the gate.
    """

    round: int
    action: Action
    reason: str
    incumbent: str
    champion: str
    numbers: dict[str, float | int]
    stop: StopReason | None = None
    warnings: tuple[str, ...] = ()


def first_standing(start: ScoredModel) -> Standing:
    """The standing after round 0: the start model holds both titles."""
    return Standing(incumbent=start, champion=start)


def next_models(standing: Standing, action: Action, candidate: ScoredModel | None) -> Standing:
    """The standing after an action: promotion changes it, and rolling back makes the champion the incumbent."""
    if action == Action.ROLL_BACK:
        return Standing(incumbent=standing.champion, champion=standing.champion)
    if action != Action.PROMOTE or candidate is None:
        return standing
    is_best = candidate.select_accuracy > standing.champion.select_accuracy
    return Standing(incumbent=candidate, champion=candidate if is_best else standing.champion)


def decide(
    round: int, gate: GateDecision, standing: Standing, candidate: ScoredModel, limits: Sequence[PassedLimit] = ()
) -> Decision:
    """The decision of a round with a candidate.

    Args:
        gate: what the recipe's gate concluded.
        standing: before this round.
        limits: guards that spoke; the strongest of them goes before the gate.
    """
    reaction = strongest(limits)
    action = {
        "stop": Action.KEEP_INCUMBENT,
        "keep_incumbent": Action.KEEP_INCUMBENT,
        "roll_back": Action.ROLL_BACK,
    }.get(reaction or "", Action.PROMOTE if gate.promote else Action.KEEP_INCUMBENT)
    numbers = {"gained": gate.gained, "lost": gate.lost, "p_value": gate.p_value,
               "candidate_accuracy": candidate.select_accuracy}  # fmt: skip
    after = next_models(standing, action, candidate)
    words = [limit.words for limit in limits if limit.guard.action == reaction] if reaction != "warn" else []
    decision = _conclude(round, action, "; ".join([gate.reason, *words]), after, numbers)
    stop = StopReason.GUARD if reaction == "stop" else None
    return decision.model_copy(update={"stop": stop, "warnings": tuple(limit.words for limit in limits)})


def decide_without_candidate(
    round: int, reason: str, standing: Standing, limits: Sequence[PassedLimit] = ()
) -> Decision:
    """The decision of a round that trained nothing: a guard stopped it, or it kept too little, as `reason` says."""
    is_guarded = strongest(limits) == "stop"
    words = "; ".join(limit.words for limit in limits if limit.guard.action == "stop")
    decision = _conclude(round, Action.STOP, words if is_guarded else reason, standing, {})
    stop = StopReason.GUARD if is_guarded else StopReason.NO_DATA
    return decision.model_copy(update={"stop": stop, "warnings": tuple(limit.words for limit in limits)})


def _conclude(
    round: int,
    action: Action,
    reason: str,
    after: Standing,
    numbers: dict[str, float | int],
) -> Decision:
    titles = {
        "incumbent_accuracy": after.incumbent.select_accuracy,
        "champion_accuracy": after.champion.select_accuracy,
    }
    return Decision(
        round=round, action=action, reason=reason, numbers={**numbers, **titles},
        incumbent=after.incumbent.model.name, champion=after.champion.model.name,
    )  # fmt: skip
