"""The body of a segment: wave after wave is drawn, judged, rewarded, published, and only then trained on. No torch.

    wanted by the learner -> published already? -> its rows again
                          -> drawn: groups, refilled where they are flat -> credit -> published -> its rows

What is published is what counts: a run that was killed hands the same rows to a learner that goes on from a checkpoint
between two waves.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from configs.schema.guard import Guard
from configs.schema.online.section import Online
from configs.schema.online.waves import VoteShare
from infra.engines.learn.learner import Learner
from infra.engines.learn.rows import write_rows
from tasks.core.records import Problem, Sample
from tasks.core.step import derive_seed
from tasks.decide.guards import in_waves
from tasks.online.carried import Carried
from tasks.online.course import watched
from tasks.online.curriculum import PassRates, choose_problems, remember
from tasks.online.derived.deriving import Deriving, with_made
from tasks.online.draw import Drawing, in_wave
from tasks.online.monitors_of import wave_numbers
from tasks.online.numbers import best_probed, ending_guard, may_take_best, takes_best
from tasks.online.order import problems_from
from tasks.online.probe import Probing
from tasks.online.refill import Next, after_draw, fill
from tasks.online.schedule import Position, amount_at
from tasks.online.settle import Rated, Settling
from tasks.online.starts import first_of_pairs
from tasks.online.still import rate_of
from tasks.online.tables import ELECTORS, PROBED, sorted_by, stream_rows, write_judgements, write_wave
from tasks.online.votes import drop_few_votes
from tasks.online.wave_folder import Wave, WaveFolder

NO_SIGNAL = "no_signal"
"""why a segment ends where a wave cannot be filled"""


@dataclass
class Conductor:
    """One segment.

    Args:
        problems: of the train set, in its order.
        begin: where the run of segments stands.
        seed: of the run.
        draw_at: (number of a wave in the segment) -> how it is drawn.
        settling: rewards and credit.
        deriving: rows beside those of episodes.
        waves: those that are published, from 0 on.
        guards: of the round; those that can end a segment are asked after each wave.
        work: folder for what is handed over.
        probing: what is asked beside.
        every: for how many waves the weights stand still that judge; None: they are those of each wave.
        twins: by problem the one that comes with it; all others are not drawn. Empty: every problem by itself.

    Attributes:
        ended: why the segment ended early; empty where it did not.
        num_trained: waves that the result was trained on.
    """

    online: Online
    problems: Sequence[Problem]
    begin: Carried
    seed: int
    draw_at: Callable[[int], Drawing]
    settling: Settling
    deriving: Deriving
    folder: WaveFolder
    waves: list[Wave]
    guards: Sequence[Guard]
    work: Path
    probing: Probing | None = None
    twins: Mapping[str, str] = field(default_factory=dict)
    every: int | None = None
    ended: str = field(default="", init=False)
    num_trained: int = field(default=0, init=False)

    def run(self, learner: Learner) -> None:
        """Serve a learner to its end. A wave at which the segment ends is published, and not trained on.

        A guard that ends it and refuses nothing (`end_segment`) makes the weights the result whose probe was best.
        """
        while (number := learner.wanted()) is not None:
            wave = self.waves[number] if number < len(self.waves) else self._publish(number)
            known = self.waves[: number + 1]
            best = best_probed(known) if may_take_best(self.guards) else None
            if best is not None and best == number:
                learner.keep(number)
            spoke = ending_guard(self.guards, known) if wave.is_trained else None
            self.ended = in_waves(spoke) if spoke else "" if wave.is_trained else NO_SIGNAL
            self.num_trained = number
            if self.ended:
                is_best_taken = best is not None and spoke is not None and takes_best(spoke)
                self.num_trained = best if is_best_taken and best is not None else number
                learner.stop(best if is_best_taken else None)
            else:
                self.num_trained = number + 1
                rows = self.work / "rows.jsonl"
                write_rows(rows, stream_rows(self.folder, wave))
                learner.train(rows, wave.seed, self._rate(number))

    def _rate(self, number: int) -> float:
        """Of the moving copy, in the steps of a wave."""
        before = self.waves[number - 1].after if number else self.begin
        if self.every is not None:
            return rate_of(before.position.waves, self.every)
        return amount_at(self.online.moving.rate, before.position) if self.online.moving else 0.0

    def _publish(self, number: int) -> Wave:
        before = self.waves[-1].after if self.waves else self.begin
        drawing = self.draw_at(number)
        numbers: dict[str, float | None] = {}
        probed: list[Sample] = []
        if self.probing is not None and self.probing.is_due(before.position.steps):
            probed, numbers["probe_accuracy"] = self.probing.ask(drawing, number)
        drawn, place = self._draw(drawing, number, before)
        made = self.deriving.make(drawing, drawn, number, before, self.seed)
        settled = self.settling.settle([one for one in drawn if one.is_used], before, made.groups)
        folder = self.work / "wave"
        shutil.rmtree(folder, ignore_errors=True)
        policy_step = number * self.online.steps_of_wave
        groups = sorted((with_made(one.drawn, made) for one in drawn), key=sorted_by(self.problems))
        drops = {name: reason for one in drawn for name, reason in one.drops.items()} | settled.drops | made.drops
        rewards = [*(row for one in drawn for row in one.rewards), *made.rewards]
        write_wave(folder, number, policy_step, groups, rewards, [*settled.credit, *made.credit], drops)
        if probed:
            PROBED.write(folder, probed)
        if drawing.electing.samples:
            ELECTORS.write(folder, (in_wave(node, number) for node in drawing.electing.samples))
        write_judgements(folder, drawing.kept, self.problems)
        numbers |= drawing.electing.numbers([one.drawn.problem for one in drawn])
        numbers |= wave_numbers(self.settling.recipe.judge, drawn, settled, self.online.choice) | made.known_numbers
        course = before.course.after(watched(numbers))
        steps = before.position.steps + self.online.steps_of_wave
        after = replace(
            before, position=Position(steps, before.position.waves + 1), next_problem=place,
            remembered=settled.remembered, pass_rates=self._pass_rates(before, drawn), course=course,
        )  # fmt: skip
        wave = Wave(
            number=number,
            policy_step=policy_step,
            seed=derive_seed(self.seed, "train", before.position.waves),
            groups_drawn=len(drawn),
            groups_kept=sum(one.is_used for one in drawn),
            numbers={**numbers, **course.rises()},
            after=after,
        )
        self.waves.append(self.folder.publish(wave, folder))
        return self.waves[-1]

    def _draw(self, drawing: Drawing, number: int, before: Carried) -> tuple[list[Rated], int]:
        """Groups in the order of drawing, those that are trained on marked; and the place behind their problems.

        Flat groups are drawn over: further problems take their places, and no problem comes twice in a wave.
        """
        online, drawn, place = self.online, list[Rated](), before.next_problem
        max_extra, extra = online.max_extra_waves if online.flat_groups == "drop" else 0, -1
        least = online.min_share if online.flat_groups == "drop" else 0.0
        while True:
            extra += 1
            seen = {one.drawn.problem.id for one in drawn}
            fresh, place = self._next_problems(place, seen, before, extra)
            groups = drawing.draw(fresh, number, before.position.waves, self.seed)
            drawn += self._in_share(self.settling.rate(groups, before))
            teaching = [not one.reason for one in drawn]
            left = max_extra if fresh and len(drawn) < len(self.problems) else extra
            follows = after_draw(sum(teaching), online.problems_per_wave, extra, left, least)
            if follows != Next.DRAW:
                break
        used = set(fill(teaching, online.problems_per_wave) if follows == Next.TRAIN else ())
        return [replace(one, is_used=index in used) for index, one in enumerate(drawn)], place

    def _in_share(self, drawn: list[Rated]) -> list[Rated]:
        """The groups of one draw, those marked that a curriculum leaves out."""
        curriculum = self.online.curriculum
        if not isinstance(curriculum, VoteShare):
            return drawn
        voters = (judge.name for judge in self.settling.recipe.judge if judge.kind == "vote")
        return drop_few_votes(curriculum, curriculum.judge or next(voters), drawn)

    def _next_problems(self, place: int, seen: set[str], before: Carried, extra: int) -> tuple[list[Problem], int]:
        """Problems that the wave has not seen, in the order of the run, and the place behind them.

        Args:
            extra: draws of the wave so far; a curriculum draws anew in each.
        """
        wanted, curriculum = self.online.groups_of_draw, self.online.curriculum
        pool = first_of_pairs(self.problems, self.twins) if self.twins else self.problems
        wanted = wanted // 2 if self.twins else wanted
        seed = None if self.online.episode.order == "next" else self.seed
        offered: dict[str, tuple[Problem, int]] = {}
        for after, problem in enumerate(islice(problems_from(pool, seed, place), len(pool)), place + 1):
            if problem.id not in seen:
                offered.setdefault(problem.id, (problem, after))
        ids = list(offered)
        if curriculum is None or isinstance(curriculum, VoteShare):
            chosen = ids[:wanted]
        else:
            own = derive_seed(self.seed, "curriculum", before.position.waves, extra)
            chosen = choose_problems(curriculum, ids, before.pass_rates, wanted, own)
        last = max((offered[name][1] for name in chosen), default=place)
        behind = last if curriculum is None or curriculum.kind != "pools" else place + len(chosen)
        return self._with_twins([offered[name][0] for name in chosen]), behind

    def _with_twins(self, problems: Sequence[Problem]) -> list[Problem]:
        """Each problem with its twin behind it, where there are twins."""
        known = {problem.id: problem for problem in self.problems}
        pairs = [(problem, known.get(self.twins.get(problem.id, ""))) for problem in problems]
        return [one for pair in pairs for one in pair if one is not None]

    def _pass_rates(self, before: Carried, drawn: Sequence[Rated]) -> PassRates:
        """What curricula remember: the share of each group's last attempts that are right."""
        curriculum, rates = self.online.curriculum, before.pass_rates
        if curriculum is None or isinstance(curriculum, VoteShare):
            return rates
        for one in drawn:
            last = [rollout.turns[rollout.attempts[-1]] for rollout in one.group.rollouts if rollout.attempts]
            if last:
                share = sum(turn.is_right is True for turn in last) / len(last)
                rates = remember(rates, curriculum.decay, one.drawn.problem.id, share)
        return rates
