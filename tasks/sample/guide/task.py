"""Prefect task of the guide stage: more samples, with help, of problems that were solved too rarely."""

from __future__ import annotations

from tasks.core.bench import Workbench
from tasks.core.files import SAMPLES, TRAIN_SET, VERDICTS
from tasks.core.joined import joined
from tasks.core.prompts import read_prompt
from tasks.core.records import Label
from tasks.core.refs import ModelRef, StepRef
from tasks.core.roles import Cast, engine_identity, role_identity
from tasks.core.scratch import Scratch
from tasks.core.stage_task import stage_task
from tasks.core.step import Summary
from tasks.sample.guide.guidance import FROZEN, Guidance
from tasks.sample.guide.help import prompt_names
from tasks.sample.guide.plan import require_help, standings
from tasks.sample.guide.run import write_guided
from tasks.sample.guide.stage import GUIDE


@stage_task(GUIDE)
def guide(
    bench: Workbench, round: int, model: ModelRef, problems: StepRef, samples: StepRef, verdicts: StepRef, cast: Cast
) -> StepRef:
    """Guided samples of one round, `shard-00000.parquet` and `verdicts.parquet`, in the order of the problems; where a
    teacher commented on failed tries, `feedback.parquet`.

    Args:
        model: writes the tries; the one that wrote `samples`.
        problems: the step with `train.parquet`.
        verdicts: on `samples`; the first judge's labels say who is guided.
    """
    config, ledger = bench.recipe.guide, bench.ledger
    assert config is not None, "the flow asks for guidance only where the recipe has it"
    prompts = tuple(read_prompt(name, bench.base_dir) for name in prompt_names(config))
    is_taught = config.kind == "interactive"
    asked = (bench, config.role, cast.player(config.role, FROZEN))
    teacher = {"model": role_identity(*asked), "engine": engine_identity(*asked)} if is_taught else None
    inputs = {"model": model, "problems": problems, "samples": samples, "verdicts": verdicts}
    spec = GUIDE.spec(bench.recipe, bench.contents, round, inputs, prompts=prompts, teacher=teacher)

    def produce(scratch: Scratch) -> Summary:
        known = {row.id: row for row in TRAIN_SET.read(ledger, problems)}
        opinions = VERDICTS.read(ledger, verdicts)
        names = [judge.name for judge in bench.recipe.judge]
        judged = joined(SAMPLES.read(ledger, samples), opinions, names, known)
        labelled = ((one.sample, Label(one.verdict(None).label)) for one in judged)
        standing = {item.problem_id: item for item in standings(labelled)}
        ordered = [standing[problem_id] for problem_id in known if problem_id in standing]
        require_help((known[item.problem_id] for item in ordered), config)
        short = [item for item in ordered if item.num_correct < config.min_correct]
        return write_guided(Guidance(bench, config, model, cast, short, known, prompts, spec.seed or 0, scratch))

    return bench.step(spec, produce)
