"""One round: generate -> judge -> select -> train -> evaluate -> decide. Read this to know the whole loop.

Where `evaluate.benchmarks` are due, the candidate is asked them at the end.

A round with `online` is a segment of online training instead: segment -> evaluate -> decide (docs/online.md).

Every line below is one step: found in the store, or computed and published there. Round 0 is the baseline: the
models everything starts from are made and evaluated, and nothing is trained on samples.
"""

from __future__ import annotations

from collections.abc import Mapping

from configs.schema.recipe import Recipe
from configs.schema.role import POLICY
from tasks.benchmark.stage import BENCHMARK, CHAMPION
from tasks.benchmark.task import benchmark
from tasks.calibrate.stage import CALIBRATE
from tasks.calibrate.task import calibrate
from tasks.core.bench import Workbench
from tasks.core.models import LEARNER_STAGES, Lineage
from tasks.core.refs import ModelRef, StepRef
from tasks.core.roles import Cast
from tasks.core.stage import Stage
from tasks.decide.decision import first_standing
from tasks.decide.guards import check_guards, strongest
from tasks.decide.stage import DECIDE
from tasks.decide.state import LoopState, RoundOutcome, scored_model
from tasks.decide.task import decide_round, read_decision, round_metrics
from tasks.evaluate.stage import EVALUATE
from tasks.evaluate.task import evaluate
from tasks.judge.stage import JUDGE
from tasks.judge.task import judge
from tasks.learn.base_task import prepare_base_model
from tasks.learn.stages import BASE, TRAIN, WARM_START
from tasks.learn.task import rows_of, train
from tasks.learn.warm_start_task import warm_start
from tasks.meta.stage import META
from tasks.meta.task import meta_judge
from tasks.monitor.stage import MONITOR
from tasks.monitor.task import monitor
from tasks.online.stage import SEGMENT
from tasks.online.task import model_of, run_segment
from tasks.sample.guide.stage import GUIDE
from tasks.sample.guide.task import guide
from tasks.sample.invent.stage import INVENT
from tasks.sample.invent.task import invent
from tasks.sample.problems.stage import PROBLEMS
from tasks.sample.problems.task import prepare_problems
from tasks.sample.stage import GENERATE
from tasks.sample.task import generate
from tasks.select.stage import SELECT, SelectNumbers
from tasks.select.task import select

BASELINE = (PROBLEMS, BASE, WARM_START, EVALUATE, BENCHMARK)
ROUND = (INVENT, CALIBRATE, GENERATE, JUDGE, GUIDE, META, SELECT, SEGMENT, MONITOR, TRAIN, EVALUATE, DECIDE, BENCHMARK)
"""the order of stages; a round has those whose `when` says so"""
STAGES = {stage.name: stage for stage in (*BASELINE, *ROUND)}


def stages_of(recipe: Recipe, round: int) -> list[tuple[str, Stage]]:
    """Stages of a round with a candidate, in order, by name: those of a model once for each that learns.

    Args:
        recipe: of the round's phase.
    """
    return [
        (stage.of(learner), stage)
        for stage in ROUND
        if stage.when(recipe, round)
        for learner in (recipe.learners() if stage.name in LEARNER_STAGES else (POLICY,))
    ]


def baseline(bench: Workbench) -> RoundOutcome:
    """Round 0: problems, the models that everything begins with, and how good the policy is before any round."""
    steps = {"problems": prepare_problems(bench, 0)}
    models: dict[str, Lineage] = {}
    for name in (POLICY, *bench.recipe.chains()):
        models[name], made = begin(bench, name, models.get(POLICY), steps["problems"])
        steps |= made
    states = {name: lineage.states() for name, lineage in models.items()}
    start, cast = models[POLICY].current, Cast.of(states)
    steps["evaluate"] = evaluate(bench, 0, start, steps["problems"], cast)
    first = scored_model(start, steps["evaluate"])
    state = LoopState(
        round=0, problems=steps["problems"], models=models, standing=first_standing(first), first=first
    )  # fmt: skip
    return with_benchmarks(bench, RoundOutcome(state=state, candidate=start, steps=steps))


