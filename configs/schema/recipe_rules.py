"""Rules between the sections of a recipe. Each error names the field and says what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from configs.schema.draws.rules import draws_fit
from configs.schema.judges.base import Pass
from configs.schema.online.rules import online_fits
from configs.schema.pair_rules import check_pairs
from configs.schema.revision.evaluated import evaluated_revision_fits
from configs.schema.revision.rules import prefixes_fit, revision_fits
from configs.schema.role import POLICY, Role
from configs.schema.rows import DEFAULT_ROWS
from configs.schema.sections import Sections


def check_recipe_rules(recipe: Sections) -> None:
    """Nothing, where the sections agree; the first rule that is broken is raised as ValueError."""
    for rule in RULES:
        rule(recipe)


def _judges_have_their_own_names(recipe: Sections) -> None:
    known: dict[str, Any] = {}
    for index, judge in enumerate(recipe.judge):
        if judge.name in known:
            raise ValueError(f"judge: two judges are called '{judge.name}': give each its own name")
        _check_needed(f"judge.{index}", judge, known)
        known[judge.name] = judge
    if recipe.evaluate.best_of is not None:
        _check_needed("evaluate.best_of.judge", recipe.evaluate.best_of.judge, known)


def _check_needed(place: str, judge: Any, known: dict[str, Any]) -> None:
    """`known`: the judges that stand before it, by name."""
    for wanted in judge.needed_judges:
        if wanted not in known:
            raise ValueError(f"{place}.of: no judge called '{wanted}' stands before: {_one_of(known)}")
    try:
        judge.check_needed([known[wanted] for wanted in judge.needed_judges])
    except ValueError as error:
        raise ValueError(f"{place}.{error}") from None


def _named_judges_exist(recipe: Sections) -> None:
    names = [judge.name for judge in recipe.judge]
    for place, component in _components(recipe):
        name = getattr(component, "judge", None)
        if isinstance(name, str) and name not in names:
            raise ValueError(f"{place}: no judge is called '{name}': {_one_of(names)}")


def _components(recipe: Sections) -> Iterable[tuple[str, Any]]:
    """Everything that may name a judge, with its address."""
    yield from ((f"select.{index}.judge", part) for index, part in enumerate(recipe.select))
    yield from (("weigh.judge", recipe.weigh), ("calibrate.judge", recipe.calibrate))
    yield from ((f"rows.{index}.judge", row) for index, row in enumerate(recipe.rows))
    yield "meta.judge", recipe.meta
    for place, own in _learners(recipe)[1:]:
        yield from ((f"{place}.select.{index}.judge", part) for index, part in enumerate(own.select))
        yield from ((f"{place}.rows.{index}.judge", row) for index, row in enumerate(own.rows))
        yield f"{place}.weigh.judge", own.weigh


def _learners(recipe: Sections) -> list[tuple[str, Sections]]:
    """Every model that rounds train, the policy first: the address of its `train`, and the recipe as it learns by it.

    A role's filters and pairs stand inside its `train`, the policy's beside it: `_beside` says where.
    """
    places = ("train" if name == POLICY else f"roles.{name}.train" for name in recipe.learners())
    return [(place, recipe.for_learner(name)) for place, name in zip(places, recipe.learners(), strict=True)]


def _beside(train: str, field: str) -> str:
    """Address of a learner's filters or pairs."""
    return field if train == "train" else f"{train}.{field}"


def _all_judges(recipe: Sections) -> list[Any]:
    best_of, revise = recipe.evaluate.best_of, recipe.evaluate.revise
    gate = revise.gate if revise else None
    return [*recipe.judge, *([best_of.judge] if best_of else []), *([gate.judge] if gate else [])]


def _roles_exist(recipe: Sections) -> None:
    known = {POLICY, *recipe.roles}
    if POLICY in recipe.roles:
        raise ValueError(f"roles.{POLICY}: this name is taken: choose another")
    for judge in _all_judges(recipe):
        for role in (part.role for part in judge.passes):
            if role not in known:
                raise ValueError(
                    f"judge '{judge.name}': no role is called '{role}': add it to roles, or {_one_of(known)}"
                )
    if recipe.guide is not None and recipe.guide.role not in known:
        raise ValueError(f"guide.role: no role is called '{recipe.guide.role}': {_one_of(known)}")


