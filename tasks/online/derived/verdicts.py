"""Derived rows `verdicts`: the policy judges what it wrote, and learns from whether that is true (RISE)."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import replace

from configs.schema.online.derived import DerivedVerdicts
from infra.engines.questions import Completion, Request
from tasks.core.prompts import render
from tasks.core.records import SAID_RIGHT, SAID_WRONG, Message, Part, Reward, Sample
from tasks.online.credit.assign import Judged
from tasks.online.credit.numbers import mean
from tasks.online.derived.made import Made, Scene, chat, question_of
from tasks.online.monitors.wave import share
from tasks.online.reward import Rewarded
from tasks.online.rollout import Rollout, Turn
from tasks.online.settle import Rated
from tasks.sample.episode import to_sample


def make(config: DerivedVerdicts, scene: Scene, prompt: str) -> Made:
    asked = _chosen(config, scene)
    chats = [_asked(one, turn, prompt) for one, turn in asked]
    requests = [
        Request(f"{turn.sample_id}:{config.name}", chat(messages), config.count,
                seed=scene.seed_of(config.name, turn.sample_id))
        for (_, turn), messages in zip(asked, chats, strict=True)
    ]  # fmt: skip
    drawn = scene.ask(scene.sampling(config.max_tokens), requests)
    groups = [
        (turn, [(_node(config, scene, one, turn, row, messages), row) for row in rows])
        for (one, turn), messages, rows in zip(asked, chats, drawn, strict=True)
    ]
    return _rewarded(config, groups)


def even_split(sizes: Sequence[int], wanted: int) -> list[int]:
    """How many are taken of each group, so that all give the same, the earlier ones one more where it does not divide;
    what a group does not have, the others give.

    Args:
        sizes: how many each has.
    """
    taken = [0] * len(sizes)
    left = min(wanted, sum(sizes))
    while left:
        for place, size in enumerate(sizes):
            if left and taken[place] < size:
                taken[place] += 1
                left -= 1
    return taken


def value_of(config: DerivedVerdicts, said: str | None, label: str) -> float:
    """The reward of a verdict on an attempt with that label."""
    if said is None:
        return config.unparseable
    told = next(word for known, word in config.says.items() if known == label)
    return config.right if same(said, told) else config.wrong


def read(config: DerivedVerdicts, text: str) -> str | None:
    """What a verdict says: the last match; None where there is none."""
    found = re.findall(config.pattern, text)
    last = found[-1] if found else None
    return last[0] if isinstance(last, tuple) else last


def same(said: str, wanted: str) -> bool:
    """Whether two words are the same, but for blanks and the case of letters."""
    return said.strip().casefold() == wanted.strip().casefold()


def _chosen(config: DerivedVerdicts, scene: Scene) -> list[tuple[Rated, Turn]]:
    """Last attempts that there is a truth of, evenly from the groups, by the wave's seed within a group."""
    found = []
    for one in scene.used:
        last = {rollout.turns[rollout.attempts[-1]].sample_id: rollout.turns[rollout.attempts[-1]]
                for rollout in one.group.rollouts if rollout.attempts}  # fmt: skip
        found.append([turn for turn in last.values() if _label(scene, turn) in config.says])
    wanted = round(config.share * sum(map(len, found)))
    chosen = []
    for one, turns, num in zip(scene.used, found, even_split([len(turns) for turns in found], wanted), strict=True):
        chance = random.Random(scene.seed_of(config.name, "which", one.drawn.problem.id))
        places = sorted(chance.sample(range(len(turns)), num))
        chosen += [(one, turns[place]) for place in places]
    return chosen


def _label(scene: Scene, turn: Turn) -> str:
    verdict = turn.verdicts.get(scene.judges[0].name)
    return verdict.label if verdict is not None else ""


def _asked(one: Rated, turn: Turn, prompt: str) -> tuple[Message, ...]:
    problem = one.drawn.problem
    system = tuple(message for message in problem.messages if message.role == "system")
    return (*system, Message("user", render(prompt, prompt=question_of(problem), attempt=turn.text)))


def _node(
    config: DerivedVerdicts, scene: Scene, one: Rated, turn: Turn, row: Completion, asked: tuple[Message, ...]
) -> tuple[Sample, str]:
    """The verdict, and the label of what it is about."""
    said, label = read(config, row.text), _label(scene, turn)
    word = None
    if said is not None and any(same(said, known) for known in config.says.values()):
        right = config.says.get("correct")
        word = SAID_RIGHT if right is not None and same(said, right) else SAID_WRONG
    node = to_sample(
        row, one.drawn.problem, scene.drawing.model, id=f"{turn.sample_id}:{config.name}{row.index}",
        parent_id=turn.sample_id, part=Part.VERDICT, draw=config.name, messages=asked,
    )  # fmt: skip
    return replace(node, state="live", said=word), label


Verdicts = Sequence[tuple[Turn, Sequence[tuple[tuple[Sample, str], Completion]]]]


def _rewarded(config: DerivedVerdicts, groups: Verdicts) -> Made:
    judged, rewards, values = [], [], []
    told: list[tuple[bool, str | None]] = []
    for turn, rows in groups:
        episodes = []
        for (node, label), row in rows:
            value = value_of(config, read(config, node.text), label)
            text = Turn(node.id, Part.VERDICT, node.id, 0, row.num_tokens, node.text, is_truncated=node.is_truncated)
            episodes.append(Rewarded(Rollout(node.id, node.problem_id, (text,)), {config.name: (value,)}, (value,)))
            rewards.append(Reward(node.id, config.name, value, 1.0))
            values.append(value)
            told.append((turn.is_right is True, node.said))
        judged.append(Judged(turn.sample_id, tuple(episodes)))
    drawn = [pair for _, rows in groups for pair in rows]
    return Made(
        texts=tuple(node for (node, _), _ in drawn),
        tokens={node.id: row.tokens for (node, _), row in drawn if row.tokens is not None},
        groups=tuple(judged),
        rewards=tuple(rewards),
        numbers={
            f"reward_{config.name}": mean(values) if values else None,
            "verifier_recall_right": share(said == SAID_RIGHT for is_right, said in told if is_right),
            "verifier_recall_wrong": share(said == SAID_WRONG for is_right, said in told if not is_right),
        },
    )
