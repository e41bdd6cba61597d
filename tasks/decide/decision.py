"""What a round concluded: which models are incumbent and champion from here on.

Called by the decide task, which publishes the `Decision`; the flow follows it. Pure.
"""

from __future__ import annotations

from tasks.decide.gate import GateDecision
from tasks.decide.stop import Action
from tasks.refs import ModelRef, Ref


class ScoredModel(Ref):
    """A model and its greedy accuracy on the select suite, in [0, 1]."""

    model: ModelRef
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
        numbers: incumbent_accuracy and champion_accuracy on the select suite, after the round; where there was a
            candidate also candidate_accuracy, and gained, lost and p_value of the gate.
    """

    round: int
    action: Action
    reason: str
    incumbent: str
    champion: str
    numbers: dict[str, float | int]


def first_standing(model: ModelRef, select_accuracy: float) -> Standing:
    """The standing after round 0: the start model holds both titles."""
    start = ScoredModel(model=model, select_accuracy=select_accuracy)
    return Standing(incumbent=start, champion=start)


def next_models(standing: Standing, candidate: ScoredModel, promote: bool) -> Standing:
    """The standing after a gate; a candidate that is not promoted changes nothing."""
    if not promote:
        return standing
    is_best = candidate.select_accuracy > standing.champion.select_accuracy
    return Standing(incumbent=candidate, champion=candidate if is_best else standing.champion)


def decide(round: int, gate: GateDecision, standing: Standing, candidate: ScoredModel) -> Decision:
    """The decision of a round with a candidate.

    Args:
        gate: what the recipe's gate concluded.
        standing: before this round.
    """
    action = Action.PROMOTE if gate.promote else Action.KEEP_INCUMBENT
    after = next_models(standing, candidate, gate.promote)
    numbers = {"gained": gate.gained, "lost": gate.lost, "p_value": gate.p_value,
               "candidate_accuracy": candidate.select_accuracy}  # fmt: skip
    return _conclude(round, action, gate.reason, after, numbers)


def decide_without_candidate(round: int, reason: str, standing: Standing) -> Decision:
    """The decision of a round that kept too few samples to train on; `reason` says how many."""
    return _conclude(round, Action.STOP, reason, standing, {})


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
