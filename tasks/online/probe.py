"""The probe: how often greedy answers of the live weights are right, on train problems that no wave ever draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from configs.errors import ProblemsError
from configs.schema.drawing import Sampling
from configs.schema.judges.by_rule import AnswerJudge
from configs.schema.online.section import Online
from configs.schema.online.waves import Probe
from configs.schema.recipe import Recipe
from configs.schema.verifiers.kinds import Verifier
from tasks.core.records import Label, Problem, Sample
from tasks.core.step import derive_seed
from tasks.judge.verdicts import judge_samples
from tasks.online.draw import Drawing, in_wave
from tasks.online.live import LiveTexts
from tasks.sample.draws.independent import Draws, Independent
from tasks.sample.drive import drive

LARGEST_SHARE = 0.2
"""of the train problems that are set aside at most"""
PROBE = "probe"


@dataclass(frozen=True)
class Probing:
    """What is asked now and then; nothing where no problem is set aside.

    Args:
        every_steps: optimizer steps between two probes, at least.
        steps_per_wave: of a wave.
    """

    problems: tuple[Problem, ...]
    verifier: Verifier
    every_steps: int
    steps_per_wave: int
    max_tokens: int
    stop: tuple[str, ...]

    def is_due(self, steps: int) -> bool:
        """Whether a wave before which so many steps were done is probed: the first, and the first behind a border."""
        return bool(self.problems) and is_due(steps, self.every_steps, self.steps_per_wave)

    def ask(self, drawing: Drawing, wave: int) -> tuple[list[Sample], float | None]:
        """The greedy answers, and the share of right ones; a problem without an answer is not right."""
        sampling = Sampling(temperature=0.0, max_tokens=self.max_tokens, stop=self.stop)
        sampler = Independent([Draws(sampling, 1, PROBE)], drawing.model)
        texts = LiveTexts(drawing.live.pool, drawing.live.shard_size, drawing.live.missing)
        partners = drawing.partners.asking(texts)
        nodes = [node for episode in drive(sampler, self.problems, partners, 0) for node in episode.nodes]
        judge = AnswerJudge(name=PROBE, verifier=self.verifier)
        verdicts = list(judge_samples(nodes, [judge], drawing.world))
        right = sum(verdict.label == Label.CORRECT for verdict in verdicts)
        return [in_wave(node, wave) for node in nodes], right / len(self.problems)


def is_due(steps: int, every: int, steps_per_wave: int) -> bool:
    """Whether a wave before which a run of segments did so many steps is the first, or the first behind a border."""
    return steps == 0 or steps // every > (steps - steps_per_wave) // every


def most_probed(probe: Probe, num_train: int) -> int:
    """Problems that are set aside of so many, where all have gold answers."""
    return min(probe.problems, int(LARGEST_SHARE * num_train))


def probe_verifier(recipe: Recipe) -> Verifier | None:
    """What compares with gold answers; None where nothing of the recipe does."""
    judged = recipe.answer_judge() is not None or recipe.evaluate.verifier is not None
    return recipe.verifier_for_gold() if judged else None


def require_enough(online: Online, drawable: Sequence[Problem], asked: Sequence[Problem]) -> None:
    """Nothing, where the problems that waves draw are enough for one; ProblemsError if they are not."""
    if len(drawable) < online.groups_of_draw:
        most = max(len(drawable) * online.problems_per_wave // online.groups_of_draw, 1)
        raise ProblemsError(
            f"a wave has {online.groups_of_draw} problems, and the train set {len(drawable)}"
            + (f", without the {len(asked)} that the probe asks" if asked else ""),
            f"write online: {{problems_per_wave: {most}}} or fewer, or add problems",
        )


def set_aside(
    problems: Sequence[Problem], probe: Probe | None, verifier: Verifier | None, seed: int
) -> tuple[list[Problem], tuple[Problem, ...]]:
    """The problems that waves draw, and those that the probe asks: some of those with a gold answer, at most a fifth of
    all.

    Args:
        verifier: what compares with gold; None: there is nothing to probe by.
        seed: of the recipe.
    """
    if probe is None or verifier is None:
        return list(problems), ()
    known = sorted(
        (problem for problem in problems if problem.gold is not None),
        key=lambda problem: derive_seed(seed, PROBE, problem.id),
    )
    chosen = known[: most_probed(probe, len(problems))]
    taken = {problem.id for problem in chosen}
    return [problem for problem in problems if problem.id not in taken], tuple(chosen)
