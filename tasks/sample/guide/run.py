"""Guide joined to generators and judges: guided tries of the problems that were solved too rarely.

Called by `task.py`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from configs.schema.judge import Judge
from tasks.core.files import FEEDBACK, SAMPLES, VERDICTS
from tasks.core.records import Sample, Verdict
from tasks.core.step import Summary, derive_seed
from tasks.core.tables import write_records
from tasks.judge.verdicts import judge_samples
from tasks.judge.world import World
from tasks.sample.guide.difficulty import guide_summary
from tasks.sample.guide.feedback import read_feedback
from tasks.sample.guide.guidance import Guidance
from tasks.sample.guide.help import Ask, ask_with_feedback, ask_with_help
from tasks.sample.guide.plan import Standing
from tasks.sample.guide.waves import Tries, draw_texts, run_waves, to_sample


def write_guided(guidance: Guidance) -> Summary:
    """Draw, judge and write the guided samples of a round; returns the step's summary.

    Resumes from the waves that lie in the work folder.

    Raises:
        EngineError: a generator could not start, or died.
        ProblemsError, RecipeError: as `tasks/sample/guide/help.py`.
    """
    tries = _guided_tries(guidance)
    order = [item.problem_id for item in guidance.standing if item.problem_id in tries.samples]
    samples = [sample for problem_id in order for sample in tries.samples[problem_id]]
    first = [verdict for problem_id in order for verdict in tries.verdicts[problem_id]]
    scratch = guidance.scratch
    write_records(scratch.out / SAMPLES.file(0), Sample, samples)
    VERDICTS.write(scratch.out, _all_verdicts(guidance, samples, first))
    if (comments := scratch.work / FEEDBACK.name).exists():
        shutil.copyfile(comments, scratch.out / FEEDBACK.name)
    return guide_summary(guidance.standing, tries.outcomes(), guidance.config.min_correct)


def _guided_tries(guidance: Guidance) -> Tries:
    if not guidance.standing:
        return Tries()
    make_ask = _asks(guidance)
    drawing, config, model = guidance.drawing(), guidance.config, guidance.model

    def draw(wave: int, open_now: Sequence[Standing]) -> list[Sample]:
        asks = {item.problem_id: make_ask(item, wave) for item in open_now}
        texts = draw_texts(guidance.bench.generator(model), asks, 1, drawing, f"wave-{wave:03d}")
        return [
            to_sample(item, wave, asks[item.problem_id], texts[item.problem_id][0], config.kind, model.digest)
            for item in open_now
            if texts[item.problem_id]  # a request that was set aside makes no try
        ]

    def judge(samples: list[Sample]) -> list[Verdict]:
        return list(_judge(guidance, guidance.bench.recipe.judge[:1], samples, {}))

    return run_waves(guidance.standing, config, draw, judge, guidance.scratch.work)


def _asks(guidance: Guidance) -> Callable[[Standing, int], Ask]:
    """What a problem is asked in a wave."""
    config, problems, prompts = guidance.config, guidance.problems, guidance.prompts
    if config.kind != "interactive":
        return lambda item, _: ask_with_help(problems[item.problem_id], config, prompts[0] if prompts else "")
    comments = read_feedback(guidance)

    def ask(item: Standing, wave: int) -> Ask:
        assert item.failed is not None, "the plan leaves out problems without a failed try"
        return ask_with_feedback(problems[item.problem_id], item.failed, comments[item.problem_id][wave], prompts[1])

    return ask


def _all_verdicts(guidance: Guidance, samples: list[Sample], first: list[Verdict]) -> Iterator[Verdict]:
    """Verdicts of all judges, sample by sample. The judges after the first see all tries of a problem together."""
    judge, *others = guidance.bench.recipe.judge
    judged = _judge(guidance, others, samples, {judge.name: first})
    for verdict in first:
        yield verdict
        yield from islice(judged, len(others))


def _judge(
    guidance: Guidance, judges: Sequence[Judge], samples: list[Sample], given: Mapping[str, Sequence[Verdict]]
) -> Iterator[Verdict]:
    seed = derive_seed(guidance.seed, "judge")
    world = World(guidance.problems, guidance.bench, guidance.cast, seed, guidance.scratch.progress)
    return judge_samples(samples, judges, world, given)
