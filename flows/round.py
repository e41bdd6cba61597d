"""One round: generate -> judge -> select -> train -> evaluate -> decide. Read this to know the whole loop.

Every line below is one step: found in the store, or computed and published there. Round 0 is the baseline: the
models everything starts from are made and evaluated, and nothing is trained on samples.
"""

from __future__ import annotations

from prefect import flow

from tasks.base_model.task import prepare_base_model
from tasks.decide.decision import first_standing
from tasks.decide.state import LoopState, RoundOutcome, scored_model
from tasks.decide.task import decide_round, read_decision
from tasks.evaluate.task import evaluate
from tasks.generate.task import generate
from tasks.judge.task import judge
from tasks.problems.task import prepare_problems
from tasks.refs import ModelRef, StepRef
from tasks.select.task import select
from tasks.train.task import train
from tasks.warm_start.task import warm_start
from tasks.workbench import current


@flow(name="round-0", flow_run_name="{experiment} round 0", validate_parameters=False)
def baseline(experiment: str) -> RoundOutcome:
    """Round 0: problems, base model, optional warm start, and how good the start model is."""
    problems = prepare_problems(0)
    base = prepare_base_model(0)
    seed = warm_start(0, base, problems) if current().recipe.warm_start else None
    start = seed or base
    steps = {"problems": problems, **made_by("base", base), **made_by("warm_start", seed)}
    evaluation = evaluate(0, start, problems)
    standing = first_standing(start, scored_model(start, evaluation).select_accuracy)
    state = LoopState(
        round=0, problems=problems, base=base, seed=seed, standing=standing, evaluation=evaluation
    )  # fmt: skip
    return RoundOutcome(state=state, candidate=start, steps=steps | {"evaluate": evaluation})


@flow(name="round", flow_run_name="{experiment} round {round}", validate_parameters=False)
def improvement_round(experiment: str, round: int, state: LoopState) -> RoundOutcome:
    """One round of improvement, from the state after the round before."""
    recipe = current().recipe
    settings = recipe.train
    samples = generate(round, state.incumbent, state.problems)
    verdicts = judge(round, samples, state.problems)
    selection = select(round, samples, verdicts, state.problems)
    state = state.model_copy(update={"selections": (*state.selections, selection)})
    steps = {"generate": samples, "judge": verdicts, "select": selection}

    candidate = evaluation = None
    if has_enough(state, settings.min_examples):
        used = state.selections if settings.data == "accumulate" else (selection,)
        candidate = train(round, state.start_model(settings.start_from), used)
        evaluation = evaluate(round, candidate, state.problems)
        steps |= {**made_by("train", candidate), "evaluate": evaluation}
    steps["decide"] = decide_round(round, state, candidate, evaluation)

    after = state.after(read_decision(steps["decide"]), candidate, evaluation, recipe)
    return RoundOutcome(state=after, candidate=candidate, steps=steps, beaten=state.incumbent.name)


def has_enough(state: LoopState, min_examples: int) -> bool:
    """Whether the round that just selected kept enough samples to train on."""
    return int(state.selections[-1].summary["num_kept"] or 0) >= min_examples


def made_by(stage: str, model: ModelRef | None) -> dict[str, StepRef]:
    """The step that made a model; none for weights that lie outside the store."""
    step = (model.adapter or model.weights) if model else None
    return {stage: step} if step else {}
