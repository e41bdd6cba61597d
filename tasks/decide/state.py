"""What a loop carries from one round to the next. Small enough to be a Prefect parameter: handles, no payload."""

from __future__ import annotations

from configs.schema.recipe import Recipe
from configs.schema.role import POLICY
from configs.schema.train import StartFrom
from tasks.core.files import TRAIN_SET
from tasks.core.models import Lineage
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
        models: the policy, and every role that has states, by name.
        standing: incumbent and champion; the incumbent is the policy's `current`.
        first: the model that round 0 evaluated.
        judge_pairs: pairs of judgements that the rounds made, where there is a meta judge.
        invented: the problems that each round's model wrote.
        pool: the generate steps of rounds that share a pool of attempts (`generate.first.pool`).
        monitor: the first round's monitors, which later rounds are compared with.
        decisions: from round 1.
        benchmarked: digests of the models whose benchmarks are known.
        stop_reason: why the experiment ends after this round; None if it goes on.
    """

    round: int
    problems: StepRef
    models: dict[str, Lineage]
    standing: Standing
    first: ScoredModel
    judge_pairs: tuple[StepRef, ...] = ()
    invented: tuple[StepRef, ...] = ()
    pool: tuple[StepRef, ...] = ()
    monitor: StepRef | None = None
    decisions: tuple[Decision, ...] = ()
    benchmarked: tuple[str, ...] = ()
    stop_reason: StopReason | None = None

    @property
    def policy(self) -> Lineage:
        return self.models[POLICY]

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

    def start_model(self, learner: str, start_from: StartFrom) -> ModelRef:
        """The model that a round's training starts from; previous is the model that played in the round."""
        return self.champion if start_from == "champion" else self.models[learner].start_model(start_from)

    def with_model(self, learner: str, **changes: object) -> LoopState:
        """This state with changes to one model's lineage."""
        lineage = self.models[learner].model_copy(update=changes)
        return self.model_copy(update={"models": {**self.models, learner: lineage}})

    def with_selection(self, learner: str, step: StepRef) -> LoopState:
        """This state with what the round kept for one model."""
        return self.with_model(learner, selections=(*self.models[learner].selections, step))

    def with_standing(self, standing: Standing, previous: ModelRef | None) -> LoopState:
        """This state with other titles: the policy's next round starts from the incumbent."""
        state = self.with_model(POLICY, current=standing.incumbent.model, previous=previous)
        return state.model_copy(update={"standing": standing})

    def after_phase(self, name: str) -> LoopState:
        """This state as a phase ends: what plays now is kept under its name."""
        models = {
            model: lineage.model_copy(update={"phases": {**lineage.phases, name: lineage.current}})
            for model, lineage in self.models.items()
        }
        return self.model_copy(update={"models": models})

    def cast(self) -> Cast:
        """Who the next round can ask; while a round trains, `live` is what it trained so far."""
        return Cast.of({name: lineage.states() for name, lineage in self.models.items()})

    def after(
        self, decision: Decision, candidate: ModelRef | None, evaluation: StepRef | None, recipe: Recipe
    ) -> LoopState:
        """The state after a decision; a candidate that was not promoted changes only the history. Roles go on from what
        the round trained."""
        scored = scored_model(candidate, evaluation) if candidate and evaluation else None
        decisions = (*self.decisions, decision)
        actions = [one.action for one in decisions]
        stop_reason = decision.stop or should_stop(actions, decision.round, recipe.rounds.max, recipe.decide.patience)
        changes: dict[str, object] = {"round": decision.round, "decisions": decisions, "stop_reason": stop_reason}
        changes["models"] = {name: one if name == POLICY else one.advanced() for name, one in self.models.items()}
        previous = self.incumbent if decision.action == Action.PROMOTE else self.policy.previous
        state = self.model_copy(update=changes)
        state = state.with_standing(next_models(self.standing, decision.action, scored), previous)
        return state if candidate is None else state.with_model(POLICY, newest=candidate)


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

    def with_benchmarks(self, name: str, model: ModelRef, step: StepRef) -> RoundOutcome:
        """This round with the benchmarks of a model as one more step."""
        state = self.state.model_copy(update={"benchmarked": (*self.state.benchmarked, model.digest)})
        return self.model_copy(update={"state": state, "steps": {**self.steps, name: step}})

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
    if ended := selection.summary.get("ended"):
        return f"the segment ended before its first step: {ended}"
    dropped = {name: count for name, count in selection.summary.items() if name.startswith("dropped_") and count}
    reasons = ", ".join(f"{name.removeprefix('dropped_')} {dropped[name]}" for name in sorted(dropped))
    numbers = SelectNumbers.of(selection)
    made = f" and gave {numbers.num_rows} rows of training" if numbers.num_rows != numbers.num_kept else ""
    return (
        f"{numbers.num_kept} of {numbers.num_samples} samples were kept{made}, "
        f"and training needs {min_examples} (dropped: {reasons or 'none'})"
    )