def _roles_can_judge(recipe: Sections) -> None:
    """An endpoint gives no log-probabilities, only reward models rate, and only encoders embed."""
    for judge in _all_judges(recipe):
        for part in judge.passes:
            _check_role(judge.name, part, recipe.roles.get(part.role))


def _check_role(judge: str, asked: Pass, role: Role | None) -> None:
    """`role`: None for the policy."""
    engine = role.engine if role is not None else None
    if asked.wants in _OWN_MODELS:
        what, kind = _OWN_MODELS[asked.wants]
        if role is None or role.is_chain:
            raise ValueError(f"judge '{judge}': {what} is a model of its own that does not learn: add it to roles")
        if engine is not None and asked.wants not in engine.gives:
            raise ValueError(f"roles.{asked.role}.engine: {what} runs in engine kind {kind}, not {engine.kind}")
    elif engine is not None and asked.wants not in engine.gives:
        wanted = "log-probabilities" if asked.wants == "logprobs" else "text"
        raise ValueError(
            f"judge '{judge}': needs {wanted}, which the engine {engine.kind} of role '{asked.role}' does not give: "
            "write engine kind transformers or vllm"
        )


_OWN_MODELS = {"rating": ("a reward model", "reward"), "embedding": ("an encoder", "embedding")}
"""by what is wanted: the model that gives it, and the kind of its engine"""


def _votes_have_answers(recipe: Sections) -> None:
    for judge in _all_judges(recipe):
        if judge.rule is not None and not judge.reads_gold and not judge.rule.finds_answers:
            raise ValueError(
                f"judge '{judge.name}': the verifier {judge.rule.kind} finds no answer to count: "
                "write kind number, exact, choice or math"
            )


def _interpreter_is_everywhere(recipe: Sections) -> None:
    """Texts that are set side by side are drawn alike."""
    if recipe.interpreter is None:
        return
    if recipe.guide is not None:
        raise ValueError("guide: its tries are drawn without generate.interpreter: leave guide out, or write a hint "
                         "step with generate: {kind: revise}")  # fmt: skip
    if recipe.calibrate is not None:
        raise ValueError("calibrate: it draws without generate.interpreter: leave one of them out")


def _answers_can_be_compared(recipe: Sections) -> None:
    if recipe.answer_judge() is None and recipe.evaluate.verifier is None:
        raise ValueError(
            "evaluate.verifier: no judge compares answers with gold, so say how the held-out sets are judged: "
            "verifier: {kind: number}, for example"
        )


def _rows_fit_the_objective(recipe: Sections) -> None:
    for place, own in _learners(recipe):
        objective, pair = own.train.objective, _beside(place, "pair")
        if objective.rows == "pairs" and own.pair is None:
            raise ValueError(
                f"{pair}: the objective {objective.kind} trains on pairs: add for example pair: {{kind: best_vs_worst}}"
            )
        if objective.rows != "pairs" and own.pair is not None:
            raise ValueError(f"{pair}: the objective {objective.kind} trains on single samples: leave pair out")
        if objective.rows == "pairs" and own.rows != DEFAULT_ROWS:
            raise ValueError(
                f"{_beside(place, 'rows')}: the objective {objective.kind} trains on pairs, which pair makes: "
                "leave rows out"
            )
        kinds = [row.kind for row in own.rows]
        if objective.rows == "trajectories" and set(kinds) != {"trajectory"}:
            raise ValueError(
                f"{_beside(place, 'rows')}: the objective {objective.kind} trains on texts with an advantage a part: "
                "write rows: [{kind: trajectory}]"
            )
        if objective.rows != "trajectories" and "trajectory" in kinds:
            raise ValueError(
                f"{_beside(place, 'rows')}.{kinds.index('trajectory')}: the objective {objective.kind} reads no "
                "advantages: write objective: {kind: offline_pg}, or kind: splice"
            )
        if own.weigh is not None and objective.rows != "examples":
            raise ValueError(
                f"{_beside(place, 'weigh')}: examples are weighed, and the objective {objective.kind} has none: "
                "leave weigh out"
            )