def begin(bench: Workbench, name: str, policy: Lineage | None, problems: StepRef) -> tuple[Lineage, dict[str, StepRef]]:
    """A model's base and seed, and the steps that made them; a role like the policy takes over what it has not."""
    role = bench.recipe.roles.get(name)
    steps: dict[str, StepRef] = {}
    if role is not None and role.like == POLICY:
        assert policy is not None, "the policy comes first"
        base, seed = policy.base, policy.seed
    else:
        base, seed = prepare_base_model(bench, 0, learner=name), None
        steps |= made_by(BASE.of(name), base)
    if (role or bench.recipe).warm_start is not None:
        seed = warm_start(bench, 0, base, problems, learner=name)
        steps |= made_by(WARM_START.of(name), seed)
    return Lineage(base=base, seed=seed, current=seed or base), steps


def improvement_round(bench: Workbench, round: int, state: LoopState) -> RoundOutcome:
    """One round of improvement, from the state after the round before, by the recipe of its phase."""
    before, now = bench.recipe.stay_at(round - 1), bench.recipe.stay_at(round)
    if before is not None and before.last == round - 1:
        state = state.after_phase(before.name)
    if now is not None:
        bench.progress.line(f"round {round}: phase {now.name}")
    with bench.in_round(round):
        return _improve(bench, round, state)


def _improve(bench: Workbench, round: int, state: LoopState) -> RoundOutcome:
    if bench.recipe.online is not None:
        return _improve_online(bench, round, state)
    recipe = bench.recipe
    gathered, state = gather(bench, round, state)
    steps = dict(gathered)
    candidate = None
    if may_train(state, gathered, recipe):
        for name in recipe.learners():
            if name == POLICY or has_rows(bench, round, state, name):
                made = train(bench, round, state, learner=name)
                state = state.with_model(name, newest=made)
                steps |= made_by(TRAIN.of(name), made)
        candidate = state.policy.newest
        assert candidate is not None, "the policy was just trained"
    return _conclude(bench, round, state, gathered, steps, candidate)


def _improve_online(bench: Workbench, round: int, state: LoopState) -> RoundOutcome:
    """A round that trains on what it draws, wave after wave."""
    steps: dict[str, StepRef] = {}
    problems = state.problems
    if INVENT.when(bench.recipe, round):
        steps["invent"] = problems = invent(bench, round, state.incumbent, state.problems, state.invented)
        state = state.model_copy(update={"invented": (*state.invented, problems)})
    steps["segment"] = segment = run_segment(bench, round, state, problems)
    state = state.with_selection(POLICY, segment)
    steps["monitor"] = monitor(
        bench, round, [segment], [segment], segment, state.problems, state.monitor, problems
    )  # fmt: skip
    state = state.model_copy(update={"monitor": state.monitor or steps["monitor"]})
    candidate = model_of(bench, round, state, segment) if not is_stopped(state, steps, bench.recipe) else None
    state = state.with_model(POLICY, newest=candidate) if candidate is not None else state
    return _conclude(bench, round, state, steps, dict(steps), candidate)


def _conclude(
    bench: Workbench,
    round: int,
    state: LoopState,
    gathered: Mapping[str, StepRef],
    steps: dict[str, StepRef],
    candidate: ModelRef | None,
) -> RoundOutcome:
    """Evaluate what was trained, and decide.

    Args:
        gathered: the steps before training, whose numbers guards read.
        steps: all steps of the round so far.
    """
    evaluation = None
    if candidate is not None:
        steps["evaluate"] = evaluation = evaluate(bench, round, candidate, state.problems, state.cast())
    steps["decide"] = decide_round(bench, round, state, gathered, candidate, evaluation)
    after = state.after(read_decision(bench.ledger, steps["decide"]), candidate, evaluation, bench.recipe)
    outcome = RoundOutcome(state=after, candidate=candidate, steps=steps, beaten=state.incumbent.name)
    return with_benchmarks(bench, outcome)


def with_benchmarks(bench: Workbench, outcome: RoundOutcome) -> RoundOutcome:
    """The round with its candidate's benchmarks, where they are due."""
    round, candidate = outcome.state.round, outcome.candidate
    if candidate is None or not BENCHMARK.when(bench.recipe, round):
        return outcome
    return outcome.with_benchmarks(
        BENCHMARK.name, candidate, benchmark(bench, round, candidate, outcome.state.problems)
    )


