"""A wave's groups: problems are drawn, judged and handed on, group by group, in the order of the problems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from configs.schema.judges.kinds import Judge
from infra.engines.questions import Tokens
from tasks.core.records import Judgement, Problem, Sample, Verdict
from tasks.core.step import derive_seed
from tasks.judge.judgements import InMemory
from tasks.judge.verdicts import judge_samples
from tasks.judge.world import World
from tasks.online.divergence import Divergence
from tasks.online.electing import Electing
from tasks.online.live import LiveTexts, is_drawn
from tasks.sample.drive import Partners, drive_together
from tasks.sample.episode import Episode, Sampler


@dataclass(frozen=True)
class Drawn:
    """What was drawn of one problem in one wave.

    Attributes:
        nodes: depth first, with the wave in their ids.
        verdicts: of all of the recipe's judges on each answer, in the order of the judges.
        tokens: of what the live weights wrote, by the node's id.
        divergence: to the reference, summed over a text's tokens, by the node's id and the estimate; where the reward
            asks for it.
        teachers: tokens that a row's teacher sees before it, by the node's id.
        contexts: tokens that a row is trained under in place of its own prompt, by the node's id.
        counts: what the sampler counts of the problem.
    """

    problem: Problem
    nodes: tuple[Sample, ...]
    verdicts: tuple[Verdict, ...]
    tokens: Mapping[str, Tokens]
    divergence: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    contexts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    teachers: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)


class Collected(InMemory):
    """Judgements of several draws of one wave.

    Attributes:
        all: by judge and pass.
    """

    def __init__(self) -> None:
        super().__init__()
        self.all: dict[tuple[str, str], list[Judgement]] = {}

    def put(self, judge: str, part: str, rows: Iterable[Judgement]) -> None:
        own = list(rows)
        self.all.setdefault((judge, part), []).extend(own)
        super().put(judge, part, own)


@dataclass(frozen=True)
class Drawing:
    """How a segment draws and judges.

    Args:
        partners: whom episodes ask; the policy's texts come from `live`.
        world: where judges work; its seed is the run's.
        judges: the recipe's, in their order.
        model: digest of the live weights.
        electing: votes of others than the samples themselves.
        divergence: to the reference; None where no reward asks for it.
        kept: what judging models said, of all draws.
    """

    sampler: Sampler[Any]
    partners: Partners
    live: LiveTexts
    world: World
    judges: Sequence[Judge]
    model: str
    electing: Electing
    divergence: Divergence | None = None
    kept: Collected = field(default_factory=Collected)

    def draw(self, problems: Sequence[Problem], wave: int, run_wave: int, seed: int) -> list[Drawn]:
        """Groups of these problems, drawn with the weights of the moment.

        Args:
            wave: number in the segment, for ids.
            run_wave: number in the run of segments, which seeds come from.
            seed: of the run.
        """
        own = derive_seed(seed, "wave", run_wave)
        episodes = drive_together(self.sampler, problems, self.partners, own)
        nodes = [[in_wave(node, wave) for node in episode.nodes] for episode in episodes]
        tokens = [self._tokens(named, episode) for named, episode in zip(nodes, episodes, strict=True)]
        world = replace(self.world, seed=derive_seed(own, "judge"))
        verdicts = judge_samples([node for group in nodes for node in group], self.judges, world, kept=self.kept)
        told = self.electing.settle(list(verdicts), self.judges, problems, self.partners, world, own)
        waiting = iter(told)
        far = self.divergence.of(tokens) if self.divergence is not None else {}
        return [
            Drawn(
                episode.problem,
                tuple(group),
                tuple(islice(waiting, sum(node.is_answer for node in group) * len(self.judges))),
                own_tokens,
                {node.id: far[node.id] for node in group if node.id in far},
                counts=self.sampler.numbers(episode),
            )
            for episode, group, own_tokens in zip(episodes, nodes, tokens, strict=True)
        ]

    def _tokens(self, named: Sequence[Sample], episode: Episode) -> dict[str, Tokens]:
        """Of what the live weights wrote, by the id in the wave."""
        drawn = (pair for pair in zip(named, episode.nodes, strict=True) if is_drawn(pair[1]))
        found = {new.id: self.live.tokens_of(old, episode.starts.get(old.id)) for new, old in drawn}
        return {name: tokens for name, tokens in found.items() if tokens is not None}


def in_wave(node: Sample, wave: int) -> Sample:
    """The node with its wave in its id, and in its parent's: a problem may be drawn in several waves of a segment."""
    before = f"{node.problem_id}/"

    def named(old: str) -> str:
        return f"{before}w{wave}/{old.removeprefix(before)}"

    parent = node.parent_id
    return replace(node, id=named(node.id), parent_id=None if parent is None else named(parent), state="live")