def _pairs_fit(recipe: Sections) -> None:
    for place, own in _learners(recipe):
        check_pairs(own, place, _beside(place, "pair"))


_AFTER_ANOTHER = ("turn", "improvement")
"""kinds of rows in which an answer follows one that it revises"""


def _gains_have_something_before(recipe: Sections) -> None:
    for place, own in _learners(recipe):
        kinds = [row.kind for row in own.rows]
        if own.weigh is not None and own.weigh.kind == "by_gain" and not set(kinds) <= set(_AFTER_ANOTHER):
            raise ValueError(
                f"{_beside(place, 'weigh')}: by_gain compares an answer with the one before it, which rows of kind "
                f"{next(kind for kind in kinds if kind not in _AFTER_ANOTHER)} do not show: write rows: "
                "[{kind: improvement}] or [{kind: turn}]"
            )
        if "improvement" in kinds and recipe.generate.kind != "revise":
            raise ValueError(
                f"{_beside(place, 'rows')}.{kinds.index('improvement')}: it shows what a reviser is shown, and nothing "
                "is revised: write generate: {kind: revise}"
            )


def _pairs_have_two_sides(recipe: Sections) -> None:
    """Filters that keep correct samples alone leave nothing to set against them."""
    first = recipe.judge[0].name
    for place, own in _learners(recipe):
        kept = [part.judge or first for part in own.select if part.kind == "correct"]
        for maker in own.pair.makers() if own.pair else ():
            if maker.reads_first_judge and (maker.judge or first) in kept:
                raise ValueError(
                    f"{_beside(place, 'select')}: 'correct' leaves no wrong sample for pair.kind {maker.kind}: "
                    "write select: [{kind: judged}, {kind: drop_truncated}]"
                )


def _formats_are_read(recipe: Sections) -> None:
    for place, own in _learners(recipe):
        if own.train.formats and own.train.objective.rows in ("pairs", "trajectories"):
            rows = own.train.objective.rows
            raise ValueError(f"{place}.formats: {rows} are trained on as they are: leave formats out")


def _meta_judge_has_judgements(recipe: Sections) -> None:
    if recipe.meta is None:
        return
    judge = next((judge for judge in recipe.judge if judge.name == recipe.meta.judge), None)
    if judge is None or judge.num_opinions < 2:
        raise ValueError(
            "meta.judge: judgements are compared: name a rubric judge with read: text and repeats 2 or more"
        )
    if recipe.pair is None:
        raise ValueError("meta: pairs of judgements are trained on beside pairs of samples: add a pair section")


def _stepwise_has_a_pairwise_judge(recipe: Sections) -> None:
    if recipe.generate.kind == "stepwise" and [judge.compares for judge in recipe.judge] != [True]:
        raise ValueError("judge: generate.kind stepwise compares steps as it goes: write exactly one pairwise judge")


def _calibration_is_used(recipe: Sections) -> None:
    uses = any(getattr(part, "above", None) == "calibrated" for part in recipe.select)
    if uses and recipe.calibrate is None:
        raise ValueError("select: above: calibrated needs a calibrate section: add calibrate: {kind: balance}")
    if recipe.calibrate is not None and recipe.generate.kind != "independent":
        raise ValueError("calibrate: it picks a temperature for independent samples: write generate.kind: independent")
    if recipe.calibrate is not None and recipe.answer_judge() is None:
        raise ValueError("calibrate: it counts correct samples: add a judge of kind answer")


def _guide_can_check(recipe: Sections) -> None:
    if recipe.guide is not None and not recipe.judge[0].reads_gold:
        raise ValueError(
            "guide: it looks for problems that were solved too rarely: the first judge must be an answer judge"
        )


