"""A segment as work for a learner, wherever that is."""

from __future__ import annotations

from configs.schema.engine import TransformersEngine
from configs.schema.online.teacher_rules import judged_every
from infra.engines.errand import Errand
from infra.engines.learn.work import LearnWork
from infra.engines.train.work import MODEL, REFERENCE, RESUME_STATE
from tasks.core.bench import Workbench
from tasks.core.local_model import StoredFolder
from tasks.core.refs import ModelRef, StepRef
from tasks.core.step import StepSpec
from tasks.learn.run import Schedule
from tasks.online.drawings import has_kl_term
from tasks.online.size import most_rows


def segment_errand(
    bench: Workbench,
    spec: StepSpec,
    start: ModelRef,
    reference: ModelRef | None,
    schedule: Schedule,
    made: StepRef | None,
    seed: int,
    num_known_waves: int,
) -> Errand[LearnWork]:
    """What a segment asks of its learner, and the models and the folder that it needs.

    Args:
        start: the model that it starts from, and `made` the step that made that.
        seed: of the run of segments.
        num_known_waves: waves that are published.
    """
    recipe, train, online, engine = bench.recipe, bench.recipe.train, bench.recipe.online, bench.recipe.engine
    assert online is not None, "it has a segment"
    drawing = engine if isinstance(engine, TransformersEngine) else TransformersEngine(
        dtype=engine.dtype, max_model_length=engine.max_model_length, devices=engine.devices
    )  # fmt: skip
    work = LearnWork(start.name, train.model_copy(update={"max_steps": schedule.num_steps}), drawing, {
        "tune": train.tune, "seed": seed, "objective": train.objective,
        "reference_digest": reference.digest if reference else "",
        "total_steps": schedule.total_steps, "first_step": schedule.first_step,
        "identity": spec.key, "most_rows": most_rows(online),
        "steps_per_wave": online.steps_per_wave, "inner_epochs": online.inner_epochs,
        "compare_start_every": online.probe.every_steps if online.probe else 0,
        "temperature": online.episode.temperature, "max_tokens": online.episode.max_tokens,
        "has_moving_copy": online.moving is not None or judged_every(recipe) is not None,
        "compares_drawn": has_kl_term(recipe),
        "num_known_waves": num_known_waves,
    })  # fmt: skip
    models = {MODEL: bench.source(lambda: start)}
    if reference is not None:
        models[REFERENCE] = bench.source(lambda: reference)
    folders = {}
    if schedule.first_step and made is not None:
        folders[RESUME_STATE] = StoredFolder(bench.ledger, made, "optimizer")
    return Errand(spec.key, work, models, folders)