def with_champion(bench: Workbench, outcome: RoundOutcome) -> RoundOutcome:
    """The round that ends the experiment, with the benchmarks of the champion if no round has them."""
    state = outcome.state
    with bench.in_round(state.round):
        is_due = bench.recipe.evaluate.benchmarks is not None and state.stop_reason is not None
        if not is_due or state.champion.digest in state.benchmarked:
            return outcome
        return outcome.with_benchmarks(
            CHAMPION, state.champion, benchmark(bench, state.round, state.champion, state.problems)
        )


def gather(bench: Workbench, round: int, state: LoopState) -> tuple[dict[str, StepRef], LoopState]:
    """The round's samples, what judges say of them, and what is kept: the steps, and the state that knows them."""
    recipe = bench.recipe
    steps: dict[str, StepRef] = {}
    problems, cast, model = state.problems, state.cast(), state.incumbent
    if INVENT.when(recipe, round):
        steps["invent"] = problems = invent(bench, round, model, state.problems, state.invented)
        state = state.model_copy(update={"invented": (*state.invented, problems)})
    if CALIBRATE.when(recipe, round):
        steps["calibrate"] = calibrate(bench, round, model, problems, cast)
    pool = state.pool if has_pool(recipe) else ()
    steps["generate"] = generate(bench, round, model, problems, cast, steps.get("calibrate"), pool)
    state = state.model_copy(update={"pool": (*pool, steps["generate"])}) if has_pool(recipe) else state
    problems = steps["generate"] if recipe.generate.makes_problems else problems
    steps["judge"] = judge(bench, round, steps["generate"], problems, cast)
    if GUIDE.when(recipe, round):
        steps["guide"] = guide(bench, round, model, problems, steps["generate"], steps["judge"], cast)
    if META.when(recipe, round):
        steps["meta"] = meta_judge(bench, round, steps["judge"], steps["generate"], problems, cast)
        state = state.model_copy(update={"judge_pairs": (*state.judge_pairs, steps["meta"])})
    guided = [steps["guide"]] if "guide" in steps else []
    samples, verdicts = [steps["generate"], *guided], [steps["judge"], *guided]
    for name in recipe.learners():
        kept = select(bench, round, samples, verdicts, problems, steps.get("calibrate"), learner=name)
        steps[SELECT.of(name)] = kept
        state = state.with_selection(name, kept)
    steps["monitor"] = monitor(
        bench, round, samples, verdicts, steps["select"], state.problems, state.monitor, problems,
        steps.get("meta"),
    )  # fmt: skip
    return steps, state.model_copy(update={"monitor": state.monitor or steps["monitor"]})


def has_pool(recipe: Recipe) -> bool:
    """Whether a round goes on from the attempts of the rounds before."""
    return recipe.generate.kind == "revise" and recipe.generate.first.pool is not None


def may_train(state: LoopState, gathered: Mapping[str, StepRef], recipe: Recipe) -> bool:
    """Whether the round kept enough to train on, and no guard stops it."""
    has_enough = SelectNumbers.of(gathered["select"]).num_rows >= recipe.train.min_examples
    return has_enough and not is_stopped(state, gathered, recipe)


def is_stopped(state: LoopState, gathered: Mapping[str, StepRef], recipe: Recipe) -> bool:
    """Whether a guard ends the experiment here."""
    return strongest(check_guards(recipe.guards_of_round, round_metrics(state, gathered, None))) == "stop"


def has_rows(bench: Workbench, round: int, state: LoopState, name: str) -> bool:
    """Whether there is enough to train a role on; where there is not, it stays as it is, and the run says so."""
    settings = bench.recipe.for_learner(name).train
    num_rows = sum(SelectNumbers.of(step).num_rows for step in rows_of(bench, state, name))
    if num_rows < settings.min_examples:
        needed = f"roles.{name}.train.min_examples is {settings.min_examples}"
        bench.progress.line(f"round {round} train {name}: left as it is, with {num_rows} rows: {needed}")
    return num_rows >= settings.min_examples


def made_by(stage: str, model: ModelRef | None) -> dict[str, StepRef]:
    """The step that made a model; none for weights that lie outside the store."""
    step = (model.adapter or model.weights) if model else None
    return {stage: step} if step else {}
