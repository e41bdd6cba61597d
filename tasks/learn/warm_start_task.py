"""Prefect task of the warm start: SFT of the base model on worked examples, kept as the seed model."""

from __future__ import annotations

from configs.schema.objective import Sft
from configs.schema.role import POLICY
from tasks.core.bench import Workbench
from tasks.core.files import set_called
from tasks.core.refs import ModelRef, StepRef, trained_model
from tasks.core.scratch import Scratch
from tasks.core.stage_task import stage_task
from tasks.core.step import Summary
from tasks.learn.rows import example_row, write_rows
from tasks.learn.run import Phase, train_model
from tasks.learn.stages import WARM_START
from tasks.learn.worked_examples import worked_examples


@stage_task(WARM_START)
def warm_start(bench: Workbench, round: int, base: ModelRef, problems: StepRef, *, learner: str = POLICY) -> ModelRef:
    """The seed model of the policy, or of a role.

    Args:
        problems: the step with the warm start's set.

    Raises:
        ProblemsError: a problem has no worked solution.
    """
    recipe = bench.recipe.for_learner(learner)
    settings = recipe.warm_start
    assert settings is not None, "the flow asks for a warm start only where the recipe has one"
    spec = WARM_START.spec(recipe, bench.contents, 0, {"model": base, "problems": problems}, learner)
    objective = Sft()

    def produce(scratch: Scratch) -> Summary:
        rows = scratch.work / "rows.jsonl"
        worked = set_called(bench.recipe.warm_start_set(learner)).read(bench.ledger, problems)
        write_rows(rows, map(example_row, worked_examples(worked)))
        workplace = bench.training_place()
        phase = Phase(spec.key, bench.source(lambda: base), base.name, settings, objective, spec.seed or 0)
        return train_model(phase, rows, scratch, workplace)

    name = "seed" if learner == POLICY else f"{learner}-seed"
    return trained_model(name, base, bench.step(spec, produce), is_adapter=settings.tune.kind == "lora")
