"""What people's decisions change in a loop. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.recipe import Recipe
from tasks.decide.decision import ScoredModel, Standing
from tasks.decide.state import LoopState, RoundOutcome
from tasks.decide.stop import Action, should_stop
from tasks.promote.records import Approval, Promotion, TakenUp
from tasks.report.entry import ReportEntry


def would_promote(outcome: RoundOutcome) -> bool:
    """Whether the gate promotes the round's candidate: then a person may have a say."""
    decisions = outcome.state.decisions
    return bool(decisions) and decisions[-1].action == Action.PROMOTE


def answered(outcome: RoundOutcome, before: LoopState, approval: Approval, recipe: Recipe) -> RoundOutcome:
    """The round after a person's answer on its candidate.

    Approved, it is as the gate decided; rejected, incumbent and champion stay those of `before`. What the round
    computed stays as it is either way, and the published decision remains the gate's.
    """
    decision = outcome.state.decisions[-1]
    word = "approved" if approval.is_approved else "rejected"
    note = f": {approval.note}" if approval.note else ""
    changes: dict[str, object] = {"reason": f"{decision.reason}; {word} by {approval.by}{note}"}
    state = outcome.state
    if not approval.is_approved:
        titles = {
            "incumbent_accuracy": before.standing.incumbent.select_accuracy,
            "champion_accuracy": before.standing.champion.select_accuracy,
        }
        changes |= {"action": Action.KEEP_INCUMBENT, "incumbent": before.incumbent.name}
        changes |= {"champion": before.champion.name, "numbers": {**decision.numbers, **titles}}
        state = state.with_standing(before.standing, before.policy.previous)
    decisions = (*before.decisions, decision.model_copy(update=changes))
    actions = [one.action for one in decisions]
    stop = decision.stop or should_stop(actions, state.round, recipe.rounds.max, recipe.decide.patience)
    return outcome.model_copy(
        update={"state": state.model_copy(update={"decisions": decisions, "stop_reason": stop})},
    )


def promoted(state: LoopState, model: ScoredModel) -> LoopState:
    """The loop that goes on from a model which a person chose: it is incumbent and champion."""
    if model == state.standing.incumbent == state.standing.champion:
        return state
    return state.with_standing(Standing(incumbent=model, champion=model), state.incumbent)


def open_promotion(
    entries: Sequence[ReportEntry], promotions: Sequence[tuple[Promotion, TakenUp | None]]
) -> Promotion | None:
    """The promotion that the rounds do not show yet: the last one, unless a finished round started from it."""
    known = [(one, taken) for one, taken in promotions if _holds(entries, one)]
    if not known:
        return None
    last, taken = known[-1]
    return None if taken is not None and taken.before_round < len(entries) else last


def current_champion(
    entries: Sequence[ReportEntry], promotions: Sequence[tuple[Promotion, TakenUp | None]]
) -> ReportEntry:
    """The round whose model is the champion: what a person chose last, else what the rounds found.

    Args:
        entries: of all rounds, from round 0.
    """
    chosen = open_promotion(entries, promotions)
    if chosen is not None:
        return entries[chosen.round]
    champion = entries[-1].state.champion
    return next(entry for entry in entries if entry.model is not None and entry.model.digest == champion.digest)


def _holds(entries: Sequence[ReportEntry], promotion: Promotion) -> bool:
    """Whether the promoted model is that round's model still: an edited recipe begins a new series."""
    if promotion.round >= len(entries):
        return False
    model = entries[promotion.round].model
    return model is not None and model.digest == promotion.digest
