"""Prefect task of the guide stage: more samples, with help, of problems that were solved too rarely."""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.around_generate import Guide
from configs.schema.drawing import Sampling
from configs.schema.generate import Generate
from configs.schema.judges.kinds import Judge
from tasks.core.bench import Workbench
from tasks.core.files import FEEDBACK, SAMPLES, TRAIN_SET, VERDICTS
from tasks.core.joined import joined
from tasks.core.prompts import read_prompt
from tasks.core.records import Label, Sample
from tasks.core.refs import ModelRef, StepRef
from tasks.core.roles import Cast, engine_identity, role_answerer, role_identity
from tasks.core.scratch import Scratch
from tasks.core.stage_task import stage_task
from tasks.core.step import Summary, derive_seed
from tasks.core.tables import write_records
from tasks.judge.verdicts import judge_samples
from tasks.judge.world import World
from tasks.sample.drive import drive
from tasks.sample.guide.difficulty import guide_summary
from tasks.sample.guide.help import prompt_names
from tasks.sample.guide.plan import require_help, standings
from tasks.sample.guide.stage import GUIDE
from tasks.sample.partners import partners_of
from tasks.sample.samplers.hinted import TEACHER, Guided, Hinted
from tasks.sample.shots import shots_of

COMMENTS_AS = "round_start"
"""the state of a role with states that comments on failed tries"""


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
    asked = (bench, config.role, cast.player(config.role, COMMENTS_AS))
    teacher = {"model": role_identity(*asked), "engine": engine_identity(*asked)} if is_taught else None
    inputs = {"model": model, "problems": problems, "samples": samples, "verdicts": verdicts}
    spec = GUIDE.spec(bench.recipe, bench.contents, round, inputs, prompts=prompts, teacher=teacher)
    seed = spec.seed or 0

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
        sampler = Hinted(
            config,
            tries_sampling(bench.recipe.generate, config),
            prompts,
            bench.recipe.judge[0],
            standing,
            model.digest,
        )
        others = {TEACHER: role_answerer(*asked)} if is_taught else {}
        shots = shots_of(bench.recipe, ledger, problems, round)
        partners = shots.before(partners_of(bench, model, cast, seed, scratch.answers, others))
        shown = shots.shown(known[item.problem_id] for item in short)
        episodes = list(shots.put_back(drive(sampler, shown, partners, seed)))
        world = World(known, bench, cast, derive_seed(seed, "judge"), scratch.answers)
        _write(scratch, episodes, bench.recipe.judge, world)
        outcomes = {episode.problem.id: episode.outcomes for episode in episodes if episode.nodes}
        return guide_summary(short, outcomes, config.min_correct)

    return bench.step(spec, produce)


def tries_sampling(generate: Generate, config: Guide) -> Sampling:
    """The round's settings of a draw, at the guide's temperature."""
    sampling = generate.sampling()
    return sampling if config.temperature is None else sampling.model_copy(update={"temperature": config.temperature})


def _write(scratch: Scratch, episodes: Sequence[Guided], judges: Sequence[Judge], world: World) -> None:
    """Tries, all judges' verdicts on them, and a teacher's comments. The judges after the first see all tries of a
    problem together."""
    tries = [node for episode in episodes for node in episode.nodes]
    first = [verdict for episode in episodes for verdict in episode.verdicts]
    write_records(scratch.out / SAMPLES.file(0), Sample, tries)
    VERDICTS.write(scratch.out, judge_samples(tries, judges, world, {judges[0].name: first}))
    comments = [row for episode in episodes for row in episode.comments or ()]
    if comments:
        FEEDBACK.write(scratch.out, comments)