def _guide_draws_anew(recipe: Sections) -> None:
    guide = recipe.guide
    if guide is None:
        return
    temperature = recipe.generate.temperature if guide.temperature is None else guide.temperature
    if temperature == 0 and guide.max_extra > 1:
        raise ValueError(f"guide.max_extra: temperature 0 gives {guide.max_extra} times the same: write 1")


def _start_model_exists(recipe: Sections) -> None:
    for place, own in _learners(recipe):
        if own.warm_start is not None:
            continue
        for field in ("start_from", "reference"):
            if getattr(own.train, field) == "seed":
                raise ValueError(
                    f"{place}.{field}: 'seed' is the model of the warm start, and there is none: "
                    f"add a warm_start section or write {field}: base"
                )
        if "seed" in own.train.objective.further_references:
            raise ValueError(
                f"{place}.objective.regularise: 'seed' is the model of the warm start, and there is none: add a "
                "warm_start section or write reference: base"
            )
        if own.train.with_seed_data:
            raise ValueError(f"{place}.with_seed_data: there is no warm start: add one, or leave this out")


def _tuning_can_continue(recipe: Sections) -> None:
    for place, own in _learners(recipe):
        if own.warm_start is None or own.train.start_from == "base" or own.warm_start.tune.kind != "lora":
            continue
        if own.train.tune != own.warm_start.tune:
            raise ValueError(
                f"{place}.tune: the warm start makes an adapter, and start_from: {own.train.start_from} continues it, "
                "which needs the adapter's own settings: copy warm_start.tune, or write start_from: base"
            )


def _phases_fit_the_rounds(recipe: Sections) -> None:
    names, first = [phase.name for phase in recipe.phases], 1
    total = recipe.rounds.cycles * sum(phase.rounds for phase in recipe.phases)
    for index, phase in enumerate(recipe.phases):
        if phase.name in names[:index]:
            raise ValueError(f"phases.{index}: two phases are called '{phase.name}': write rounds.cycles to go through "
                             "the list again, or give each its own name")  # fmt: skip
        if recipe.rounds.max < first:
            raise ValueError(f"phases.{index}: '{phase.name}' begins with round {first} and is never reached: "
                             f"write rounds.max: {total}, or leave it out")  # fmt: skip
        first += phase.rounds
    if recipe.phases and recipe.rounds.max > total:
        raise ValueError(f"rounds.max: the phases have {total} rounds, and {recipe.rounds.max} are wanted: lengthen a "
                         "phase, or write rounds.cycles")  # fmt: skip
    if not recipe.phases and recipe.rounds.cycles > 1:
        raise ValueError("rounds.cycles: there are no phases to go through: leave it out")


def _text_fits(recipe: Sections) -> None:
    context = getattr(recipe.model, "max_length", None) or recipe.engine.max_model_length
    place = "generate" if recipe.online is None else "online.episode"
    if context is not None and recipe.episode.max_tokens >= context:
        raise ValueError(
            f"{place}.max_tokens: {recipe.episode.max_tokens} leaves no room for a prompt in a context of "
            f"{context} tokens: write a value below {context}"
        )


def _one_of(names: Iterable[str]) -> str:
    return f"write one of {', '.join(sorted(names)) or 'none'}"


RULES: tuple[Callable[[Any], None], ...] = (
    _judges_have_their_own_names,
    _named_judges_exist,
    _roles_exist,
    _roles_can_judge,
    _votes_have_answers,
    _answers_can_be_compared,
    _interpreter_is_everywhere,
    online_fits,
    _rows_fit_the_objective,
    _pairs_fit,
    _gains_have_something_before,
    _pairs_have_two_sides,
    _formats_are_read,
    _meta_judge_has_judgements,
    _stepwise_has_a_pairwise_judge,
    draws_fit,
    revision_fits,
    prefixes_fit,
    evaluated_revision_fits,
    _calibration_is_used,
    _guide_can_check,
    _guide_draws_anew,
    _start_model_exists,
    _tuning_can_continue,
    _text_fits,
    _phases_fit_the_rounds,
)
