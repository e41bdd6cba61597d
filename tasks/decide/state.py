"""What a loop carries from one round to the next. Small enough to be a Prefect parameter: handles, no payload."""

from __future__ import annotations

from configs.schema.recipe import Recipe
from configs.schema.train import Reference, StartFrom
from tasks.core.files import TRAIN_SET
from tasks.core.refs import ModelRef, Ref, StepRef
from tasks.core.roles import Cast
from tasks.decide.decision import Decision, ScoredModel, Standing, next_models
from tasks.decide.stop import Action, StopReason, should_stop
from tasks.evaluate.stage import EvaluateNumbers
from tasks.select.stage import SelectNumbers


class LoopState(Ref):
    """The loop after a round.

    Attributes:
        problems: the step with the recipe's sets.
        base, seed: the base model, and the warm start's where there is one.
        standing: incumbent and champion.
        first: the model that round 0 evaluated.
        previous: the incumbent before the last promotion.
        newest: the latest candidate, promoted or not.
        verifier: the latest verifier, where the recipe trains one.
        selections: what each round kept, from round 1.
        judge_pairs: pairs of judgements that the rounds made, where there is a meta judge.
        invented: the problems that each round's model wrote.
        monitor: the first round's monitors, which later rounds are compared with.
        decisions: from round 1.
        stop_reason: why the experiment ends after this round; None if it goes on.
    """

    round: int
    problems: StepRef
    base: ModelRef
    seed: ModelRef | None
    standing: Standing
    first: ScoredModel
    previous: ModelRef | None = None
    newest: ModelRef | None = None
    verifier: ModelRef | None = None
    selections: tuple[StepRef, ...] = ()
    judge_pairs: tuple[StepRef, ...] = ()
    invented: tuple[StepRef, ...] = ()
    monitor: StepRef | None = None
    decisions: tuple[Decision, ...] = ()
    stop_reason: StopReason | None = None

    @property
    def incumbent(self) -> ModelRef:
        return self.standing.incumbent.model

    @property
    def champion(self) -> ModelRef:
        return self.standing.champion.model

    @property
    def evaluation(self) -> StepRef:
        """The incumbent's evaluation."""
        return self.standing.incumbent.evaluation

    def start_model(self, start_from: StartFrom) -> ModelRef:
        """The model that a round's training starts from; previous is the model that wrote the round's samples."""
        assert start_from != "seed" or self.seed is not None, "the recipe was checked for a warm start"
        models = {"base": self.base, "seed": self.seed, "champion": self.champion}
        return models.get(start_from, self.incumbent) or self.base

    def reference_model(self, reference: Reference, start: ModelRef) -> ModelRef:
        """The frozen model of a preference objective. `previous` is the model before the start model: the incumbent
        before the last promotion, and until there is one the base."""
        models = {"base": self.base, "seed": self.seed, "start": start, "previous": self.previous}
        return models[reference] or self.base

    def window(self, data: str, steps: tuple[StepRef, ...]) -> tuple[StepRef, ...]:
        """The rounds whose rows are trained on, of all rounds' steps."""
        return steps[{"this_round": -1, "last_two_rounds": -2, "accumulate": 0}[data] :]

    def cast(self) -> Cast:
        """The states of the policy that the next round can ask."""
        return Cast(
            base=self.base, seed=self.seed, previous=self.previous, round_start=self.incumbent,
            live=self.newest or self.incumbent, verifier=self.verifier,
        )  # fmt: skip

    def after(
        self, decision: Decision, candidate: ModelRef | None, evaluation: StepRef | None, recipe: Recipe
    ) -> LoopState:
        """The state after a decision; a candidate that was not promoted changes only the history."""
        scored = scored_model(candidate, evaluation) if candidate and evaluation else None
        decisions = (*self.decisions, decision)
        actions = [one.action for one in decisions]
        stop_reason = decision.stop or should_stop(actions, decision.round, recipe.rounds.max, recipe.decide.patience)
        changes: dict[str, object] = {"round": decision.round, "decisions": decisions, "stop_reason": stop_reason}
        changes["standing"] = next_models(self.standing, decision.action, scored)
        if decision.action == Action.PROMOTE:
            changes["previous"] = self.incumbent
        if candidate is not None:
            changes["newest"] = candidate
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

    @property
    def sampled(self) -> StepRef:
        """The step whose `train.parquet` holds the problems that the round sampled."""
        makers = (self.steps[stage] for stage in ("generate", "invent") if stage in self.steps)
        own = (step for step in makers if TRAIN_SET.is_in(step))
        return next(own, self.state.problems)


def scored_model(model: ModelRef, evaluation: StepRef) -> ScoredModel:
    """A model with its accuracy on the select set."""
    accuracy = EvaluateNumbers.of(evaluation).select_accuracy
    return ScoredModel(model=model, evaluation=evaluation, select_accuracy=accuracy)


def explain_too_few(selection: StepRef, min_examples: int) -> str:
    """Why a round cannot train, in words, with the reasons that samples were dropped for."""
    dropped = {name: count for name, count in selection.summary.items() if name.startswith("dropped_") and count}
    reasons = ", ".join(f"{name.removeprefix('dropped_')} {dropped[name]}" for name in sorted(dropped))
    numbers = SelectNumbers.of(selection)
    made = f" and gave {numbers.num_rows} rows of training" if numbers.num_rows != numbers.num_kept else ""
    return (
        f"{numbers.num_kept} of {numbers.num_samples} samples were kept{made}, "
        f"and training needs {min_examples} (dropped: {reasons or 'none'})"
    )
