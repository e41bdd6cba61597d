"""One round: generate -> judge -> select -> train -> evaluate -> decide. Read this to know the whole loop.

Every line below is one step: found in the store, or computed and published there. Round 0 is the baseline: the
models everything starts from are made and evaluated, and nothing is trained on samples.
"""

from __future__ import annotations

from collections.abc import Mapping

from configs.schema.recipe import Recipe
from tasks.calibrate.task import calibrate
from tasks.core.bench import Workbench
from tasks.core.refs import ModelRef, StepRef
from tasks.core.roles import Cast
from tasks.decide.decision import first_standing
from tasks.decide.guards import check_guards, strongest
from tasks.decide.state import LoopState, RoundOutcome, scored_model
from tasks.decide.task import decide_round, read_decision, round_metrics
from tasks.evaluate.task import evaluate
from tasks.generate.task import generate
from tasks.judge.task import judge
from tasks.learn.base_task import prepare_base_model
from tasks.learn.task import train, train_verifier
from tasks.learn.warm_start_task import warm_start
from tasks.meta.task import meta_judge
from tasks.monitor.task import monitor
from tasks.sample.guide.task import guide
from tasks.sample.invent.task import invent
from tasks.sample.problems.task import prepare_problems
from tasks.select.task import select


def baseline(bench: Workbench) -> RoundOutcome:
    """Round 0: problems, base model, optional warm start, and how good the start model is."""
    problems = prepare_problems(bench, 0)
    base = prepare_base_model(bench, 0)
    seed = warm_start(bench, 0, base, problems) if bench.recipe.warm_start else None
    start = seed or base
    steps = {"problems": problems, **made_by("base", base), **made_by("warm_start", seed)}
    cast = Cast(base=base, seed=seed, previous=None, round_start=start, live=start)
    evaluation = evaluate(bench, 0, start, problems, cast)
    first = scored_model(start, evaluation)
    state = LoopState(
        round=0, problems=problems, base=base, seed=seed, standing=first_standing(first), first=first
    )  # fmt: skip
    return RoundOutcome(state=state, candidate=start, steps=steps | {"evaluate": evaluation})


def improvement_round(bench: Workbench, round: int, state: LoopState) -> RoundOutcome:
    """One round of improvement, from the state after the round before."""
    recipe = bench.recipe
    steps, state = gather(bench, round, state)
    candidate = evaluation = None
    if may_train(state, steps, recipe):
        candidate = train(bench, round, state)
        steps |= made_by("train", candidate)
        if recipe.verifier:
            state = state.model_copy(update={"verifier": train_verifier(bench, round, state)})
            steps |= made_by("train_verifier", state.verifier)
        cast = state.cast().model_copy(update={"live": candidate})
        steps["evaluate"] = evaluation = evaluate(bench, round, candidate, state.problems, cast)
    steps["decide"] = decide_round(bench, round, state, steps, candidate, evaluation)
    after = state.after(read_decision(bench.ledger, steps["decide"]), candidate, evaluation, recipe)
    return RoundOutcome(state=after, candidate=candidate, steps=steps, beaten=state.incumbent.name)


def gather(bench: Workbench, round: int, state: LoopState) -> tuple[dict[str, StepRef], LoopState]:
    """The round's samples, what judges say of them, and what is kept: the steps, and the state that knows them."""
    recipe = bench.recipe
    steps: dict[str, StepRef] = {}
    problems, cast, model = state.problems, state.cast(), state.incumbent
    if recipe.invent:
        steps["invent"] = problems = invent(bench, round, model, state.problems, state.invented)
        state = state.model_copy(update={"invented": (*state.invented, problems)})
    if recipe.calibrate:
        steps["calibrate"] = calibrate(bench, round, model, problems, cast)
    steps["generate"] = generate(bench, round, model, problems, cast, steps.get("calibrate"))
    problems = steps["generate"] if recipe.generate.kind == "stepwise" else problems
    steps["judge"] = judge(bench, round, steps["generate"], problems, cast)
    if recipe.guide:
        steps["guide"] = guide(bench, round, model, problems, steps["generate"], steps["judge"], cast)
    if recipe.meta and round <= (recipe.meta.rounds or round):
        steps["meta"] = meta_judge(bench, round, steps["judge"], steps["generate"], problems, cast)
        state = state.model_copy(update={"judge_pairs": (*state.judge_pairs, steps["meta"])})
    guided = [steps["guide"]] if recipe.guide else []
    samples, verdicts = [steps["generate"], *guided], [steps["judge"], *guided]
    steps["select"] = select(bench, round, samples, verdicts, problems, steps.get("calibrate"))
    steps["monitor"] = monitor(
        bench, round, steps["generate"], steps["judge"], steps["select"], state.problems, state.monitor, problems
    )  # fmt: skip
    kept = {"selections": (*state.selections, steps["select"]), "monitor": state.monitor or steps["monitor"]}
    return steps, state.model_copy(update=kept)


def may_train(state: LoopState, steps: Mapping[str, StepRef], recipe: Recipe) -> bool:
    """Whether the round kept enough to train on, and no guard stops it."""
    is_stopped = strongest(check_guards(recipe.guards, round_metrics(state, steps, None))) == "stop"
    return int(state.selections[-1].summary["num_rows"] or 0) >= recipe.train.min_examples and not is_stopped


def made_by(stage: str, model: ModelRef | None) -> dict[str, StepRef]:
    """The step that made a model; none for weights that lie outside the store."""
    step = (model.adapter or model.weights) if model else None
    return {stage: step} if step else {}
