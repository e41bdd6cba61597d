"""What a loop carries from one round to the next. Small enough to be a Prefect parameter: handles, no payload."""

from __future__ import annotations

from typing import Literal

from configs.schema.recipe import Recipe
from tasks.decide.decision import Decision, ScoredModel, Standing, next_models
from tasks.decide.stop import Action, StopReason, should_stop
from tasks.refs import ModelRef, Ref, StepRef


class LoopState(Ref):
    """The loop after a round.

    Attributes:
        problems: the step with the recipe's sets.
        base, seed: the base model, and the warm start's where there is one.
        standing: incumbent and champion.
        evaluation: the incumbent's evaluation.
        selections: what each round kept, from round 1.
        decisions: from round 1.
        stop_reason: why the experiment ends after this round; None if it goes on.
    """

    round: int
    problems: StepRef
    base: ModelRef
    seed: ModelRef | None
    standing: Standing
    evaluation: StepRef
    selections: tuple[StepRef, ...] = ()
    decisions: tuple[Decision, ...] = ()
    stop_reason: StopReason | None = None

    @property
    def incumbent(self) -> ModelRef:
        return self.standing.incumbent.model

    @property
    def champion(self) -> ModelRef:
        return self.standing.champion.model

    def start_model(self, start_from: Literal["base", "seed", "previous", "champion"]) -> ModelRef:
        """The model that a round's training starts from; previous is the model that wrote the round's samples."""
        assert start_from != "seed" or self.seed is not None, "the recipe was checked for a warm start"
        models = {"base": self.base, "seed": self.seed, "previous": self.incumbent, "champion": self.champion}
        return models[start_from] or self.base

    def after(
        self, decision: Decision, candidate: ModelRef | None, evaluation: StepRef | None, recipe: Recipe
    ) -> LoopState:
        """The state after a decision; a candidate that was not promoted changes only the history."""
        decisions = (*self.decisions, decision)
        actions = [one.action for one in decisions]
        stop_reason = should_stop(actions, decision.round, recipe.rounds.max, recipe.decide.patience)
        changes: dict[str, object] = {"round": decision.round, "decisions": decisions, "stop_reason": stop_reason}
        if candidate is not None and evaluation is not None and decision.action == Action.PROMOTE:
            changes["standing"] = next_models(self.standing, scored_model(candidate, evaluation), True)
            changes["evaluation"] = evaluation
        return self.model_copy(update=changes)


class RoundOutcome(Ref):
    """What a round hands to its reader.

    Attributes:
        state: the loop after the round.
        candidate: the model evaluated; None where the round trained none.
        steps: by stage.
        beaten: name of the model the round started from; empty in round 0.
    """

    state: LoopState
    candidate: ModelRef | None
    steps: dict[str, StepRef]
    beaten: str = ""


def scored_model(model: ModelRef, evaluation: StepRef) -> ScoredModel:
    """A model with its accuracy on the select set."""
    accuracy = evaluation.summary["select_accuracy"]
    assert isinstance(accuracy, (int, float)), f"{evaluation.prefix} has no select_accuracy"
    return ScoredModel(model=model, select_accuracy=accuracy)


def explain_too_few(selection: StepRef, min_examples: int) -> str:
    """Why a round cannot train, in words, with the reasons that samples were dropped for."""
    dropped = {name: count for name, count in selection.summary.items() if name.startswith("dropped_") and count}
    reasons = ", ".join(f"{name.removeprefix('dropped_')} {dropped[name]}" for name in sorted(dropped))
    return (
        f"{selection.summary['num_kept']} of {selection.summary['num_samples']} samples were kept, "
        f"and training needs {min_examples} (dropped: {reasons or 'none'})"
    )
