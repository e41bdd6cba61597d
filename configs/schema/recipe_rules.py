"""Rules between the sections of a recipe. Each error names the field and says what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from configs.schema.draws.adaptive_rules import fewer_draws_fit
from configs.schema.draws.rules import draws_fit
from configs.schema.judges.rules import judges_fit, labels_fit
from configs.schema.learners import learners_of
from configs.schema.learning_rules import learning_fits
from configs.schema.online.rules import online_fits
from configs.schema.part_rules import parts_are_written
from configs.schema.revision.evaluated import evaluated_revision_fits
from configs.schema.revision.rules import prefixes_fit, revision_fits
from configs.schema.sections import Sections


def check_recipe_rules(recipe: Sections) -> None:
    """Nothing, where the sections agree; the first rule that is broken is raised as ValueError."""
    for rule in RULES:
        rule(recipe)


def _interpreter_is_everywhere(recipe: Sections) -> None:
    """Texts that are set side by side are drawn alike."""
    if recipe.interpreter is None:
        return
    if recipe.guide is not None:
        raise ValueError("guide: its tries are drawn without generate.interpreter: leave guide out, or write a hint "
                         "step with generate: {kind: revise}")  # fmt: skip
    if recipe.calibrate is not None:
        raise ValueError("calibrate: it draws without generate.interpreter: leave one of them out")


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
    for place, own in learners_of(recipe):
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
    for place, own in learners_of(recipe):
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
    asked = recipe.evaluate.benchmarks.sets if recipe.evaluate.benchmarks else {}
    lengths = {place: recipe.episode.max_tokens, "evaluate": recipe.evaluate.max_tokens}
    lengths |= {f"evaluate.benchmarks.sets.{name}": one.max_tokens for name, one in asked.items()}
    for name, length in lengths.items():
        if context is not None and length is not None and length >= context:
            raise ValueError(
                f"{name}.max_tokens: {length} leaves no room for a prompt in a context of {context} tokens: write a "
                f"value below {context}"
            )


def _repetition_is_seen(recipe: Sections) -> None:
    """By an engine that sees tokens as they are drawn."""
    if recipe.episode.repetition is None:
        return
    if recipe.online is not None:
        raise ValueError("online.episode.repetition: a wave trains on texts that end by themselves or at max_tokens: "
                         "leave it out")  # fmt: skip
    writers = [(writer.role, "generate") for writer in recipe.generate.writers]
    writers += [(recipe.guide.role, "guide")] if recipe.guide is not None and recipe.guide.kind == "interactive" else []
    for name, place in writers:
        role = recipe.roles.get(name)
        if role is not None and role.engine is not None and not role.engine.loads_model:
            raise ValueError(f"generate.repetition: in {place} '{name}' writes behind a server, which does not end "
                             "texts so: leave it out, or give the role a model of its own")  # fmt: skip


RULES: tuple[Callable[[Any], None], ...] = (
    judges_fit,
    _interpreter_is_everywhere,
    online_fits,
    learning_fits,
    _meta_judge_has_judgements,
    _stepwise_has_a_pairwise_judge,
    draws_fit,
    revision_fits,
    prefixes_fit,
    evaluated_revision_fits,
    parts_are_written,
    labels_fit,
    _calibration_is_used,
    _guide_can_check,
    fewer_draws_fit,
    _guide_draws_anew,
    _start_model_exists,
    _tuning_can_continue,
    _text_fits,
    _repetition_is_seen,
    _phases_fit_the_rounds,
)
